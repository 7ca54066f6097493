"""The rules that split the raw text of a corpus, and those that split prompts later."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.text.text_files import BY_LINES, TextFile, file_lines, labelled_words
from tagger.corpora.text.text_split import TextOptions
from tagger.corpora.tokenization.rule_selection import rules_of_text, rules_of_words, tokens_tokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer

SAMPLE_SENTENCES = 500
SAMPLE_LINES = 2000  # of each file
SAMPLE_FILES = 10

Sample = Sequence[tuple[str | None, list[str] | None]]
"""Raw text, where known, and words, where known, of the first sentences or lines of a corpus."""


def sample_files(files: Sequence[TextFile], options: TextOptions) -> Sample:
    """Read the beginning of some files: of the first labelled corpus, or else of each of the first files."""
    labelled = next((file for file in files if file.form not in BY_LINES), None)
    if labelled is not None:
        return list(islice(labelled_words(labelled, options, lambda problem: None), SAMPLE_SENTENCES))
    return [
        (line, None)
        for file in files[:SAMPLE_FILES]
        for line in islice(file_lines(file, options), SAMPLE_LINES)
        if not isinstance(line, DamagedLine)
    ]


def choose_tokenizer(sample: Sample, options: TextOptions) -> tuple[WordTokenizer, list[str]]:
    """Choose the rules that fit a corpus, unless the options give them; add notes for the user."""
    if options.tokenised:
        return tokens_tokenizer(), []
    if options.tokenizer is not None:
        return options.tokenizer, []
    if any(words is not None for _, words in sample):
        name, note = rules_of_words([text for text, _ in sample], [words or [] for _, words in sample])
        return WordTokenizer.from_rules(name), [note]
    text = "\n".join(text for text, _ in sample if text is not None)
    name = rules_of_text(text)
    hint = "; it holds a literal <unk>: if it is tokenised, say so (--tokenised)" if "<unk>" in text else ""
    return WordTokenizer.from_rules(name), [f"raw text is split by the '{name}' rules{hint}"]


def prompt_tokenizer(sample: Sample, options: TextOptions, tokenizer: WordTokenizer) -> WordTokenizer:
    """Choose the rules for prompts, which are raw even if the training text is tokenised."""
    if not options.tokenised:
        return tokenizer
    words = [(text or "").split() if words is None else words for text, words in sample]
    return WordTokenizer.from_rules(rules_of_words([None] * len(words), words)[0])
