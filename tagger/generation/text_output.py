"""A text while it is being generated: what has been written, and whether it is over."""

from __future__ import annotations

from collections.abc import Sequence

from tagger.config.generation_settings import Generated, GenerationSettings
from tagger.generation.interfaces import UnitCodec
from tagger.generation.prompts import Prompt
from tagger.generation.written_text import continue_prompt


class Draft:
    """One text, unit after unit.

    Args:
        prompt: goes before.
        units: of the model.
        settings: tell when the text is over.

    Attributes:
        ids: the units after the prompt.
        log_probs: of each (nats).
        stopped_by: as in ``Generated``; empty while the text goes on.
    """

    def __init__(self, prompt: Prompt, units: UnitCodec, settings: GenerationSettings) -> None:
        self._prompt, self._units, self._settings = prompt, units, settings
        self._writer = continue_prompt(prompt, units)
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
        self._ends += unit == self._units.end
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
        return Generated(text, self._units.symbols(self.ids), self.log_probs, self.stopped_by)

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
        end = len(self._text.rstrip()) if self._units.kind == "word" else len(self._text)
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
    prompt: Prompt, ids: Sequence[int], log_probs: Sequence[float], units: UnitCodec, settings: GenerationSettings
) -> Draft:
    """A draft of given units; they must not go beyond the end of the text."""
    draft = Draft(prompt, units, settings)
    for unit, log_prob in zip(ids, log_probs, strict=True):
        draft.add(unit, log_prob)
    return draft
