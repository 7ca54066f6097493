"""CoNLL-U, the format of Universal Dependencies (https://universaldependencies.org/format.html).

Ten tab-separated fields a word: ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC; ``#`` starts a comment,
a blank line ends a sentence. Multiword ranges (ID ``1-2``) and empty nodes (ID ``8.1``) are not words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tagger.corpora.files.lines import Block, DamagedLine, checked_returns, decode_lines
from tagger.corpora.formats.metadata import LABEL_FIELDS, METADATA_FIELDS, SentenceMetadata
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.sentence import MISSING, OnProblem, Problem, ProblemKind, RawSentence, excerpt, number_of
from tagger.errors import CorpusError

FIELD_NAMES = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
FIELDS = len(FIELD_NAMES)
FORM, MISC = 1, 9
NOT_A_WORD = re.compile(r"\d+-\d+|\d+\.\d+")
TEXT = re.compile(r"#\s*text\s*=\s?(.*)")

_IDS = [str(number) for number in range(1, 513)]

LineProblem = tuple[int, str, ProblemKind]


def sentences(blocks: Iterable[Block], file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read CoNLL-U.

    Yields:
        Sentences with the columns upos, xpos, feats, lemma and deprel. Any other column that is asked for is a key
        in MISC (``_`` for a word without it); the whole field is then the column ``misc``.
    """
    check_words(file.options.tokens_column, "form", "2", file.name)
    wanted = file.options.column_in("conllu")
    misc_key = None if wanted in LABEL_FIELDS else wanted
    for first, data in blocks:
        lines = decode_lines(data)
        if b"\r" in data:
            lines = [checked_returns(line) for line in lines]
        words = parse_block(lines)
        start = first + words.start
        for place, message, kind in words.problems:
            on_problem(Problem(first + place, message, start, kind))
        if words.rows and not words.problems:
            sentence = _sentence(words.rows, misc_key)
            sentence.line, sentence.lines = start, [first + place for place in words.places]
            sentence.text = raw_text(lines)
            if file.metadata:
                sentence.metadata = _metadata(lines, words.rows)
            yield sentence


def check_words(wanted: str | None, name: str, number: str, path: str | None = None) -> None:
    """Raise CorpusError if another column of words is wanted than the only one a format has."""
    if wanted is not None and wanted.lower() not in (name, number, f"column{number}"):
        message = f"no column {excerpt(wanted)} of words; in this format they are column {number}, {name}"
        raise CorpusError(message, path=path)


class ParsedBlock(NamedTuple):
    """The words of a block of lines.

    Attributes:
        start: the index of the first line that is not blank.
        places: the index of the line of each of the T words.
        rows: their ten fields.
        problems: index of the line, message and kind of each problem.
    """

    start: int
    places: Sequence[int]
    rows: list[list[str]]
    problems: list[LineProblem]


def parse_block(lines: list[str], *, strict: bool = True) -> ParsedBlock:
    """Divide the lines of a sentence into fields and check them.

    Where it is ``strict``, every field must be filled and IDs count the words from 1; to tag a sentence, its words must
    be filled and IDs be numbers.
    """
    start, end = 0, len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    head = start
    while head < end and lines[head][0] == "#":
        head += 1
    places: Sequence[int] = range(head, end)
    rows = [line.split("\t") for line in lines[head:end]]
    problems: list[LineProblem] = []
    if rows and not _is_valid(rows, strict=strict):
        places = [place for place in places if lines[place][0] != "#"]
        rows = [lines[place].split("\t") for place in places]
        problems = list(_line_problems(lines, places, rows, strict=strict))
    counted = strict and rows and rows[-1][0] == str(len(rows))  # then every row is a word
    if not counted and not all(row[0].isdecimal() for row in rows):
        words = [(place, row) for place, row in zip(places, rows, strict=True) if row[0].isdecimal()]
        places, rows = [place for place, _ in words], [row for _, row in words]
        if strict and not words and not problems:
            problems = [(start, "a sentence without words; expected lines with ID 1, 2, ...", ProblemKind.MALFORMED)]
    return ParsedBlock(start, places, rows, problems)


def _is_valid(rows: list[list[str]], *, strict: bool) -> bool:
    """Whether the rows have all fields, filled, and IDs that count the words; comments make the answer False."""
    if set(map(len, rows)) != {FIELDS}:
        return False
    ids = [row[0] for row in rows]
    if strict and [row for row in rows if "" in row]:
        return False
    if not strict and not all(row[FORM] for row in rows):
        return False
    expected = _IDS if len(ids) <= len(_IDS) else [str(number) for number in range(1, len(ids) + 1)]
    if ids == expected[: len(ids)]:
        return True
    words = [number for number in ids if number.isdecimal()]
    others = [number for number in ids if not number.isdecimal()]
    return (not strict or words == expected[: len(words)]) and all(map(NOT_A_WORD.fullmatch, others))


def _line_problems(
    lines: list[str], places: Sequence[int], rows: list[list[str]], *, strict: bool
) -> Iterator[LineProblem]:
    expected = 1
    for place, row in zip(places, rows, strict=True):
        line = lines[place]
        if isinstance(line, DamagedLine):
            yield place, line.reason, ProblemKind.ENCODING
        elif len(row) != FIELDS:
            message = f"{number_of(len(row), 'column')}, expected {FIELDS} separated by tabs: {excerpt(line)}"
            hint = "; for other columns use --format columns, or name them in a first line # global.columns = ..."
            yield place, message + hint, ProblemKind.COLUMN_COUNT
        elif "" in row if strict else row[0].isdecimal() and not row[FORM]:
            column = row.index("") if strict else FORM
            message = f"column {column + 1} is empty, expected a value or '_': {excerpt(line)}"
            yield place, message, ProblemKind.EMPTY
        elif NOT_A_WORD.fullmatch(row[0]):
            continue
        elif not row[0].isdecimal() or (strict and row[0] != str(expected)):
            hint = "; is a blank line missing before it?" if row[0] == "1" else ""
            what = str(expected) if strict else "a number, a range such as 1-2 or an empty node such as 1.1"
            yield place, f"word ID {excerpt(row[0])}, expected {what}{hint}", ProblemKind.MALFORMED
            expected = int(row[0]) if row[0].isdecimal() and len(row[0]) < 10 else expected
        expected += 1


def raw_text(lines: Iterable[str]) -> str | None:
    """Return the sentence before tokenisation from the comment ``# text = ...``, None if there is none."""
    for line in lines:
        if line[:1] == "#":
            if match := TEXT.match(line):
                return match[1]
        elif line and not line.isspace():
            return None
    return None


def misc_value(misc: str, key: str) -> str:
    """Return the value of a key in a MISC field such as ``SpaceAfter=No|NER=B-PER``, ``_`` without it."""
    for pair in misc.split("|"):
        name, equals, value = pair.partition("=")
        if equals and name == key:
            return value or MISSING
    return MISSING


def misc_keys(fields: Iterable[str]) -> set[str]:
    """Return all keys of some MISC fields."""
    pairs = (pair.partition("=") for misc in set(fields) for pair in misc.split("|"))
    return {name for name, equals, _ in pairs if equals}


def _sentence(rows: list[list[str]], misc_key: str | None) -> RawSentence:
    fields = list(zip(*rows, strict=True))
    columns = {name: list(fields[index]) for name, index in LABEL_FIELDS.items()}
    if misc_key is not None:
        columns[misc_key] = [misc_value(misc, misc_key) for misc in fields[MISC]]
        columns["misc"] = list(fields[MISC])
    return RawSentence(list(fields[FORM]), columns)


def _metadata(lines: list[str], rows: list[list[str]]) -> SentenceMetadata:
    comments: list[str] = []
    other_lines: list[tuple[int, str]] = []
    words = 0
    for line in lines:
        if not line or line.isspace():
            continue
        if line[0] == "#" and not words and not other_lines:
            comments.append(line)
        elif line[0] == "#" or not line.partition("\t")[0].isdecimal():
            other_lines.append((words, line))
        else:
            words += 1
    columns = {name: [row[place] for row in rows] for name, place in METADATA_FIELDS.items()}
    return SentenceMetadata(comments, other_lines, columns)
