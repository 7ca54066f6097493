"""CoNLL-U, the format of Universal Dependencies (https://universaldependencies.org/format.html).

Ten tab-separated fields a word: ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC; ``#`` starts a comment,
a blank line ends a sentence. Multiword ranges (ID ``1-2``) and empty nodes (ID ``8.1``) are not words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tagger.corpora.files.lines import DamagedLine, Line, blocks
from tagger.corpora.formats.sentence import MISSING, OnProblem, Problem, RawSentence, excerpt, number_of

FIELDS = 10
LABEL_FIELDS = {"upos": 3, "xpos": 4, "feats": 5, "lemma": 2, "deprel": 7}
FORM, MISC = 1, 9
NOT_A_WORD = re.compile(r"\d+-\d+|\d+\.\d+")
TEXT = re.compile(r"#\s*text\s*=\s?(.*)")

_NUMBERS = [str(number) for number in range(1, 513)]


def sentences(
    lines: Iterable[str], on_problem: OnProblem, *, misc_key: str | None = None, name: str | None = None
) -> Iterator[RawSentence]:
    """Reads CoNLL-U.

    Args:
        lines: the lines of a file from its first.
        on_problem: told of every malformed line; the sentence is then left out.
        misc_key: a key in MISC to read as a label column (``_`` for a word without it). The raw MISC field
            then comes along as the column ``misc``.
        name: the file, for messages.

    Yields:
        Sentences with the columns upos, xpos, feats, lemma, deprel and, if asked for, the MISC key.
    """
    for block in blocks(lines, name):
        rows = [line.split("\t") for _, line in block if line[0] != "#"]
        if not rows:
            continue
        problems = _problems(block, rows)
        if problems:
            for line, message in problems:
                on_problem(Problem(line, message, block[0][0]))
        else:
            yield _sentence(block, rows, misc_key)


def _sentence(block: list[Line], rows: list[list[str]], misc_key: str | None) -> RawSentence:
    numbers = [number for number, line in block if line[0] != "#"]
    if not all(row[0].isdecimal() for row in rows):
        kept = [(row, number) for row, number in zip(rows, numbers, strict=True) if row[0].isdecimal()]
        rows, numbers = [row for row, _ in kept], [number for _, number in kept]
    fields = list(zip(*rows, strict=True))
    columns = {name: list(fields[index]) for name, index in LABEL_FIELDS.items()}
    if misc_key is not None:
        columns[misc_key] = [misc_value(misc, misc_key) for misc in fields[MISC]]
        columns["misc"] = list(fields[MISC])
    return RawSentence(list(fields[FORM]), columns, block[0][0], numbers, _text(block))


def misc_value(misc: str, key: str) -> str:
    """The value of one key in a MISC field such as ``SpaceAfter=No|NER=B-PER``, ``_`` without it."""
    for pair in misc.split("|"):
        name, equals, value = pair.partition("=")
        if equals and name == key:
            return value or MISSING
    return MISSING


def misc_keys(fields: Iterable[str]) -> set[str]:
    """All keys in a number of MISC fields."""
    pairs = (pair.partition("=") for misc in set(fields) for pair in misc.split("|"))
    return {name for name, equals, _ in pairs if equals}


def _text(block: list[Line]) -> str | None:
    for _, line in block:
        if line[0] != "#":
            return None
        if match := TEXT.match(line):
            return match[1]
    return None


def _problems(block: list[Line], rows: list[list[str]]) -> list[tuple[int, str]]:
    """What is wrong with a sentence, as (line, message); most pass the quick checks at the top."""
    if {len(row) for row in rows} == {FIELDS} and not any("" in row for row in rows):
        found = [row[0] for row in rows if row[0].isdecimal()]
        expected = _NUMBERS if len(found) <= len(_NUMBERS) else [str(n) for n in range(1, len(found) + 1)]
        others = [row[0] for row in rows if not row[0].isdecimal()] if len(found) < len(rows) else []
        if found and found == expected[: len(found)] and all(map(NOT_A_WORD.fullmatch, others)):
            return []
    return list(_line_problems(block)) or [(block[0][0], "a sentence without words; expected lines with ID 1, 2, ...")]


def _line_problems(block: list[Line]) -> Iterator[tuple[int, str]]:
    expected = 1
    for number, line in block:
        if line[0] == "#":
            continue
        row = line.split("\t")
        if isinstance(line, DamagedLine):
            yield number, line.reason
        elif len(row) != FIELDS:
            yield number, f"{number_of(len(row), 'column')}, expected {FIELDS} separated by tabs: {excerpt(line)}"
        elif "" in row:
            yield number, f"column {row.index('') + 1} is empty, expected a value or '_': {excerpt(line)}"
        elif NOT_A_WORD.fullmatch(row[0]):
            continue
        elif row[0] != str(expected):
            hint = "; is a blank line missing before it?" if row[0] == "1" else ""
            yield number, f"word ID {excerpt(row[0])}, expected {expected}{hint}"
            expected = int(row[0]) if row[0].isdecimal() and len(row[0]) < 10 else expected
        expected += 1
