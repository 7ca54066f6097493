"""From a stream of documents to a stream of tagged documents."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from tagger.corpora.documents.piece import BadPiece, Piece, Tagged
from tagger.errors import OutputError, TaggerError
from tagger.inference.windows import WINDOW_SENTENCES, WINDOW_TOKENS

REPORT_EVERY = 0.5  # seconds between two calls of on_progress


class SentenceTagger(Protocol):
    """The part of ``Tagger`` that is needed here."""

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[Tagged]:
        """Tags of each sentence, in order; sentences are read ahead."""


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Gives the tags of each sentence before the next one is read, where an answer is waited for.

    Args:
        tagger: reads ahead.
    """

    tagger: SentenceTagger

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[Tagged]:
        """Tags of each sentence, in order."""
        for words in sentences:
            yield from self.tagger.tag_sentences([words], scores=scores)


@dataclass(slots=True)
class Progress:
    """What has been tagged so far.

    Args:
        sentences: with at least one word.
        tokens: words.
        bad: stretches that could not be read.
        first_bad: the first of them: path, line and reason.
        seconds: since tagging began.
        pieces: of the input, those without words and those that could not be read included.
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
    """Notes how far a run came, and says how far an earlier one did."""

    def mark(self, progress: Progress) -> None:
        """Called where a run could be resumed with the same results to the last digit."""


@dataclass(slots=True)
class _Feed:
    """Hands the words of pieces to the tagger and keeps the pieces until their tags come back."""

    pieces: Iterable[Piece]
    waiting: deque[Piece] = field(default_factory=deque)
    failure: TaggerError | None = None

    def tokens(self) -> Iterator[list[str]]:
        try:
            for piece in self.pieces:
                self.waiting.append(piece)
                yield piece.tokens
        except TaggerError as error:
            # Raised once all that was read before has been tagged and written.
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
    """Tag pieces and write them in order, with as much in memory as the tagger reads ahead.

    Args:
        tagger: tags the words of all pieces in one call.
        pieces: sentences and what stands between them; pieces without words get no tags.
        render: makes bytes of a piece and its tags.
        write: takes the bytes.
        scores: whether the tagger is to give the posterior of each tag.
        on_progress: called about twice a second.
        done: what an earlier run did of the same pieces, which are passed over.
        journal: told where this run may be taken up again.

    Returns:
        The final counts.

    Raises:
        TaggerError: what reading raised, after everything before it has been written.
    """
    progress = done or Progress()
    feed = _Feed(_beyond(pieces, progress.pieces))
    windows = _Windows()
    start = last = time.monotonic() - progress.seconds
    for count, tagged in enumerate(tagger.tag_sentences(feed.tokens(), scores=scores)):
        piece = feed.waiting.popleft()
        write(render(piece, tagged))
        progress.add(piece)
        progress.seconds = time.monotonic() - start
        if windows.ends_with(piece) and journal is not None:
            journal.mark(progress)
        if on_progress and count % 100 == 0 and time.monotonic() - last > REPORT_EVERY:
            last = time.monotonic()
            on_progress(progress)
    progress.seconds = time.monotonic() - start
    if feed.failure is not None:
        raise feed.failure
    return progress


def _beyond(pieces: Iterable[Piece], number: int) -> Iterator[Piece]:
    """What follows the first so many pieces.

    Raises:
        OutputError: there are fewer.
    """
    left = iter(pieces)
    passed = sum(1 for _ in islice(left, number))
    if passed < number:
        raise OutputError(f"cannot resume: {number:,} sentences and gaps were tagged, but the input has {passed:,}")
    yield from left


class _Windows:
    """Where the tagger stops looking ahead.

    Sentences are batched within a window: a run that begins anew at the beginning of one makes the same batches, and so
    the same results to the last digit.
    """

    def __init__(self) -> None:
        self.sentences = self.tokens = 0

    def ends_with(self, piece: Piece) -> bool:
        """Whether a piece is the last of its window."""
        self.sentences += 1
        self.tokens += len(piece.tokens)
        if self.tokens < WINDOW_TOKENS and self.sentences < WINDOW_SENTENCES:
            return False
        self.sentences = self.tokens = 0
        return True
