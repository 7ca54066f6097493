"""Model cards of a forecaster and of a token regressor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.evaluation.forecast_scores import NETWORK, TargetScores, verdicts
from tagger.model_cards import card
from tagger.model_cards.card import CardFacts, escaped

if TYPE_CHECKING:
    from huggingface_hub import EvalResult


def forecaster_card(
    facts: CardFacts, scores: Mapping[str, Sequence[TargetScores]], coverage: Mapping[float, float]
) -> str:
    """Write the card of a forecaster from measured facts alone.

    Args:
        facts: of the model.
        scores: by split, of each target.
        coverage: share of the test values within each interval, by its level.
    """
    data = facts.config["data"]
    targets = ", ".join(map(escaped, data["targets"]))
    ahead = "the next step" if data["horizon"] == 1 else f"the next {data['horizon']} steps"
    cell = escaped(facts.config["encoder"]["cell"])
    summary = f"A recurrent network ({cell}) that predicts {targets} {ahead} ahead, trained on "
    limits = (
        "Meant for series like that of the training data. The model does not know what changes later.",
        "Intervals come from errors on dev; they hold as long as the series goes on as it did there.",
    )
    sections = [
        card.title(facts, f"{summary}{escaped(facts.corpus_name)}."),
        card.usage(facts, ["tagger forecast {} FILE --steps 14"]),
        _measured(scores, coverage),
        card.limits(limits),
    ]
    task = "time-series-forecasting"
    return card.render_card(facts, task, ["time series", "regression"], _results(facts, task, scores), sections)


def token_regressor_card(facts: CardFacts, scores: Mapping[str, Sequence[TargetScores]]) -> str:
    """Write the card of a token regressor from measured facts alone; arguments as ``forecaster_card``."""
    targets = ", ".join(map(escaped, facts.config["targets"]))
    cell = escaped(facts.config["encoder"]["cell"])
    summary = f"Gives every word a number: {targets}. A recurrent network ({cell}), trained on "
    limits = (
        "Meant for text like the training data, and numbers measured as there.",
        "A word that training never saw gets its number from its form and its neighbours alone.",
    )
    sections = [
        card.title(facts, f"{summary}{escaped(facts.corpus_name)}."),
        card.usage(facts, ["tagger tag --model {} text.txt"]),
        _measured(scores, {}),
        card.limits(limits),
    ]
    task = "token-regression"
    return card.render_card(facts, task, ["regression"], _results(facts, task, scores), sections)


def _measured(scores: Mapping[str, Sequence[TargetScores]], coverage: Mapping[float, float]) -> str:
    """Write the section on errors, in the unit of the data, beside the baselines."""
    if not scores:
        return card.NOT_MEASURED
    rows = [
        (escaped(f"{split}: {one.target}"), *map(escaped, row))
        for split, targets in scores.items()
        for one in targets
        for row in one.rows()
    ]
    split, targets = list(scores.items())[-1]
    words = [escaped(line) for one in targets for line in verdicts(one, split)]
    words += [f"{100 * level:.0f} % intervals hold {100 * share:.1f} % of test." for level, share in coverage.items()]
    head = ("split: target", "forecast", "MAE", "RMSE", "R2", "skill of the network")
    return "\n\n".join(["## Scores", "In the unit of the data.", card.table(head, rows), card.bullets(words)])


def _results(facts: CardFacts, task: str, scores: Mapping[str, Sequence[TargetScores]]) -> list[EvalResult]:
    """List the RMSE of the network on each split, of each target."""
    return [
        card.result(facts, (task, f"predicting {one.target}"), split, ("rmse", "RMSE"), one.figures[NETWORK].rmse)
        for split, targets in scores.items()
        for one in targets
    ]
