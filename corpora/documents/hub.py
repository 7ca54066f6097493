"""A data set of the hub to be tagged: rows of words, or rows of text that is split into sentences first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tagger.corpora.documents.piece import BadPiece, JsonPiece, Piece
from tagger.corpora.files.paths import exists
from tagger.corpora.hub.catalogue import lookup
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.corpora.sources.locate import looks_like_path
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError


@dataclass(frozen=True, slots=True)
class HubRequest:
    """What to read.

    Args:
        source: a name in the catalogue, or ``OWNER/NAME[:CONFIG][@REVISION]``.
        split: None where there is only one.
        tokens_column: the column of words, None for one with a usual name.
        text_column: the column of raw text, None for one with a usual name where there are no words.
        streaming: read over the network as it goes, keep nothing on the disk.
        offline: never use the network.
    """

    source: str
    split: str | None = None
    tokens_column: str | None = None
    text_column: str | None = None
    streaming: bool = False
    offline: bool = False


def names_hub(text: str) -> bool:
    """Whether what the user wants tagged can only be a data set of the hub: no file is called so, none was meant."""
    if text == "-" or exists(Path(text)) or looks_like_path(text):
        return False
    return lookup(text) is not None or parse_hub_spec(text) is not None


class HubDocuments:
    """One split of a data set, with the interface of ``Documents``; use as a context manager.

    A row of words is one line of JSON, with the row's other plain values (numbers, strings) beside it. A row of
    text becomes a line for each sentence, with the number of the row (from 0), its ``id`` if it has one, and the
    offsets of the words in the text.

    Args:
        request: what to read.

    Attributes:
        format: the format that its lines are like.
        notes: what the user should know of how it was found.

    Raises:
        CorpusError: there is no such data set, split or column, or it cannot be had.
    """

    format = "jsonl"

    def __init__(self, request: HubRequest) -> None:
        from tagger.corpora.hub.rows import open_rows

        spec, tokens, text = _find(request)
        self._rows = open_rows(
            request.source, spec, request.split, streaming=request.streaming, offline=request.offline
        )
        self._words, self._column = _choose_column(self._rows.features, tokens, text, self._rows.source)
        self._plain = [name for name, feature in self._rows.features.items() if _is_plain(feature)]
        self.notes = self._rows.notes

    def __enter__(self) -> HubDocuments:
        """Nothing to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to do: reading stops when the pieces are no longer asked for."""

    def pieces(self, tokenizer: WordTokenizer, *, skip_invalid: bool = False) -> Iterator[Piece]:
        """All rows, in order, in bounded memory.

        Args:
            tokenizer: splits raw text.
            skip_invalid: yield ``BadPiece`` instead of raising.

        Raises:
            CorpusError: a row cannot be read, or the network failed.
        """
        kept = [name for name in self._plain if name != self._column and (self._words or name == "id")]
        rows = self._rows.read([self._column, *kept])
        for number, row in enumerate(rows):
            value = row.pop(self._column)
            row = {name: None if plain != plain else plain for name, plain in row.items()}  # JSON has no NaN
            if problem := _problem(value, words=self._words):
                if not skip_invalid:
                    where = f"row {number} (from 0)"
                    raise CorpusError(
                        f"{where}: {problem}; pass such rows on untagged with --skip-invalid", path=self._rows.source
                    )
                yield _bad(row, number, problem, self._rows.source)
            elif self._words:
                yield JsonPiece(value, {**row, "tokens": value})
            else:
                yield from _sentences(value, {"row": number, **row}, tokenizer)


def _find(request: HubRequest) -> tuple[HubSpec, str | None, str | None]:
    """Where it lies, and its columns of words and text where the user or the catalogue names them."""
    if entry := lookup(request.source):
        named = request.tokens_column is not None or request.text_column is not None
        columns = (None, None) if named else (entry.tokens, entry.text)
        return entry.spec, request.tokens_column or columns[0], request.text_column or columns[1]
    spec = parse_hub_spec(request.source)
    if spec is None:
        raise CorpusError(
            "is no data set of the hub, expected OWNER/NAME[:CONFIG][@REVISION] or a name in the catalogue",
            path=request.source,
        )
    return spec, request.tokens_column, request.text_column


def _choose_column(features: dict[str, Any], tokens: str | None, text: str | None, source: str) -> tuple[bool, str]:
    """Whether the rows hold words rather than text, and the column that holds them."""
    from tagger.corpora.hub.columns import TOKEN_COLUMNS, inner_feature, is_string
    from tagger.corpora.text.text_tables import choose_text_column

    words = [name for name, feature in features.items() if is_string(inner_feature(feature))]
    if tokens is not None and tokens not in words:
        there = f"columns with a list of words a row: {', '.join(words) or 'none'} (of {', '.join(features)})"
        raise CorpusError(f"no column {tokens!r} of words; {there}", path=source)
    found = tokens or (next((name for name in TOKEN_COLUMNS if name in words), None) if text is None else None)
    if found is not None:
        return True, found
    held = {name: is_string(feature) for name, feature in features.items()}
    return False, str(choose_text_column(held, text, source, tokens=()))


def _is_plain(feature: Any) -> bool:
    """Whether a column holds numbers, strings or truth values."""
    kind = str(getattr(feature, "dtype", ""))
    return kind in ("string", "large_string", "bool") or kind.lstrip("u").startswith(("int", "float"))


def _problem(value: Any, *, words: bool) -> str | None:
    """Why a row cannot be tagged, None if it can."""
    if value is None:
        return f"there is no {'list of words' if words else 'text'}"
    if words and not all(word is not None and word.strip() for word in value):
        return "an empty word"
    return None


def _bad(row: dict[str, Any], number: int, problem: str, source: str) -> BadPiece:
    raw = json.dumps({"row": number, **row}, ensure_ascii=False) + "\n"
    return BadPiece([], raw.encode("utf-8", "replace"), problem, number, "jsonl", source)


def _sentences(text: str, frame: dict[str, Any], tokenizer: WordTokenizer) -> Iterator[JsonPiece]:
    """The sentences of a text; one without words keeps its place."""
    found = False
    for sentence in tokenizer.sentences(text):
        found = True
        words, starts, ends = map(list, zip(*sentence, strict=True))
        yield JsonPiece(words, {**frame, "tokens": words, "offsets": list(zip(starts, ends, strict=True))})
    if not found:
        yield JsonPiece([], {**frame, "tokens": []})
