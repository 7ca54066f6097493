"""Pieces from a data set of the hub: rows of words, or rows of text that is split into sentences first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tagger.corpora.documents.jsonl import checked_text, text_pieces
from tagger.corpora.documents.piece import BadPiece, JsonPiece, Piece
from tagger.corpora.files.paths import exists
from tagger.corpora.formats.options import DEFAULTS, ReadOptions
from tagger.corpora.formats.records import words_of
from tagger.corpora.formats.sentence import InvalidSentenceError
from tagger.corpora.hub.catalogue import find_dataset, lookup
from tagger.corpora.hub.hub_id import parse_hub_spec
from tagger.corpora.sources.locate import looks_like_path
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError


def names_hub(text: str) -> bool:
    """Whether a name can only be that of a data set of the hub: no such file exists, and it is not a path."""
    if text == "-" or exists(Path(text)) or looks_like_path(text):
        return False
    return lookup(text) is not None or parse_hub_spec(text) is not None


class HubDocuments(AbstractContextManager["HubDocuments"]):
    """One split of a data set, with the interface of ``Documents``; use as a context manager.

    A row of words is one line of JSON, with the row's other plain values (numbers, strings) beside it. A row of
    text becomes a line for each sentence, with the number of the row (from 0), its ``id`` if it has one, and the
    offsets of the words in the text.

    Args:
        source: a name in the catalogue, or ``OWNER/NAME[:CONFIG][@REVISION]``.
        options: the column of words or of raw text, None for one with a usual name; the column that names the rows
            of text, None for ``id`` if there is one; whether the network is never to be used.
        split: None where there is only one.
        streaming: read over the network as it goes, keep nothing on the disk.

    Attributes:
        format: the format that its lines are like.
        notes: what the user should know of how it was found.

    Raises:
        CorpusError: there is no such data set, split or column, or it cannot be had.
    """

    format = "jsonl"

    def __init__(
        self, source: str, options: ReadOptions = DEFAULTS, split: str | None = None, *, streaming: bool = False
    ) -> None:
        from tagger.corpora.hub.rows import open_rows

        entry = find_dataset(source, "data set")
        tokens, text = options.tokens_column, options.text_column
        if tokens is None and text is None:
            tokens, text = entry.tokens, entry.text
        self._rows = open_rows(source, entry.spec, split, streaming=streaming, offline=options.offline)
        self._words, self._column = _choose_column(self._rows.features, tokens, text, self._rows.source)
        self._id = options.id_column or "id"
        if options.id_column is not None and self._id not in self._rows.features:
            there = ", ".join(self._rows.features)
            raise CorpusError(f"no column {self._id!r} (--id-column); there are: {there}", path=self._rows.source)
        self._plain = [name for name, feature in self._rows.features.items() if _is_plain(feature)]
        self.notes = self._rows.notes

    def __exit__(self, *_: object) -> None:
        """Do nothing: reading stops when no more pieces are asked for."""

    def pieces(self, tokenizer: WordTokenizer, *, skip_invalid: bool = False) -> Iterator[Piece]:
        """Read all rows in order and in bounded memory.

        Args:
            tokenizer: splits raw text.
            skip_invalid: yield ``BadPiece`` for a row that cannot be read, instead of raising.

        Raises:
            CorpusError: a row cannot be read, or the network failed.
        """
        kept = [name for name in self._plain if name != self._column and (self._words or name == self._id)]
        for number, row in enumerate(self._rows.read([self._column, *kept])):
            value = row.pop(self._column)
            row = {name: None if plain != plain else plain for name, plain in row.items()}  # JSON has no NaN
            try:
                if self._words:
                    record = {**row, "tokens": value}
                    yield JsonPiece(words_of(record, "tokens"), record)
                else:
                    yield from text_pieces(checked_text(value, self._column), {"row": number, **row}, tokenizer)
            except InvalidSentenceError as error:
                if not skip_invalid:
                    message = f"row {number} (from 0): {error}; pass such rows on untagged with --skip-invalid"
                    raise CorpusError(message, path=self._rows.source) from None
                raw = json.dumps({"row": number, **row}, ensure_ascii=False) + "\n"
                yield BadPiece([], raw.encode("utf-8", "replace"), str(error), number, "jsonl", self._rows.source)


def _choose_column(features: dict[str, Any], tokens: str | None, text: str | None, source: str) -> tuple[bool, str]:
    """Return whether the rows hold words rather than text, and the column that holds them."""
    from tagger.corpora.hub.columns import TOKEN_COLUMNS, inner_feature, is_string
    from tagger.corpora.text.text_tables import choose_text_column

    words = [name for name, feature in features.items() if is_string(inner_feature(feature))]
    if tokens is not None and tokens not in words:
        there = f"columns with a list of words a row: {', '.join(words) or 'none'} (of {', '.join(features)})"
        raise CorpusError(f"no column {tokens!r} of words; {there}", path=source)
    usual = next((name for name in TOKEN_COLUMNS if name in words), None)
    if tokens is not None or (text is None and usual is not None):
        return True, str(tokens or usual)
    strings = {name: is_string(feature) for name, feature in features.items()}
    return False, str(choose_text_column(strings, text, source, tokens=()))


def _is_plain(feature: Any) -> bool:
    """Whether a column holds numbers, strings or truth values."""
    kind = str(getattr(feature, "dtype", ""))
    return kind in ("string", "large_string", "bool") or kind.lstrip("u").startswith(("int", "float"))
