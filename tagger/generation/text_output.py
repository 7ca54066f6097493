"""A text while it is being generated: what has been written, and whether it is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.tokenization.detokenizer import Detokeniser
from tagger.generation.interfaces import TokenCodec
from tagger.generation.prompts import Prompt

_HALF_CHARACTER = "\ufffd"  # bytes of a character that is not complete yet


class Writer(Protocol):
    """Takes units, returns text when it is certain.

    Attributes:
        own: where the text of the unit pushed last begins, counted from the beginning of the piece returned then.
    """

    own: int

    def push(self, unit: int) -> str:
        """Take a unit; the text that it made certain."""

    def flush(self) -> str:
        """The text that is still held back; the writer is used up."""


def continue_prompt(prompt: Prompt, subwords: TokenCodec) -> Writer:
    """A writer for what follows the prompt."""
    return (WordWriter if subwords.kind == "word" else LineWriter)(prompt, subwords)


class WordWriter:
    """Words to sentences; the last word is held back, for the next one may tell how it is spaced.

    Args:
        prompt: goes before, and is never written.
        subwords: words.
    """

    def __init__(self, prompt: Prompt, subwords: TokenCodec) -> None:
        self._subwords = subwords
        lower_case = all(word == word.lower() for word in subwords.vocabulary.words)
        self._writer = Detokeniser(sentence_case=lower_case)
        for unit in prompt.ids[1:]:
            self._feed(unit)
        self._writer.settle()
        self.own = 0
        self._after_space = not prompt.text or prompt.text[-1].isspace()

    def push(self, unit: int) -> str:
        """Take a word or ``<eos>``."""
        piece = self._joined(self._feed(unit))
        self.own = len(piece)
        return piece

    def flush(self) -> str:
        """The last word."""
        return self._joined(self._writer.end())

    def _feed(self, unit: int) -> str:
        return (
            self._writer.end() if unit == self._subwords.end else self._writer.push(self._subwords.symbols([unit])[0])
        )

    def _joined(self, piece: str) -> str:
        """The piece, without the space that the prompt has already."""
        if piece and self._after_space:
            self._after_space = False
            return piece.removeprefix(" ")
        return piece


class LineWriter:
    """Characters or BPE pieces to lines.

    Args:
        prompt: goes before, and is never written.
        subwords: its pieces.
    """

    def __init__(self, prompt: Prompt, subwords: TokenCodec) -> None:
        self._subwords = subwords
        self._line = self._last_line(prompt.ids, subwords.end)
        self._written = subwords.decode(self._line)
        self._line_end = ""
        self.own = 0

    @staticmethod
    def _last_line(ids: Sequence[int], end: int) -> list[int]:
        start = len(ids) - list(reversed(ids)).index(end)
        return list(ids[start:])

    def push(self, unit: int) -> str:
        """Take a piece or ``<eos>``, which ends the line; the line end is held back."""
        if unit == self._subwords.end:
            piece = self._rest() + self._line_end
            self._line, self._written, self._line_end = [], "", "\n"
            self.own = len(piece)
            return piece
        self._line.append(unit)
        self.own = len(self._line_end)
        text = self._subwords.decode(self._line)
        if text.endswith(_HALF_CHARACTER):
            return ""
        piece, self._written = self._line_end + text[len(self._written) :], text
        self._line_end = ""
        return piece

    def flush(self) -> str:
        """A character that has stayed incomplete."""
        return self._rest()

    def _rest(self) -> str:
        return self._subwords.decode(self._line)[len(self._written) :] if self._line else ""


class Draft:
    """One text, unit after unit.

    Args:
        prompt: goes before.
        subwords: of the model.
        settings: tell when the text is over.

    Attributes:
        ids: the units after the prompt.
        log_probs: of each (nats).
        stopped_by: as in ``Generated``; empty while the text goes on.
    """

    def __init__(self, prompt: Prompt, subwords: TokenCodec, settings: GenerationSettings) -> None:
        self._prompt, self._subwords, self._settings = prompt, subwords, settings
        self._writer = continue_prompt(prompt, subwords)
        self._text = ""
        self._starts: list[int] = []  # of each unit's own text
        self._taken = 0
        self._ends = 0
        self._limit = settings.sentences
        self.ids: list[int] = []
        self.log_probs: list[float] = []
        self.stopped_by = ""

    def add(self, unit: int, log_prob: float) -> None:
        """Take the next unit, and notice if the text is over with it."""
        self.ids.append(unit)
        self.log_probs.append(log_prob)
        self._ends += unit == self._subwords.end
        before = len(self._text)
        self._text += self._writer.push(unit)
        self._starts.append(before + self._writer.own)
        if self._stop(before):
            return
        if self._ends == self._limit:
            self._finish("end")
        elif len(self.ids) == self._settings.max_tokens:
            self._finish("length")

    def take(self) -> str:
        """What has become certain since the last call."""
        end = len(self._text) if self.stopped_by else len(self._text) - self._perhaps_stop()
        piece = self._text[self._taken : end]
        self._taken = max(end, self._taken)
        return piece

    def generated(self) -> Generated:
        """The finished text."""
        text = self._prompt.text + self._text
        return Generated(text, self._subwords.symbols(self.ids), self.log_probs, self.stopped_by)

    def _finish(self, reason: str) -> None:
        before = len(self._text)
        self._text += self._writer.flush()
        if not self._stop(before):
            self.stopped_by = reason

    def _stop(self, before: int) -> bool:
        """Whether a stop string has come up in what was written from ``before`` on; then cut it off."""
        found = [self._text.find(stop, max(0, before - len(stop) + 1)) for stop in self._settings.stop]
        places = [place for place in found if place >= 0]
        if not places:
            return False
        self._text = self._text[: min(places)]
        # The space before a word comes with the word, but is none of it.
        end = len(self._text.rstrip()) if self._subwords.kind == "word" else len(self._text)
        kept = sum(start < end for start in self._starts)
        del self.ids[kept:], self.log_probs[kept:]
        self.stopped_by = "stop"
        return True

    def _perhaps_stop(self) -> int:
        """Length of the longest end of the text that may be the beginning of a stop string."""
        return max((_overlap(self._text, stop) for stop in self._settings.stop), default=0)


def _overlap(text: str, stop: str) -> int:
    longest = min(len(stop) - 1, len(text))
    return next((length for length in range(longest, 0, -1) if text.endswith(stop[:length])), 0)


def drafted(
    prompt: Prompt, ids: Sequence[int], log_probs: Sequence[float], subwords: TokenCodec, settings: GenerationSettings
) -> Draft:
    """A draft of given units; they must not go beyond the end of the text."""
    draft = Draft(prompt, subwords, settings)
    for unit, log_prob in zip(ids, log_probs, strict=True):
        draft.add(unit, log_prob)
    return draft
