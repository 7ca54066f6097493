"""Text for a language model: passages by split, and how text is to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError

UNITS = ("word", "bpe", "char")


@dataclass(frozen=True, slots=True)
class TextSplit:
    """One part of a text; each iteration reads its files (or the stream) again, in bounded memory.

    Args:
        name: ``train``, ``dev`` or ``test``.
        paths: the files it is read from, as the user named them.
        read: begins a pass over its passages.
        tokenizer: found the words in raw text, and finds them in prompts.
        streaming: it comes over the network and may be too large to be read to the end.
        bare: begins a pass that does not look for words in lines; None where there is no such thing.
    """

    name: str
    paths: tuple[str, ...]
    read: Callable[[], Iterator[TextSegment]]
    tokenizer: WordTokenizer
    streaming: bool = False
    bare: Callable[[], Iterator[TextSegment]] | None = None

    def __iter__(self) -> Iterator[TextSegment]:
        """A pass over the passages, in the order of the text."""
        return self.read()

    def texts(self) -> Iterator[str]:
        """The text of each passage; faster than a pass over the passages where their words are not yet known."""
        return (passage.text for passage in (self.bare or self.read)())


@dataclass(frozen=True, slots=True)
class TextCorpus:
    """Text from one source.

    Args:
        name: a short name for tables and model cards.
        source: what the user asked for.
        train: text to learn from.
        dev: text to choose the best model by.
        test: text to measure the final model on.
        notes: what the user must be told, one sentence each.
        fingerprint: 16 hexadecimal digits over the content and the way it is read.
        license: the licence of the text, where known.
        tokenizer: splits raw text (prompts) as the text of the corpus was; travels with the model.
    """

    name: str
    source: str
    train: TextSplit | None
    dev: TextSplit | None
    test: TextSplit | None
    notes: tuple[str, ...]
    fingerprint: str
    license: str | None
    tokenizer: WordTokenizer

    @property
    def splits(self) -> tuple[TextSplit, ...]:
        """The splits there are, in the order train, dev, test."""
        return tuple(split for split in (self.train, self.dev, self.test) if split is not None)


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to read text.

    Args:
        unit: ``word``, ``bpe`` or ``char``: plain text is read by sentences for words, by lines otherwise.
        tokenised: words are parted by white space already, every line is a sentence.
        format: ``text`` or one of ``formats.FORMATS``, None to look at the content.
        text_column: the column of text, None for one with a usual name.
        tokens_column: the column of words of a labelled corpus, None for one with a usual name.
        tokenizer: of the model that is to read the text, None to choose one.
        skip_invalid: leave out what cannot be read, and count it.
        seed: of the choice of files that are held out.
    """

    unit: str = "word"
    tokenised: bool = False
    format: str | None = None
    text_column: str | None = None
    tokens_column: str | None = None
    tokenizer: WordTokenizer | None = None
    skip_invalid: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        check_unit(self.unit)


def check_unit(unit: str) -> str:
    """Return the kind of token that a language model reads, if there is such a kind.

    Raises:
        ConfigError: there is none.
    """
    if unit not in UNITS:
        raise ConfigError(f"no unit {unit!r}; there are: {', '.join(UNITS)}")
    return unit
