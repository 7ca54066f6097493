"""Tag a stream of documents and write it in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from tagger.corpora.documents.piece import BadPiece, Piece, Tagged
from tagger.errors import OutputError, TaggerError
from tagger.inference.windows import is_full

REPORT_EVERY = 0.5  # seconds between two calls of on_progress


class SentenceTagger(Protocol):
    """The method of ``Tagger`` that is needed here."""

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[Tagged]:
        """Tag sentences in order, a window at a time."""


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Tags each sentence before the next one is read, for interactive use.

    Args:
        tagger: reads a window at a time.
    """

    tagger: SentenceTagger

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[Tagged]:
        """Tag sentences in order, one at a time."""
        for words in sentences:
            yield from self.tagger.tag_sentences([words], scores=scores)


@dataclass(slots=True)
class Progress:
    """Counts of what has been tagged.

    Args:
        sentences: with at least one word.
        tokens: words.
        bad: spans of input that could not be read.
        first_bad: path, line and reason of the first of them.
        seconds: since tagging began.
        pieces: all pieces of the input, with those without words and those that could not be read.
    """

    sentences: int = 0
    tokens: int = 0
    bad: int = 0
    first_bad: str = ""
    seconds: float = 0.0
    pieces: int = 0

    def add(self, piece: Piece) -> None:
        """Count one piece."""
        self.pieces += 1
        self.sentences += bool(piece.tokens)
        self.tokens += len(piece.tokens)
        if isinstance(piece, BadPiece):
            self.bad += 1
            self.first_bad = self.first_bad or f"{piece.path}:{piece.line}: {piece.message}"


class Journal(Protocol):
    """Records the progress of a run, so that it can be resumed."""

    def mark(self, progress: Progress) -> None:
        """Record progress; called where a resumed run gives the same results to the last digit."""


@dataclass(slots=True)
class _Feed:
    """Passes the words of pieces to the tagger and keeps the pieces until they are tagged."""

    pieces: Iterable[Piece]
    waiting: deque[Piece] = field(default_factory=deque)
    failure: TaggerError | None = None

    def tokens(self) -> Iterator[list[str]]:
        try:
            for piece in self.pieces:
                self.waiting.append(piece)
                yield piece.tokens
        except TaggerError as error:
            # Raised later, once everything before it has been tagged and written.
            self.failure = error


def tag_documents(
    tagger: SentenceTagger,
    pieces: Iterable[Piece],
    render: Callable[[Piece, Tagged], bytes],
    write: Callable[[bytes], object],
    *,
    scores: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    done: Progress | None = None,
    journal: Journal | None = None,
) -> Progress:
    """Tag pieces and write them in order, with a few windows in memory.

    Args:
        tagger: tags the words of all pieces in one call.
        pieces: sentences and the text between them; pieces without words get no tags.
        render: formats a piece and its tags.
        write: takes the bytes.
        scores: whether to compute the posterior of each tag.
        on_progress: called about twice a second.
        done: progress of an earlier run; its pieces are skipped.
        journal: records progress where the run can be resumed.

    Returns:
        The final counts.

    Raises:
        TaggerError: raised while reading, after everything before it has been written.
    """
    progress = done or Progress()
    feed = _Feed(_skip(pieces, progress.pieces))
    window_sentences = window_tokens = 0
    start = last = time.monotonic() - progress.seconds
    for count, tagged in enumerate(tagger.tag_sentences(feed.tokens(), scores=scores)):
        piece = feed.waiting.popleft()
        write(render(piece, tagged))
        progress.add(piece)
        progress.seconds = time.monotonic() - start
        window_sentences += 1
        window_tokens += len(piece.tokens)
        if is_full(window_sentences, window_tokens):
            window_sentences = window_tokens = 0
            if journal is not None:  # a run that resumes where a window begins makes the same batches
                journal.mark(progress)
        if on_progress and count % 100 == 0 and time.monotonic() - last > REPORT_EVERY:
            last = time.monotonic()
            on_progress(progress)
    progress.seconds = time.monotonic() - start
    if feed.failure is not None:
        raise feed.failure
    return progress


def _skip(pieces: Iterable[Piece], number: int) -> Iterator[Piece]:
    """Skip a number of pieces.

    Raises:
        OutputError: there are fewer.
    """
    left = iter(pieces)
    skipped = sum(1 for _ in islice(left, number))
    if skipped < number:
        raise OutputError(f"cannot resume: {number:,} sentences and gaps were tagged, but the input has {skipped:,}")
    yield from left
