"""The README.md of the folder of a model of time series: what it is, what was measured, how to use and to remake it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tagger.evaluation.forecast_scores import NETWORK, TargetScores, verdicts
from tagger.model_cards.markdown import escaped, table, yaml_lines
from tagger.model_cards.tagger_card import remake


def forecaster_card(
    *,
    name: str,
    config: Mapping[str, Any],
    scores: Mapping[str, Sequence[TargetScores]],
    corpus: Mapping[str, Any],
    command: str,
    environment: Mapping[str, str],
    notes: Sequence[str] = (),
    coverage: Mapping[float, float] | None = None,
) -> str:
    """Writes the card from measured facts alone.

    Args:
        name: of the model, e.g. the name of its folder.
        config: every resolved setting, nested.
        scores: by part, of each target.
        corpus: name, source, licence, rows, series and times.
        command: what was typed to train it.
        environment: versions of Python and of the libraries, processor.
        notes: what else must be known.
        coverage: share of the test values within each interval, by its level.
    """
    data = config["data"]
    what = ", ".join(map(escaped, data["targets"]))
    ahead = "the next step" if data["horizon"] == 1 else f"the next {data['horizon']} steps"
    sections = [
        series_front_matter(name, str(corpus.get("name")), scores),
        f"# {escaped(name)}\n\nA recurrent network ({escaped(config['encoder']['cell'])}) that predicts {what} "
        f"{ahead} ahead, trained on {escaped(str(corpus.get('name')))}.",
        "\n".join(
            [
                "## How to use", "", f"In the folder that holds `{name}`:", "", "```sh",
                f"tagger forecast {shlex.quote(name)} FILE --steps 14", "```",
            ]
        ),
        measured(scores, coverage or {}),
        "## Intended use and limits\n\n- Meant for series like that of the training data. What changes later than that "
        "is not known to the model.\n- Intervals come from errors on dev; they hold as long as the series goes on as "
        "it did there.",
        _data(corpus, notes),
        remake(command, environment, config),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def measured(scores: Mapping[str, Sequence[TargetScores]], coverage: Mapping[float, float]) -> str:
    """The section on errors, in the unit of the data, beside forecasts that need no network."""
    if not scores:
        return "## Scores\n\nNothing was measured: training had neither dev nor test data."
    rows, words = [], []
    for part, targets in scores.items():
        for one in targets:
            for kind, figures in one.figures.items():
                skill = "" if kind == NETWORK else f"{100 * one.comparisons[kind].skill:+.1f} %"
                label = kind + (f" ({figures.detail})" if figures.detail else "")
                rows.append(
                    (escaped(f"{part}: {one.target}"), escaped(label), f"{figures.mae:.4g}", f"{figures.rmse:.4g}",
                     f"{figures.r2:.3f}", skill)
                )  # fmt: skip
    part, targets = list(scores.items())[-1]
    for one in targets:
        words += [f"- {escaped(line)}" for line in verdicts(one, part)]
    words += [f"- {100 * level:.0f} % intervals hold {100 * share:.1f} % of test." for level, share in coverage.items()]
    head = ("part: target", "forecast", "MAE", "RMSE", "R2", "skill of the network")
    return "\n\n".join(["## Scores", "In the unit of the data.", table(head, rows), "\n".join(words)])


def _data(corpus: Mapping[str, Any], notes: Sequence[str]) -> str:
    names = ("name", "source", "licence", "rows", "series", "from", "to", "fingerprint")
    rows = [(name, escaped(_shown(corpus[name]))) for name in names if corpus.get(name) is not None]
    listed = "\n".join(f"- {escaped(note)}" for note in notes)
    return "\n\n".join(part for part in ("## Training data", table(("", ""), rows), listed) if part)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {number:,}" for key, number in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def series_front_matter(
    name: str, dataset: str, scores: Mapping[str, Sequence[TargetScores]], *, kind: str = "time-series-forecasting"
) -> str:
    """Metadata with the measured scores, between and including the two ``---``."""
    results = [
        {
            "task": {"type": kind, "name": f"predicting {one.target}"},
            "dataset": {"type": dataset, "name": dataset, "split": part},
            "metrics": [{"type": "rmse", "name": "RMSE", "value": round(one.figures[NETWORK].rmse, 4)}],
        }
        for part, targets in scores.items()
        for one in targets
    ]
    values: dict[str, Any] = {
        "pipeline_tag": kind,
        "library_name": "sequence-tagger",
        "tags": ["sequence-tagger", "time series", "regression"],
    }
    if results:
        values |= {"metrics": ["rmse"], "model-index": [{"name": name, "results": results}]}
    return "\n".join(["---", *yaml_lines(values), "---"])
