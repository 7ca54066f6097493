"""Units to text while they are being generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tagger.corpora.tokenization.detokenizer import Detokeniser
from tagger.generation.interfaces import UnitCodec
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


def continue_prompt(prompt: Prompt, units: UnitCodec) -> Writer:
    """A writer for what follows the prompt."""
    return (WordWriter if units.kind == "word" else LineWriter)(prompt, units)


class WordWriter:
    """Words to sentences; the last word is held back, for the next one may tell how it is spaced.

    Args:
        prompt: goes before, and is never written.
        units: words.
    """

    def __init__(self, prompt: Prompt, units: UnitCodec) -> None:
        self._units = units
        lower_case = all(word == word.lower() for word in units.vocabulary.words)
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
        return self._writer.end() if unit == self._units.end else self._writer.push(self._units.symbols([unit])[0])

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
        units: its pieces.
    """

    def __init__(self, prompt: Prompt, units: UnitCodec) -> None:
        self._units = units
        self._line = self._last_line(prompt.ids, units.end)
        self._written = units.text(self._line)
        self._line_end = ""
        self.own = 0

    @staticmethod
    def _last_line(ids: Sequence[int], end: int) -> list[int]:
        start = len(ids) - list(reversed(ids)).index(end)
        return list(ids[start:])

    def push(self, unit: int) -> str:
        """Take a piece or ``<eos>``, which ends the line; the line end is held back."""
        if unit == self._units.end:
            piece = self._rest() + self._line_end
            self._line, self._written, self._line_end = [], "", "\n"
            self.own = len(piece)
            return piece
        self._line.append(unit)
        self.own = len(self._line_end)
        text = self._units.text(self._line)
        if text.endswith(_HALF_CHARACTER):
            return ""
        piece, self._written = self._line_end + text[len(self._written) :], text
        self._line_end = ""
        return piece

    def flush(self) -> str:
        """A character that has stayed incomplete."""
        return self._rest()

    def _rest(self) -> str:
        return self._units.text(self._line)[len(self._written) :] if self._line else ""
