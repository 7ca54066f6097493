"""Running text with labels attached: ``word/TAG``, ``word_TAG`` (Brown, MASC), ``word|POS|NER`` (WikiNER).

A line is a sentence; where every line of a paragraph is a single word, the paragraph is. The last separators of a
word divide it, so that ``1/2/CD`` is the word ``1/2``; nine in ten words tell how many labels there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from tagger.corpora.files.lines import Block, DamagedLine, block_lines, split_fields
from tagger.corpora.formats.conllu import check_words
from tagger.corpora.formats.layout import Line, label_names
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.sentence import OnProblem, Problem, ProblemKind, RawSentence, excerpt, sentence_of_rows

SEPARATORS = "/_|"
PROBE_BLOCKS = 50


def sentences(blocks: Iterable[Block], file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read words with attached labels.

    Yields:
        Sentences with the column ``tag``, or with several columns called after what they hold or their numbers.

    Raises:
        CorpusError: another column of words than the first is asked for.
    """
    check_words(file.options.tokens_column, "word", "1", file.name)
    source = filter(None, map(block_lines, blocks))
    probe = list(islice(source, PROBE_BLOCKS))
    separator, names = find_labels(line for block in probe for _, line in block)
    numbers = {name: number for number, name in enumerate(names, 2)}
    for block in chain(probe, source):
        for pairs in _sentences_of(block):
            if sentence := _sentence(pairs, separator, names, on_problem):
                sentence.numbers = numbers
                yield sentence


def find_labels(lines: Iterable[str]) -> tuple[str, list[str]]:
    """Find the separator that most words hold, and the names of as many labels as nine in ten of them have."""
    words = [word for line in lines for word in split_fields(line)]
    separator = max(SEPARATORS, key=lambda sign: sum(sign in word[1:-1] for word in words))
    counts = Counter(word.count(separator, 1) for word in words)
    usual = counts.most_common(1)[0][0] if counts else 1
    most = 10 * sum(count for number, count in counts.items() if number >= usual) >= 9 * len(words)
    labels = max(usual, 1) if most else 1
    rows = [row for word in words if len(row := word.rsplit(separator, labels)) == labels + 1]
    return separator, list(label_names(rows, 0, list(range(1, labels + 1))).values())


def _sentences_of(block: list[Line]) -> Iterator[list[Line]]:
    """Yield the words of each sentence in a block, with their lines."""
    lines = [(number, line, [line] if isinstance(line, DamagedLine) else split_fields(line)) for number, line in block]
    if len(lines) > 1 and all(len(words) == 1 for _, _, words in lines):
        yield [(number, words[0]) for number, _, words in lines]
    else:
        yield from ([(number, word) for word in words] for number, _, words in lines)


def _sentence(words: list[Line], separator: str, names: list[str], on_problem: OnProblem) -> RawSentence | None:
    start, problems = words[0][0], list[Problem]()
    rows: list[list[str]] = []
    for number, word in words:
        row = word.rsplit(separator, len(names))
        if isinstance(word, DamagedLine):
            problems.append(Problem(number, word.reason, start, ProblemKind.ENCODING))
        elif len(row) <= len(names) or not all(row):
            expected = separator.join(["word", *map(str.upper, names)])
            lacks = "no label" if len(names) == 1 else f"not {len(names)} labels"
            problems.append(Problem(number, f"{excerpt(word)} has {lacks}, expected {expected}", start))
        rows.append(row)
    for problem in problems:
        on_problem(problem)
    if problems:
        return None
    sentence = sentence_of_rows(rows, [number for number, _ in words], 0, dict(enumerate(names, 1)))
    sentence.tokens = [token.replace(f"\\{separator}", separator) for token in sentence.tokens]
    return sentence
