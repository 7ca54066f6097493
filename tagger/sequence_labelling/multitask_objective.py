"""Learning to label and to predict the next unit along: a batch of sentences and a stretch of text a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Any

import numpy as np
import torch

from tagger.corpora.encoding.batching import Batch
from tagger.language_modelling.bptt import Stretch
from tagger.language_modelling.objective import LanguageObjective
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.training.objective import DevScore, StepLoss, Task


@dataclass(frozen=True, slots=True)
class JointPart:
    """A part of a batch: of its sentences, of its text, or of both.

    Args:
        sentences: None where there are fewer parts of them.
        stretch: None where there are fewer parts of it.
        share: of the whole batch, labelled steps for each step of text.
    """

    sentences: Batch | None
    stretch: Stretch | None
    share: float


class JointObjective:
    """The sum of both losses, each per step of its own; epochs and the choice of the best are those of the tags.

    Args:
        tagging: what counts.
        language: what is learnt along; its text goes on from one epoch to the next.
        weight: of its loss.
    """

    task: Task = "pos"

    def __init__(self, tagging: TaggingObjective, language: LanguageObjective, weight: float) -> None:
        self.tagging, self.language = tagging, language
        self.weight = weight
        self.size = tagging.size
        self.steps_per_epoch = tagging.steps_per_epoch
        self._text: Iterator[Stretch] | None = None
        self._text_rng: Mapping[str, Any] = {}  # when the text was last begun
        self._taken = 0  # stretches since then

    def epoch(self, rng: np.random.Generator) -> tuple[int, Iterator[tuple[Batch, Stretch]]]:
        """Every sentence once, and as many stretches of text."""
        number, batches = self.tagging.epoch(rng)
        if self._text is None:
            self._text = self._stretches(rng)
        return number, zip(batches, self._text, strict=False)

    def _stretches(self, rng: np.random.Generator) -> Iterator[Stretch]:
        while True:
            self._text_rng, self._taken = rng.bit_generator.state, 0
            for stretch in self.language.epoch(rng)[1]:
                self._taken += 1
                yield stretch

    def place(self) -> dict[str, Any]:
        """How far the text was read; the sentences begin anew."""
        return {"text": None if self._text is None else {"rng": self._text_rng, "taken": self._taken}}

    def seek(self, place: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Go on with the text from there."""
        text = place["text"]
        if text is not None:
            self._text_rng, self._taken = text["rng"], text["taken"]
        self._text = None if text is None else self._from_here(rng)

    def _from_here(self, rng: np.random.Generator) -> Iterator[Stretch]:
        begun = np.random.default_rng()
        begun.bit_generator.state = dict(self._text_rng)
        for stretch in islice(self.language.epoch(begun)[1], self._taken, None):
            self._taken += 1
            yield stretch
        yield from self._stretches(rng)

    def state(self) -> dict[str, Any]:
        """That of the language model; see ``tagger.training.objective.Stateful``."""
        return self.language.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """See ``tagger.training.objective.Stateful``."""
        self.language.restore(state)

    def forget(self) -> None:
        """See ``tagger.training.objective.Stateful``."""
        self.language.forget()

    def divide(self, batch: tuple[Batch, Stretch], parts: int) -> list[JointPart]:
        """At most so many parts of the sentences, and of the text."""
        sentences, stretch = batch
        share = len(sentences.positions) / max(1, stretch.steps)
        pairs = zip_longest(self.tagging.divide(sentences, parts), self.language.divide(stretch, parts))
        return [JointPart(some, text, share) for some, text in pairs]

    def loss(self, batch: tuple[Batch, Stretch] | JointPart) -> StepLoss:
        """Both losses; the tags' alone is told."""
        if isinstance(batch, JointPart):
            return self._loss_of_part(batch)
        sentences, stretch = batch
        found = self.tagging.loss(sentences)
        found.loss = found.loss + self.weight * self.language.loss(stretch).loss
        return found

    def _loss_of_part(self, part: JointPart) -> StepLoss:
        """What of the loss of the whole batch comes from a part, times all labelled steps, divided by its own."""
        nothing = torch.zeros((), device=self.tagging.device)
        found = StepLoss(nothing, nothing, 0) if part.sentences is None else self.tagging.loss(part.sentences)
        if part.stretch is not None:
            text = self.language.loss(part.stretch)
            found.loss = found.loss + self.weight * text.loss * (text.steps * part.share / max(1, found.steps))
        return found

    def evaluate(self) -> DevScore | None:
        """Accuracy of the tags, and perplexity of the text."""
        score, text = self.tagging.evaluate(), self.language.evaluate()
        return None if score is None else replace(score, perplexity=None if text is None else text.perplexity)

    @contextmanager
    def on_threads(self, threads: int) -> Iterator[None]:
        """Both on the same number of threads."""
        with self.tagging.on_threads(threads), self.language.on_threads(threads):
            yield
