"""A text while it is generated: what has been written, and whether it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.corpora.tokenization.detokenizer import Detokeniser
from tagger.generation.prompts import Prompt

_HALF_CHARACTER = "\ufffd"  # bytes of a character that is not complete yet


class Writer(Protocol):
    """Turns tokens into text, as soon as the text is certain.

    Attributes:
        own: where the text of the last token begins in the piece that was returned for it.
    """

    own: int

    def push(self, token: int) -> str:
        """Add a token and return the text that is certain now."""

    def flush(self) -> str:
        """Return the text that is still held back, and end."""


def continue_prompt(prompt: Prompt, subwords: SubwordTokenizer) -> Writer:
    """Make a writer for the text after a prompt."""
    return (WordWriter if subwords.kind == "word" else LineWriter)(prompt, subwords)


class WordWriter:
    """Joins words to sentences; the last word is held back, for the next one may decide how it is spaced.

    Args:
        prompt: precedes the text, and is not written.
        subwords: of words.
    """

    def __init__(self, prompt: Prompt, subwords: SubwordTokenizer) -> None:
        self._subwords = subwords
        lower_case = all(word == word.lower() for word in subwords.vocabulary.words)
        self._writer = Detokeniser(sentence_case=lower_case)
        for token in prompt.ids[1:]:
            self._feed(token)
        self._writer.settle()
        self.own = 0
        self._after_space = not prompt.text or prompt.text[-1].isspace()

    def push(self, token: int) -> str:
        """Add a word or ``<eos>``."""
        piece = self._joined(self._feed(token))
        self.own = len(piece)
        return piece

    def flush(self) -> str:
        """Return the last word."""
        return self._joined(self._writer.end())

    def _feed(self, token: int) -> str:
        return (
            self._writer.end() if token == self._subwords.end else self._writer.push(self._subwords.symbols([token])[0])
        )

    def _joined(self, piece: str) -> str:
        """Remove a space that the prompt already ends with."""
        if piece and self._after_space:
            self._after_space = False
            return piece.removeprefix(" ")
        return piece


class LineWriter:
    """Joins characters or BPE pieces to lines.

    Args:
        prompt: precedes the text, and is not written.
        subwords: of characters or pieces.
    """

    def __init__(self, prompt: Prompt, subwords: SubwordTokenizer) -> None:
        self._subwords = subwords
        self._line = self._last_line(prompt.ids, subwords.end)
        self._written = subwords.decode(self._line)
        self._line_end = ""
        self.own = 0

    @staticmethod
    def _last_line(ids: Sequence[int], end: int) -> list[int]:
        start = len(ids) - list(reversed(ids)).index(end)
        return list(ids[start:])

    def push(self, token: int) -> str:
        """Add a piece, or ``<eos>``, which ends the line; the line end is held back."""
        if token == self._subwords.end:
            piece = self._rest() + self._line_end
            self._line, self._written, self._line_end = [], "", "\n"
            self.own = len(piece)
            return piece
        self._line.append(token)
        self.own = len(self._line_end)
        text = self._subwords.decode(self._line)
        if text.endswith(_HALF_CHARACTER):
            return ""
        piece, self._written = self._line_end + text[len(self._written) :], text
        self._line_end = ""
        return piece

    def flush(self) -> str:
        """Return a character that has stayed incomplete."""
        return self._rest()

    def _rest(self) -> str:
        return self._subwords.decode(self._line)[len(self._written) :] if self._line else ""


class GenerationState:
    """One text while it is generated.

    Args:
        prompt: precedes it.
        subwords: tokenizer of the model.
        settings: decide when the text ends.

    Attributes:
        ids: the tokens after the prompt.
        log_probs: log-probability of each (nats).
        stopped_by: as in ``Generated``; empty until the text ends.
    """

    def __init__(self, prompt: Prompt, subwords: SubwordTokenizer, settings: GenerationSettings) -> None:
        self._prompt, self._subwords, self._settings = prompt, subwords, settings
        self._writer = continue_prompt(prompt, subwords)
        self._text = ""
        self._starts: list[int] = []  # of the text of each token
        self._taken = 0
        self._ends = 0
        self._limit = settings.sentences
        self.ids: list[int] = []
        self.log_probs: list[float] = []
        self.stopped_by = ""

    def add(self, token: int, log_prob: float) -> None:
        """Add the next token, and check whether it ends the text."""
        self.ids.append(token)
        self.log_probs.append(log_prob)
        self._ends += token == self._subwords.end
        before = len(self._text)
        self._text += self._writer.push(token)
        self._starts.append(before + self._writer.own)
        if self._stop(before):
            return
        if self._ends == self._limit:
            self._finish("end")
        elif len(self.ids) == self._settings.max_tokens:
            self._finish("length")

    def take(self) -> str:
        """Return the text that has become certain since the last call."""
        end = len(self._text) if self.stopped_by else len(self._text) - self._perhaps_stop()
        piece = self._text[self._taken : end]
        self._taken = max(end, self._taken)
        return piece

    def generated(self) -> Generated:
        """Return the finished text."""
        text = self._prompt.text + self._text
        return Generated(text, self._subwords.symbols(self.ids), self.log_probs, self.stopped_by)

    def _finish(self, reason: str) -> None:
        before = len(self._text)
        self._text += self._writer.flush()
        if not self._stop(before):
            self.stopped_by = reason

    def _stop(self, before: int) -> bool:
        """Look for a stop string in what was written from ``before`` on; cut the text before it."""
        starts = [self._text.find(stop, max(0, before - len(stop) + 1)) for stop in self._settings.stop]
        starts = [start for start in starts if start >= 0]
        if not starts:
            return False
        self._text = self._text[: min(starts)]
        # The space before a word is written with the word, but does not belong to it.
        end = len(self._text.rstrip()) if self._subwords.kind == "word" else len(self._text)
        kept = sum(start < end for start in self._starts)
        del self.ids[kept:], self.log_probs[kept:]
        self.stopped_by = "stop"
        return True

    def _perhaps_stop(self) -> int:
        """Return the length of the longest end of the text that may begin a stop string."""
        return max((_overlap(self._text, stop) for stop in self._settings.stop), default=0)


def _overlap(text: str, stop: str) -> int:
    longest = min(len(stop) - 1, len(text))
    return next((length for length in range(longest, 0, -1) if text.endswith(stop[:length])), 0)


def replayed_state(
    prompt: Prompt,
    ids: Sequence[int],
    log_probs: Sequence[float],
    subwords: SubwordTokenizer,
    settings: GenerationSettings,
) -> GenerationState:
    """Return the state after given tokens, which must not go beyond the end of the text."""
    state = GenerationState(prompt, subwords, settings)
    for token, log_prob in zip(ids, log_probs, strict=True):
        state.add(token, log_prob)
    return state
