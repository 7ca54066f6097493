"""JSON: one object a line (JSON lines), an array of objects, or objects over several lines.

{"tokens": ["They", "can"], "upos": ["PRON", "AUX"]}
{"words": ["They", "can"], "ner_tags": [0, 0]}
{"text": "Ann lives in Oslo.", "spans": [[0, 3, "PER"], [13, 17, "LOC"]]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.options import LabelledFile
from tagger.corpora.formats.records import EXAMPLE, read_records, records_in
from tagger.corpora.formats.sentence import InvalidSentenceError, OnProblem, ProblemKind, RawSentence, excerpt
from tagger.errors import CorpusError

MAX_WHOLE = 500_000_000  # characters of a file that is not JSON lines, which is read as a whole
SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"\s*(\[\s*([\[{]|$)|\{\s*$)|.*[{,:\[]\s*$", re.DOTALL)  # more lines belong to the value
_BETWEEN = re.compile(r"[\s,]*")


def sentences(lines: Iterable[str], file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read JSON. The words have the key ``tokens_column``, or the first of ``TOKEN_KEYS`` there is."""
    return read_records(_records(lines, file), file, on_problem)


def _records(lines: Iterable[str], file: LabelledFile) -> Iterator[tuple[int, Any]]:
    for number, text, value in read_values(lines, file.name):
        if "\\ud" in text.lower() and SURROGATE.search(json.dumps(value, ensure_ascii=False, default=str)):
            value = InvalidSentenceError(f"half of a surrogate pair, which is no character: {excerpt(text)}")
        yield from ((number, record) for record in records_in(value, file.options))


def read_values(lines: Iterable[str], name: str | None = None) -> Iterator[tuple[int, str, Any]]:
    """Read the values of JSON lines, of an array, or of objects over several lines.

    Args:
        lines: of the file; what is not JSON lines is read as a whole.
        name: the file, for messages.

    Yields:
        The line, the text and the value of each record; an ``InvalidSentenceError`` is the value of a bad one.

    Raises:
        CorpusError: an array is damaged, cut short, or longer than ``MAX_WHOLE`` characters.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line and not line.isspace())
    for place, (number, line) in enumerate(numbered):
        if not place and not isinstance(line, DamagedLine) and _WHOLE.match(line):
            yield from _read_whole(chain([(number, line)], numbered), name)
            return
        try:
            yield number, line, _value(line)
        except InvalidSentenceError as error:
            yield number, line, error


def _read_whole(numbered: Iterable[tuple[int, str]], name: str | None) -> Iterator[tuple[int, str, Any]]:
    parts: list[str] = []
    start = size = 0
    for number, line in numbered:
        start = start or number
        size += len(line)
        if isinstance(line, DamagedLine):
            raise CorpusError(line.reason, path=name, line=number)
        if size > MAX_WHOLE:
            advice = "write JSON lines, one object a line: jq -c '.[]' FILE"
            message = f"JSON of more than {MAX_WHOLE // 1_000_000} MB that is not JSON lines"
            raise CorpusError(f"{message}; {advice}", path=name)
        parts.append(line)
    text, decoder = "\n".join(parts), json.JSONDecoder()
    inside = text.lstrip().startswith("[")
    place = text.index("[") + 1 if inside else 0
    number, counted = start, 0
    while True:
        between = _BETWEEN.match(text, place)
        place = between.end() if between else place
        number, counted = number + text.count("\n", counted, place), place
        if place == len(text) or (inside and text[place] == "]"):
            break
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            where = number + text.count("\n", place, getattr(error, "pos", place))
            what = f"not JSON ({getattr(error, 'msg', 'nested too deeply')}): {excerpt(text[place : place + 80])}"
            raise CorpusError(what, path=name, line=where) from error
        yield number, text[place:end], value
        place = end
    if inside and (place == len(text) or text[place + 1 :].strip()):
        what = "the array is cut short, expected ]" if place == len(text) else "more after the end of the array"
        raise CorpusError(f"not JSON ({what})", path=name, line=number)


def parse_object(line: str, example: str = EXAMPLE) -> dict[str, Any]:
    """Parse the object of a line; ``example`` is one for messages.

    Raises:
        InvalidSentenceError: the line is damaged, or is not a JSON object.
    """
    record = _value(line)
    if not isinstance(record, dict):
        raise InvalidSentenceError(f"expected an object such as {example}: {excerpt(line)}")
    return record


def _value(line: str) -> Any:
    if isinstance(line, DamagedLine):
        raise InvalidSentenceError(line.reason, ProblemKind.ENCODING)
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        place = f" ({error.msg} at column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidSentenceError(f"not JSON{place}, expected one object on each line: {excerpt(line)}") from error
