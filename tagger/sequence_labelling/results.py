"""Writes the runs of a tagger: the model folder with its card, scores and log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tagger.corpora.sources.corpus import Corpus
from tagger.evaluation.perplexity import LanguageScores
from tagger.evaluation.scores import Scores, summarise
from tagger.inference.tagger import Tagger
from tagger.model_cards.card import CardFacts
from tagger.model_cards.learning_curves import draw_curves
from tagger.model_cards.provenance import provenance
from tagger.model_cards.tagger_card import tagger_card
from tagger.serialization import manifest
from tagger.serialization.checkpoint import save_model


@dataclass(frozen=True, slots=True)
class Run:
    """One trained model.

    Args:
        seed: it was trained with.
        tagger: ready to use.
        scores: by split, "dev" and "test" where the corpus has them.
        log: one entry an epoch.
        language: scores of a language-model head on the words of each split.
        notes: how often it was interrupted, and what changed since.
    """

    seed: int
    tagger: Tagger
    scores: Mapping[str, Scores]
    log: Sequence[Mapping[str, Any]]
    language: Mapping[str, LanguageScores] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write_runs(
    folder: Path,
    best: Run,
    runs: Sequence[Run],
    corpus: Corpus,
    *,
    command: str | None,
    notes: tuple[str, ...],
    name: str,
) -> None:
    """Fill a model folder with the best run.

    Args:
        folder: exists, is being written.
        best: the run to keep.
        runs: all runs, for the mean and standard deviation over seeds.
        corpus: the training data.
        command: what reproduces the run; the command line of this process if None.
        notes: for the user.
        name: of the model, for its card.
    """
    about = {
        **best.tagger.saved.about,
        "corpus": _corpus_facts(corpus),
        "scores": {split: scores.accuracy for split, scores in best.scores.items()},
        **({"perplexities": {k: v.perplexity for k, v in best.language.items()}} if best.language else {}),
        "seed": best.seed,
        **provenance(command, best.tagger.threads, notes),
    }
    saved = replace(best.tagger.saved, about=about)
    save_model(folder, saved)
    manifest.write_json(folder / manifest.METRICS, _metrics(best, runs))
    card = tagger_card(CardFacts.from_about(name, saved.config.to_dict(), about), best.scores, saved.labels)
    (folder / manifest.CARD).write_text(card, encoding="utf-8")
    draw_curves([dict(entry) for entry in best.log], folder / "curves.png")


def _metrics(best: Run, runs: Sequence[Run]) -> dict[str, Any]:
    values: dict[str, Any] = {split: scores.to_dict() for split, scores in best.scores.items()}
    if best.language:
        values["language"] = {split: scores.to_dict() for split, scores in best.language.items()}
    values["seed"] = best.seed
    if len(runs) > 1:
        values["seeds"] = {
            str(run.seed): {split: scores.accuracy for split, scores in run.scores.items()} for run in runs
        }
        values["mean"] = {
            split: {name: summary.to_dict() for name, summary in summarise([run.scores[split] for run in runs]).items()}
            for split in best.scores
        }
    return values


def _corpus_facts(corpus: Corpus) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": corpus.name,
        "source": corpus.source,
        "column": corpus.column,
        "licence": corpus.license,
        "fingerprint": corpus.fingerprint,
    }
    facts["splits"] = {s.name: {"sentences": len(s), "words": s.num_tokens} for s in corpus.splits}
    facts["sentences"] = len(corpus.train or ())
    facts["words"] = corpus.train.num_tokens if corpus.train else 0
    return facts
