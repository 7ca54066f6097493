"""Text for a language model: splits, the corpus, options for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError

UNITS = ("word", "bpe", "char")


@dataclass(frozen=True, slots=True)
class TextSplit:
    """One split of a text; each iteration reads its files (or the stream) again, in bounded memory.

    Args:
        name: ``train``, ``dev`` or ``test``.
        paths: its files, as the user named them.
        read: begins a pass over its passages; with False it does not find the words in lines.
        tokenizer: finds the words in raw text and in prompts.
        streaming: whether it is read over the network and may be too large to be read to the end.
    """

    name: str
    paths: tuple[str, ...]
    read: Callable[[bool], Iterator[TextSegment]]
    tokenizer: WordTokenizer
    streaming: bool = False

    def __iter__(self) -> Iterator[TextSegment]:
        """Iterate over the passages, in the order of the text."""
        return self.read(True)

    def texts(self) -> Iterator[str]:
        """Yield the text of each passage; faster than iterating over passages where words are not known yet."""
        return (passage.text for passage in self.read(False))


@dataclass(frozen=True, slots=True)
class TextCorpus:
    """Text from one source.

    Args:
        name: a short name for tables and model cards.
        source: the source as the user named it.
        train: text to train on.
        dev: text to choose the best model by.
        test: text to evaluate the final model on.
        notes: what the user should know, one sentence each.
        fingerprint: 16 hexadecimal digits over the content and the way it is read.
        license: the licence of the text, where known.
        tokenizer: splits raw text (prompts) as the text of the corpus; saved with the model.
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
        """The splits that exist, in the order train, dev, test."""
        return tuple(split for split in (self.train, self.dev, self.test) if split is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """Options for reading text.

    Args:
        unit: ``word``, ``bpe`` or ``char``. Plain text is read by sentences for words, line by line otherwise.
        tokenised: words are separated by white space already, every line (an empty one too) is a sentence, and a
            literal ``<unk>`` is the unknown word.
        format: ``text``, or a labelled format (``formats.FORMATS``); None to detect it by the content.
        text_column: the column of text of a data set; None for ``text``, ``sentence``, ``content`` ...
        tokens_column: the column of words of a labelled corpus, where it has no usual name.
        rules: name of the rules that split raw text into words; None to choose them by the text.
        tokenizer: splits raw text, such as the rules of a model; ``rules`` takes precedence.
        offline: never use the network.
        streaming: read a hub data set over the network as needed, without downloading all of it.
        skip_invalid: leave out lines that cannot be read, and count them in ``notes``.
        seed: of the choice of files that are held out.

    Raises:
        ConfigError: there is no such unit, or there are no such rules.
    """

    unit: str = "word"
    tokenised: bool = False
    format: str | None = None
    text_column: str | None = None
    tokens_column: str | None = None
    rules: str | None = None
    tokenizer: WordTokenizer | None = None
    offline: bool = False
    streaming: bool = False
    skip_invalid: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        check_unit(self.unit)
        if self.rules is not None:
            object.__setattr__(self, "tokenizer", WordTokenizer.from_rules(self.rules))

    @property
    def by_lines(self) -> bool:
        """Whether plain text is read line by line."""
        return self.unit != "word"

    @property
    def rows_apart(self) -> bool:
        """Whether a sentence ends with each row of a table."""
        return self.unit == "word" and not self.tokenised


def check_unit(unit: str) -> str:
    """Return the kind of token that a language model reads, if there is such a kind.

    Raises:
        ConfigError: there is none.
    """
    if unit not in UNITS:
        raise ConfigError(f"no unit {unit!r}; there are: {', '.join(UNITS)}")
    return unit
