"""Writes the run of a language model: the model folder with its card, scores and log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tagger.corpora.text.text_split import TextCorpus
from tagger.evaluation.perplexity import LanguageScores
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.preparation import PreparedText
from tagger.model_cards.card import CardFacts
from tagger.model_cards.language_model_card import language_model_card
from tagger.model_cards.learning_curves import draw_curves
from tagger.model_cards.provenance import provenance
from tagger.serialization import manifest
from tagger.serialization.checkpoint import save_model

VALID = {"dev": "valid"}
"""Names of splits in ``metrics.json``, where language modelling has its own."""


@dataclass(frozen=True, slots=True)
class LanguageRun:
    """One trained language model.

    Args:
        seed: it was trained with.
        model: ready to use.
        scores: by split, "dev" and "test" where the corpus has them.
        log: one entry an epoch.
        text: what it was trained on.
        notes: how often it was interrupted, and what changed since.
    """

    seed: int
    model: LanguageModel
    scores: Mapping[str, LanguageScores]
    log: Sequence[Mapping[str, Any]]
    text: PreparedText
    notes: tuple[str, ...] = ()


def write_language_run(folder: Path, run: LanguageRun, corpus: TextCorpus, command: str | None, name: str) -> None:
    """Fill a model folder.

    Args:
        folder: exists, is being written.
        run: what to keep.
        corpus: the training text.
        command: what reproduces the run; the command line of this process if None.
        name: of the model, for its card.
    """
    about = {
        **run.model.saved.about,
        "corpus": text_facts(corpus, run.text),
        "scores": {split: scores.to_dict()["perplexity"] for split, scores in run.scores.items()},
        "seed": run.seed,
        **provenance(command, run.model.threads, (*corpus.notes, *run.notes)),
    }
    saved = replace(run.model.saved, about=about)
    save_model(folder, saved)
    metrics = {VALID.get(split, split): scores.to_dict() for split, scores in run.scores.items()}
    manifest.write_json(folder / manifest.METRICS, {**metrics, "seed": run.seed})
    card = language_model_card(CardFacts.from_about(name, saved.config.to_dict(), about), run.scores)
    (folder / manifest.CARD).write_text(card, encoding="utf-8")
    draw_curves([dict(entry) for entry in run.log], folder / "curves.png")


def text_facts(corpus: TextCorpus, text: PreparedText) -> dict[str, Any]:
    """Describe a text and its size."""
    return {
        "name": corpus.name,
        "source": corpus.source,
        "licence": corpus.license,
        "fingerprint": corpus.fingerprint,
        "units": {split: len(stream) for split, stream in text.streams.items()},
        "words": {split: stream.words for split, stream in text.streams.items()},
        "sentences": {split: stream.passages for split, stream in text.streams.items()},
    }
