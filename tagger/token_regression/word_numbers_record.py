"""What a run over words with numbers leaves behind: the model folder with its card and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagger.corpora.series.token_values import NumberCorpus
from tagger.evaluation.forecast_scores import as_values, network_errors
from tagger.model_cards.token_regressor_card import word_numbers_card
from tagger.serialization import manifest as model_folder
from tagger.token_regression.checkpoint import save_word_numbers
from tagger.token_regression.word_numbers_run import WordNumbersRun


def write_word_numbers_run(
    folder: Path, run: WordNumbersRun, corpus: NumberCorpus, told: Mapping[str, Any], name: str
) -> None:
    """Fill a model folder.

    Args:
        folder: exists, is being written.
        run: what to keep.
        corpus: what was learnt from.
        told: of the command, the machine and the notes, see ``tagger.model_cards.provenance``.
        name: of the model, for its card.
    """
    saved = run.tagger.saved
    facts = _facts(corpus)
    about = {
        "corpus": facts,
        "scores": network_errors(run.scores),
        "seed": saved.config.training.seed,
        **told,
    }
    save_word_numbers(folder, replace(saved, about=about))
    model_folder.write_json(folder / model_folder.METRICS, as_values(run.scores))
    card = word_numbers_card(name=name, config=saved.config.to_dict(), scores=run.scores, corpus=facts, told=told)
    (folder / model_folder.CARD).write_text(card, encoding="utf-8")


def _facts(corpus: NumberCorpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "source": corpus.source,
        "fingerprint": corpus.fingerprint,
        "sentences": {name: len(split.tokens) for name, split in corpus.splits.items()},
        "words": {name: split.words for name, split in corpus.splits.items()},
    }
