"""Model card of a forecaster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tagger.evaluation.forecast_scores import NETWORK, TargetScores, verdicts
from tagger.model_cards.card import (
    NOT_MEASURED,
    CardFacts,
    bullets,
    escaped,
    limits,
    render_card,
    result,
    table,
    title,
    usage,
)

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

TASK: Final = "time-series-forecasting"
_LIMITS: Final = (
    "Meant for series like that of the training data. The model does not know what changes later.",
    "Intervals come from errors on dev; they hold as long as the series goes on as it did there.",
)


def forecaster_card(
    facts: CardFacts, scores: Mapping[str, Sequence[TargetScores]], coverage: Mapping[float, float]
) -> str:
    """Write the card from measured facts alone.

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
    sections = [
        title(facts, f"{summary}{escaped(facts.corpus_name)}."),
        usage(facts, ["tagger forecast {} FILE --steps 14"]),
        measured(scores, coverage),
        limits(_LIMITS),
    ]
    return render_card(facts, TASK, ["time series", "regression"], regression_results(facts, TASK, scores), sections)


def measured(scores: Mapping[str, Sequence[TargetScores]], coverage: Mapping[float, float]) -> str:
    """Write the section on errors, in the unit of the data, beside those of the baselines."""
    if not scores:
        return NOT_MEASURED
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
    return "\n\n".join(["## Scores", "In the unit of the data.", table(head, rows), bullets(words)])


def regression_results(facts: CardFacts, task: str, scores: Mapping[str, Sequence[TargetScores]]) -> list[EvalResult]:
    """List the RMSE of the network on each split, of each target."""
    return [
        result(facts, (task, f"predicting {one.target}"), split, ("rmse", "RMSE"), one.figures[NETWORK].rmse)
        for split, targets in scores.items()
        for one in targets
    ]
