"""Running text with labels attached, ``word/TAG`` or ``word_TAG`` (Brown, MASC): one sentence a line.

The last separator of a word divides it, so that ``1/2/CD`` is the word ``1/2``. Where every line of a
paragraph is a single word, the paragraph is the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from tagger.corpora.files.lines import Block, DamagedLine, block_lines
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.sentence import OnProblem, Problem, ProblemKind, RawSentence, excerpt

SEPARATORS = "/_"
PROBE_BLOCKS = 50

Line = tuple[int, str]


def sentences(blocks: Iterable[Block], file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read words with attached labels into sentences with the column ``tag``."""
    source = filter(None, map(block_lines, blocks))
    probe = list(islice(source, PROBE_BLOCKS))
    separator = find_separator(line for block in probe for _, line in block)
    for block in chain(probe, source):
        for pairs in _sentences_of(block):
            if sentence := _sentence(pairs, separator, on_problem):
                yield sentence


def find_separator(lines: Iterable[str]) -> str:
    """Return the separator that most words hold."""
    words = [word for line in lines for word in line.split()]
    return max(SEPARATORS, key=lambda sign: sum(sign in word[1:-1] for word in words))


def _sentences_of(block: list[Line]) -> Iterator[list[Line]]:
    """Yield the words of each sentence in a block, with their lines."""
    lines = [(number, line, [line] if isinstance(line, DamagedLine) else line.split()) for number, line in block]
    if len(lines) > 1 and all(len(words) == 1 for _, _, words in lines):
        yield [(number, words[0]) for number, _, words in lines]
    else:
        yield from ([(number, word) for word in words] for number, _, words in lines)


def _sentence(words: list[Line], separator: str, on_problem: OnProblem) -> RawSentence | None:
    start, bad = words[0][0], False
    tokens, tags = [], []
    for number, word in words:
        token, _, tag = word.rpartition(separator)
        if isinstance(word, DamagedLine):
            on_problem(Problem(number, word.reason, start, ProblemKind.ENCODING))
            bad = True
        elif not token or not tag:
            message = f"{excerpt(word)} has no label, expected word{separator}TAG"
            on_problem(Problem(number, message, start, ProblemKind.MISSING_LABEL))
            bad = True
        tokens.append(token.replace(f"\\{separator}", separator))
        tags.append(tag)
    return None if bad else RawSentence(tokens, {"tag": tags}, start, [number for number, _ in words])
