"""Scores of forecasts as tables, and forecasts as tables and JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, plain_text
from tagger.evaluation.forecast_scores import NETWORK, TargetScores, network_rmse, verdicts

if TYPE_CHECKING:
    from tagger.corpora.series.table import SeriesTable
    from tagger.forecasting.forecaster import Forecast
    from tagger.forecasting.task import ForecasterRun

MOST_LEADS = 14  # rows of the table of leads


def describe(table: SeriesTable, targets: Sequence[str]) -> str:
    """Describe what was read of a table."""
    series = f", {len(table.groups):,} series by {table.group}" if table.group else ""
    first, last = int(table.times.argmin()), int(table.times.argmax())
    lines = [
        f"table {table.name}: {len(table):,} rows{series}, {table.time} {table.text(first)} to {table.text(last)}",
        f"  predicts {', '.join(targets)}",
    ]
    others = [name for name in table.columns if name not in targets]
    return "\n".join([*lines, *([f"  reads also {', '.join(others)}"] if others else [])])


def render_scores(scores: Mapping[str, Sequence[TargetScores]], terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the errors of each target on each split beside the baselines, then the verdicts."""
    tables = []
    for split, targets in scores.items():
        for one in targets:
            title = f"{one.target} on {split} ({one.count:,} values)"
            table = new_table(terminal, title, "MAE", "RMSE", "R2", "skill")
            for row in one.rows():
                table.add_row(*row)
            tables.append(as_text(table, terminal))
            if len(one.figures[NETWORK].rmse_by_lead) > 1:
                tables.append(_leads(one, split, terminal))
    split, targets = list(scores.items())[-1]
    words = [line for one in targets for line in verdicts(one, split)]
    return "\n\n".join([*tables, "\n".join(words)])


def _leads(one: TargetScores, split: str, terminal: TerminalCapabilities) -> str:
    table = new_table(terminal)
    table.add_column("lead", justify="right")
    for kind in one.figures:
        table.add_column(kind, justify="right")
    leads = len(one.figures[NETWORK].rmse_by_lead)
    for lead in range(min(leads, MOST_LEADS)):
        table.add_row(str(lead + 1), *(f"{figures.rmse_by_lead[lead]:.4g}" for figures in one.figures.values()))
    more = f"\n{leads - MOST_LEADS:,} further leads are in metrics.json" if leads > MOST_LEADS else ""
    return f"{one.target} on {split}: RMSE by lead\n{as_text(table, terminal)}{more}"


def render_coverage(run: ForecasterRun) -> str:
    """Say what share of test lies within the intervals; nothing where it was not measured."""
    if run.coverage is None:
        return ""
    levels = run.model.saved.intervals.levels
    pairs = zip(levels, run.coverage, strict=True)
    shares = [f"{100 * share:.1f} % in the {100 * level:.0f} % one" for level, share in pairs]
    leads = len(run.model.saved.intervals.widths)
    return f"intervals of forecasts up to {leads:,} steps, measured on dev; of test lie {', '.join(shares)}"


def render_seeds(runs: Sequence[ForecasterRun], kept: int, terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the RMSE of each seed, then mean and standard deviation."""
    import statistics

    figures = {
        run.seed: [value for targets in network_rmse(run.scores).values() for value in targets.values()] for run in runs
    }
    table = new_table(terminal)
    table.add_column("Seed", justify="right")
    for split, targets in runs[0].scores.items():
        for one in targets:
            table.add_column(plain_text(f"{split} {one.target} RMSE"), justify="right")
    table.add_column("")
    for seed, values in figures.items():
        table.add_row(str(seed), *(f"{value:.4g}" for value in values), "kept" if seed == kept else "")
    table.add_section()
    columns = list(zip(*figures.values(), strict=True))
    sign = "±" if terminal.unicode else "+-"
    cells = [f"{statistics.mean(column):.4g} {sign} {statistics.stdev(column):.2g}" for column in columns]
    table.add_row("mean", *cells, f"{sign} std", style="bold")
    return as_text(table, terminal)


def render_forecast(forecast: Forecast, terminal: TerminalCapabilities = PLAIN) -> str:
    """Render the steps of one series with the ends of their intervals."""
    intervals = [f"{100 * level:.0f} % interval" for level in forecast.levels]
    heads = [head for target in forecast.targets for head in (target, *intervals)]
    table = new_table(terminal, forecast.group or "time", *heads)
    for step, label in enumerate(forecast.labels):
        cells = []
        for number in range(len(forecast.targets)):
            cells.append(f"{forecast.values[step, number]:.5g}")
            ends = zip(forecast.low[step, :, number], forecast.high[step, :, number], strict=True)
            cells += [f"{low:.4g} to {high:.4g}" for low, high in ends]
        table.add_row(label, *cells)
    return as_text(table, terminal)


def forecast_lines(forecast: Forecast) -> str:
    """Write the forecast as JSON lines, one a step."""
    records = (_record(forecast, step) for step in range(len(forecast.labels)))
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _record(forecast: Forecast, step: int) -> dict[str, Any]:
    record: dict[str, Any] = {"time": forecast.labels[step], "lead": step + 1}
    if forecast.group:
        record["series"] = forecast.group
    for number, target in enumerate(forecast.targets):
        record[target] = float(forecast.values[step, number])
        for place, level in enumerate(forecast.levels):
            ends = float(forecast.low[step, place, number]), float(forecast.high[step, place, number])
            record[f"{target}_{100 * level:.0f}"] = list(ends)
    return record
