"""Multitask learning: a batch of labelled sentences and a BPTT chunk of text at every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Any

import numpy as np
import torch

from tagger.corpora.encoding.batching import Batch
from tagger.language_modelling.bptt import BpttChunk
from tagger.language_modelling.objective import LanguageObjective
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.training.objective import DevScore, Objective, StepLoss, Task


@dataclass(frozen=True, slots=True)
class MultitaskMicroBatch:
    """A micro-batch: some of the sentences of a batch, some of its text, or both.

    Args:
        sentences: None where the sentences are in fewer parts.
        chunk: None where the text is in fewer parts.
        share: of the whole batch, labelled steps for each step of text.
    """

    sentences: Batch | None
    chunk: BpttChunk | None
    share: float


class MultitaskObjective(Objective):
    """The sum of both losses, each per step of its own; epochs and the choice of the best are those of the labels.

    The text of the language model goes on from one epoch to the next; ``weight`` is that of its loss.
    """

    task: Task = "pos"

    def __init__(self, tagging: TaggingObjective, language: LanguageObjective, weight: float) -> None:
        self.tagging, self.language = tagging, language
        self.weight = weight
        self.size = tagging.size
        self.steps_per_epoch = tagging.steps_per_epoch
        self.improvement = tagging.improvement
        self._text: Iterator[BpttChunk] | None = None
        self._text_rng: Mapping[str, Any] = {}  # when the text was last begun
        self._taken = 0  # chunks since then

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[tuple[Batch, BpttChunk]]]:
        """Read every sentence once, and as many chunks of text."""
        number, batches = self.tagging.epoch(rng)
        if self._text is None:
            self._text = self._chunks(rng)
        return number, zip(batches, self._text, strict=False)

    def _chunks(self, rng: np.random.Generator) -> Iterator[BpttChunk]:
        """Read the text again and again."""
        while True:
            self._text_rng, self._taken = rng.bit_generator.state, 0
            for chunk in self.language.epoch(rng)[1]:
                self._taken += 1
                yield chunk

    def data_state_dict(self) -> dict[str, Any]:
        """Return how far the text was read; the sentences begin anew."""
        return {"text": None if self._text is None else {"rng": self._text_rng, "taken": self._taken}}

    def load_data_state_dict(self, state: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Go on with the text from there."""
        text = state["text"]
        if text is not None:
            self._text_rng, self._taken = text["rng"], text["taken"]
        self._text = None if text is None else self._remaining_chunks(rng)

    def _remaining_chunks(self, rng: np.random.Generator) -> Iterator[BpttChunk]:
        text_rng = np.random.default_rng()
        text_rng.bit_generator.state = dict(self._text_rng)
        for chunk in islice(self.language.epoch(text_rng)[1], self._taken, None):
            self._taken += 1
            yield chunk
        yield from self._chunks(rng)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the auxiliary objective."""
        return self.language.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state of the auxiliary objective."""
        self.language.load_state_dict(state)

    def reset_state(self) -> None:
        """Reset the state of the auxiliary objective."""
        self.language.reset_state()

    def split_batch(self, batch: tuple[Batch, BpttChunk], parts: int) -> list[MultitaskMicroBatch]:
        """Cut the sentences, and the text, into at most ``parts`` each."""
        sentences, chunk = batch
        share = len(sentences.positions) / max(1, chunk.steps)
        pairs = zip_longest(self.tagging.split_batch(sentences, parts), self.language.split_batch(chunk, parts))
        return [MultitaskMicroBatch(some, text, share) for some, text in pairs]

    def loss(self, batch: tuple[Batch, BpttChunk] | MultitaskMicroBatch) -> StepLoss:
        """Compute both losses; the reported sum is that of the labels alone."""
        if isinstance(batch, MultitaskMicroBatch):
            return self._micro_batch_loss(batch)
        sentences, chunk = batch
        result = self.tagging.loss(sentences)
        result.loss = result.loss + self.weight * self.language.loss(chunk).loss
        return result

    def _micro_batch_loss(self, part: MultitaskMicroBatch) -> StepLoss:
        """Return the share that a micro-batch has of the loss, times all labelled steps, divided by its own."""
        zero = torch.zeros((), device=self.tagging.device)
        result = StepLoss(zero, zero, 0) if part.sentences is None else self.tagging.loss(part.sentences)
        if part.chunk is not None:
            text = self.language.loss(part.chunk)
            result.loss = result.loss + self.weight * text.loss * (text.steps * part.share / max(1, result.steps))
        return result

    def evaluate(self) -> DevScore | None:
        """Return the accuracy of the labels, and the perplexity of the text."""
        score, text = self.tagging.evaluate(), self.language.evaluate()
        return None if score is None else replace(score, perplexity=None if text is None else text.perplexity)

    def finish(self) -> None:
        """Calibrate the tagging head, and drop the auxiliary label heads."""
        self.tagging.finish()

    @contextmanager
    def on_threads(self, threads: int) -> Iterator[None]:
        """Compute both on the same number of threads."""
        with self.tagging.on_threads(threads), self.language.on_threads(threads):
            yield
