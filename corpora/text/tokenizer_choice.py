"""The rules for raw text that a corpus is read with, and its prompts later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.sentence import Skip
from tagger.corpora.text.text_files import BY_LINES, TextFile, file_lines, labelled_words
from tagger.corpora.text.text_split import TextOptions
from tagger.corpora.tokenization.rule_selection import rules_of_text, rules_of_words, tokens_tokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer

SAMPLE_SENTENCES = 500
SAMPLE_LINES = 2000  # of each file
SAMPLE_FILES = 10


def choose_tokenizer(files: Sequence[TextFile], options: TextOptions) -> tuple[WordTokenizer, list[str]]:
    """The rules that fit some files, and what to tell the user.

    Args:
        files: training files.
        options: how they are read; a tokenizer given there is taken.
    """
    labelled = [file for file in files if file.form not in BY_LINES]
    notes = [
        f"{file.name}: a labelled corpus ({file.form}), its words are read (--format text to read it as it is)"
        for file in labelled[:1]
        if file.path.suffix == ".txt"
    ]
    if options.tokenised:
        return tokens_tokenizer(), notes
    if options.tokenizer is not None:
        return options.tokenizer, notes
    if labelled:
        found = list(islice(labelled_words(labelled[0], options, Skip(labelled[0].name)), SAMPLE_SENTENCES))
        name, note = rules_of_words([text for text, _ in found], [words for _, words in found])
    else:
        name, note = choose_by_text("\n".join(_head(file, options) for file in files[:SAMPLE_FILES]))
    return WordTokenizer.from_rules(name), [*notes, note]


def for_prompts(words: Iterable[list[str]], options: TextOptions, tokenizer: WordTokenizer) -> WordTokenizer:
    """The rules that travel with a model: those of the text; where it was tokenised before, those that fit its words.

    A prompt or a text to be scored is raw, even if the training text was not.

    Args:
        words: of sentences from the beginning of the training text.
        options: how it is read.
        tokenizer: what it is read with.
    """
    if not options.tokenised:
        return tokenizer
    sample = list(words)
    return WordTokenizer.from_rules(rules_of_words([None] * len(sample), sample)[0])


def first_words(file: TextFile, options: TextOptions) -> Iterator[list[str]]:
    """The words of the first sentences of a labelled corpus, or what is parted by white space in the first lines."""
    if file.form not in BY_LINES:
        yield from (words for _, words in islice(labelled_words(file, options, Skip(file.name)), SAMPLE_SENTENCES))
    else:
        yield from (line.split() for line in _head(file, options).splitlines())


def choose_by_text(text: str) -> tuple[str, str]:
    """The rule set for raw text, and a note that says so."""
    name = rules_of_text(text)
    hint = "; it holds a literal <unk>: if it is tokenised, say so (--tokenised)" if "<unk>" in text else ""
    return name, f"raw text is split by the '{name}' rules{hint}"


def _head(file: TextFile, options: TextOptions) -> str:
    lines = islice(file_lines(file, options), SAMPLE_LINES)
    return "\n".join(line for line in lines if not isinstance(line, DamagedLine))
