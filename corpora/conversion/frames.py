"""Reading what stands around the words of a file, so that a conversion can keep it.

The readers of corpora pass over comments, multiword ranges and whatever else is no word or label. Here the same
file is read a second time for just that, beside the first, and matched by line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from tagger.corpora.conversion.rows import SentenceMetadata
from tagger.corpora.files.lines import Line, blocks, read_lines
from tagger.corpora.formats.char_spans import SPAN_KEYS
from tagger.corpora.formats.columns import COMMENT, DOCUMENT, HEADER
from tagger.corpora.formats.conllu import FIELDS
from tagger.corpora.formats.jsonl import TEXT_KEYS, TOKEN_KEYS
from tagger.corpora.formats.sentence import RawSentence, clipped
from tagger.errors import CorpusError

CONLLU_KEY = "conllu"  # under which JSON lines and Parquet keep the frame of a CoNLL-U sentence
FRAME_FIELDS = {"head": 6, "deps": 8, "misc": 9}
_WORD = re.compile(r"\d+\t")
_SHORT_COMMENT = re.compile(r"#\s[^\t]*")

Framed = tuple[int, int, SentenceMetadata]  # first line, last line


class Frames:
    """The frames of one file, asked for in the order of its sentences.

    Args:
        path: the file.
        name: the name to use in messages.
        form: its format.
        words: the key of the words in JSON lines, where it is not a usual one.
    """

    def __init__(self, path: Path, name: str, form: str, words: str | None = None) -> None:
        self._frames = _frames(path, name, form, words)
        self._next: Framed | None = (0, 0, SentenceMetadata())

    def of(self, sentence: RawSentence) -> SentenceMetadata:
        """The frame of a sentence; an empty one if the file has none."""
        while self._next is not None and self._next[1] < sentence.line:
            self._next = next(self._frames, None)
        if self._next is None or self._next[0] > sentence.line:
            return SentenceMetadata()
        frame = self._next[2]
        keys = {key for key in frame.extra if key in sentence.columns}
        if "ner" in sentence.columns and "ner" not in frame.extra:
            keys |= {key for key in SPAN_KEYS if key in frame.extra}
        frame.extra = {key: value for key, value in frame.extra.items() if key not in keys}
        return frame


def _frames(path: Path, name: str, form: str, words: str | None) -> Iterator[Framed]:
    if form == "conllu":
        return (_conllu(block) for block in blocks(read_lines(path, name), name))
    if form == "columns":
        return _columns(blocks(read_lines(path, name), name))
    if form == "jsonl":
        return _json_lines(read_lines(path, name), words)
    if form == "parquet":
        return _parquet(path, name)
    return iter(())


def _conllu(block: list[Line]) -> Framed:
    frame = SentenceMetadata(comments=[])
    rows: list[list[str]] = []
    for _, line in block:
        if _WORD.match(line):
            rows.append(line.split("\t"))
        elif line[0] == "#" and not rows and not frame.others:
            frame.comments = [*(frame.comments or []), line]
        else:
            frame.others.append((len(rows), line))
    if all(len(row) == FIELDS for row in rows):
        frame.columns = {name: [row[place] for row in rows] for name, place in FRAME_FIELDS.items()}
    return block[0][0], block[-1][0], frame


def _columns(source: Iterator[list[Line]]) -> Iterator[Framed]:
    pending: list[str] = []  # the mark of a document stands in a block of its own
    for block in source:
        head = len(pending)
        for _, line in block:
            if line.startswith(DOCUMENT) or (_SHORT_COMMENT.fullmatch(line) and COMMENT.match(line)):
                pending += [] if HEADER.match(line) else [line]
            else:
                break
        if len(pending) - head < len(block):
            yield block[0][0], block[-1][0], SentenceMetadata(comments=pending)
            pending = []


def _json_lines(lines: Iterator[str], words: str | None) -> Iterator[Framed]:
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            text = next((key for key in TEXT_KEYS if isinstance(found.get(key), str)), None)
            token = words or next((key for key in TOKEN_KEYS if key in found), None)
            frame = frame_of(found.pop(CONLLU_KEY, None))
            frame.extra = {key: value for key, value in found.items() if key not in (text, token)}
            yield number, number, frame


def _parquet(path: Path, name: str) -> Iterator[Framed]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            if CONLLU_KEY not in file.schema_arrow.names:
                return
            for batch in file.iter_batches(1000, columns=[CONLLU_KEY]):
                for value in batch.column(0).to_pylist():
                    number += 1
                    yield number, number, frame_of(value)
    except (pa.ArrowException, OSError, ValueError) as error:
        first = clipped((str(error).splitlines() or ["unknown reason"])[0])
        raise CorpusError(f"column {CONLLU_KEY!r} cannot be read: {first}", path=name) from error


def frame_of(value: Any) -> SentenceMetadata:
    """A frame from what ``frame_value`` made of it; an empty one from anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return SentenceMetadata()
    if not isinstance(value, dict):
        return SentenceMetadata()
    others = value.get("other_lines")
    comments = value.get("comments")
    return SentenceMetadata(
        comments=list(map(str, comments)) if isinstance(comments, list) else None,
        others=[(place, str(line)) for place, line in others] if _are_places(others) else [],
        columns={name: value[name] for name in FRAME_FIELDS if _are_strings(value.get(name))},
    )


def frame_value(frame: SentenceMetadata) -> dict[str, Any]:
    """A frame as plain values, without what is empty."""
    value: dict[str, Any] = {"comments": frame.comments} if frame.comments else {}
    value |= {name: values for name, values in frame.columns.items() if set(values) != {"_"}}
    return value | ({"other_lines": [list(pair) for pair in frame.others]} if frame.others else {})


def _are_places(value: object) -> TypeGuard[list[tuple[int, object]]]:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], int) for pair in value
    )


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
