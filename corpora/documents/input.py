"""Documents to be tagged, read piece by piece in the format they are in."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from tagger.corpora.documents.columns import read_columns, read_slashed
from tagger.corpora.documents.conllu import read_conllu
from tagger.corpora.documents.jsonl import read_json
from tagger.corpora.documents.piece import BadPiece, Piece
from tagger.corpora.documents.tables import read_table
from tagger.corpora.documents.text import read_lines, read_text, read_text_lines
from tagger.corpora.files.paths import user_path
from tagger.corpora.files.streams import ARROW, HEAD_BYTES, PARQUET, STANDARD_INPUT, open_string, open_text, read_errors
from tagger.corpora.formats.options import DEFAULTS, ReadOptions
from tagger.corpora.formats.registry import format_of_name
from tagger.corpora.formats.sentence import clipped
from tagger.corpora.formats.sniffing import sniff_document
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError

Reader = Callable[[io.BufferedReader, ReadOptions, WordTokenizer], Iterator[Piece]]
"""Reads the pieces of a stream; the tokenizer splits raw text into sentences of words."""
READERS: dict[str, Reader] = {
    "text": read_text,
    "tokens": read_lines,
    "conllu": read_conllu,
    "columns": read_columns,
    "vertical": partial(read_columns, markup=True),
    "slashed": read_slashed,
    "jsonl": read_json,
    "csv": read_table,
    "tsv": partial(read_table, delimiter="\t"),
}
"""The readers of all formats."""
_COLUMNS = {"text": (), "tokens": ()} | dict.fromkeys(("conllu", "columns", "vertical", "slashed"), ("tokens_column",))
"""Which columns can be named, in formats that have not all of them."""
ONE_LINE = ("text", "tokens", "jsonl")
"""Formats in which a line can be understood before the next one is there."""


class Documents(AbstractContextManager["Documents"]):
    """Files to be tagged, in order; use as a context manager.

    Args:
        paths: files, compressed or not; ``-`` is the standard input.
        input_format: one of ``READERS``, or ``auto`` to recognise the format of each file.
        text: tag this instead of files.
        options: which columns or keys to read.
        by_line: hand out every line as soon as it is there; each is a text by itself.

    Attributes:
        format: the format of the first document.
        first: its bytes.
        notes: empty; a data set of the hub has notes (``HubDocuments``).

    Raises:
        CorpusError: the first document cannot be opened, or is of a format whose sentences have several lines.
    """

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        paths: Sequence[str],
        input_format: str = "auto",
        text: str | None = None,
        options: ReadOptions = DEFAULTS,
        *,
        by_line: bool = False,
    ) -> None:
        self._paths = list(paths) or [STANDARD_INPUT]
        self._input_format = input_format
        self._options = options
        self._by_line = by_line
        source = self._opened(self._paths[0])
        if text is not None:
            self._paths, source = ["--text"], open_string(text)
            self._input_format = "text" if input_format == "auto" else input_format
        with ExitStack() as stack:  # closes the document if its format cannot be read
            self.first = stack.enter_context(source)
            self.format = self._format_of(self.first, self._paths[0])
            self._stack = stack.pop_all()

    def __exit__(self, *_: object) -> None:
        """Close the first document."""
        self._stack.close()

    def pieces(self, tokenizer: WordTokenizer, *, skip_invalid: bool = False) -> Iterator[Piece]:
        """Read all documents piece by piece, in order and in bounded memory.

        Args:
            tokenizer: splits raw text.
            skip_invalid: yield ``BadPiece`` for what cannot be read, instead of raising.

        Raises:
            CorpusError: a document cannot be opened or read, with its path and line.
        """
        number = 0
        for piece in self._all(tokenizer, skip_invalid):
            if piece.tokens:
                piece.number = number = number + 1
            yield piece

    def _all(self, tokenizer: WordTokenizer, skip_invalid: bool) -> Iterator[Piece]:
        yield from self._read(self.first, self._paths[0], self.format, tokenizer, skip_invalid)
        for path in self._paths[1:]:
            with self._opened(path) as stream:
                yield from self._read(stream, path, self._format_of(stream, path), tokenizer, skip_invalid)

    def _opened(self, path: str) -> AbstractContextManager[io.BufferedReader]:
        """Open a document; the rows of Parquet are read as JSON lines."""
        file = user_path(path)
        if path != STANDARD_INPUT and file.is_file() and self._input_format == "auto":
            with file.open("rb") as stream:
                head = stream.read(len(ARROW))
            if head.startswith((PARQUET, ARROW)):
                from tagger.corpora.formats.parquet import open_as_json_lines

                return open_as_json_lines(file, path)
        return open_text(path, by_line=self._by_line)

    def _format_of(self, stream: io.BufferedReader, path: str) -> str:
        form = self._input_format
        if form == "auto":
            with read_errors(path):
                form = sniff_document(stream.peek(HEAD_BYTES), path)
        if form not in READERS:
            raise CorpusError(
                f"the format is {form}, which cannot be tagged; expected one of {', '.join(READERS)}", path=path
            )
        if self._by_line and form not in ONE_LINE:
            raise CorpusError(
                f"the format is {form}, whose sentences have several lines; line by line, the input may be "
                f"{', '.join(ONE_LINE)} (--input)",
                path=path,
            )
        self._check_columns(form, path)
        return form

    def _check_columns(self, form: str, path: str) -> None:
        """Refuse a column that was named, where the format has none."""
        held = _COLUMNS.get(form, ("tokens_column", "text_column", "id_column"))
        for name in ("tokens_column", "text_column", "id_column"):
            wanted = getattr(self._options, name)
            if wanted is not None and name not in held:
                what = f"no column for --{name.replace('_', '-')} {wanted}"
                raise CorpusError(
                    f"the format is {form}, which has {what}; leave it out, or name the format (--input)", path=path
                )

    def _read(
        self, stream: io.BufferedReader, path: str, form: str, tokenizer: WordTokenizer, skip_invalid: bool
    ) -> Iterator[Piece]:
        with read_errors(path):
            reader = read_text_lines if form == "text" and self._by_line else READERS[form]
            first = True
            for piece in self._with_hint(reader(stream, self._options.in_format(form), tokenizer), form, path):
                piece.first, first = first, first and not piece.tokens
                if isinstance(piece, BadPiece):
                    piece.message = clipped(piece.message)
                    if not skip_invalid:
                        raise CorpusError(piece.message, path=path, line=piece.line)
                    piece.path = path
                yield piece

    def _with_hint(self, pieces: Iterator[Piece], form: str, path: str) -> Iterator[Piece]:
        """Add to an error in the first line how the format was chosen, where its content alone told it."""
        try:
            yield from pieces
        except CorpusError as error:
            told = self._input_format != "auto" or format_of_name(path) == form or error.line not in (None, 1)
            hint = "" if told else f"; read as {form} by its first lines, another format can be named (--input text)"
            raise CorpusError(error.message + hint, path=error.path, line=error.line) from None
