"""Model card of a token regressor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tagger.evaluation.forecast_scores import TargetScores
from tagger.model_cards.card import CardFacts, escaped, limits, render_card, title, usage
from tagger.model_cards.forecaster_card import measured, regression_results

TASK: Final = "token-regression"
_LIMITS: Final = (
    "Meant for text like the training data, and numbers measured as there.",
    "A word that training never saw gets its number from its form and its neighbours alone.",
)


def token_regressor_card(facts: CardFacts, scores: Mapping[str, Sequence[TargetScores]]) -> str:
    """Write the card from measured facts alone.

    Args:
        facts: of the model.
        scores: by split, of each target.
    """
    targets = ", ".join(map(escaped, facts.config["targets"]))
    cell = escaped(facts.config["encoder"]["cell"])
    summary = f"Gives every word a number: {targets}. A recurrent network ({cell}), trained on "
    sections = [
        title(facts, f"{summary}{escaped(facts.corpus_name)}."),
        usage(facts, ["tagger tag --model {} --text 'They can fish.'"]),
        measured(scores, {}),
        limits(_LIMITS),
    ]
    return render_card(facts, TASK, ["regression"], regression_results(facts, TASK, scores), sections)
