"""Comparisons of recurrent cells as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table
from tagger.experiments.compare_cells import BLOCKS, CellResult, factor_per_step, layer_parameters

if TYPE_CHECKING:
    from tagger.experiments.copy_task import CopyResult, CopySettings

Gradients = Mapping[str, Sequence[float]]
BACK = (1, 5, 10, 20, 40, 60, 100, 200, 500)
MOST_BACK = 7  # columns


def render_cells(
    equal: Sequence[CellResult], matched: Sequence[CellResult], terminal: TerminalCapabilities = PLAIN
) -> str:
    """Render size, time and scores at equal hidden size and at equal parameters."""
    first = equal[0]
    size = f"Equal hidden size, H = {first.hidden_size}, words of D = {first.input_size}"
    parts = [
        _table(equal, size, terminal),
        "",
        _table(matched, "Equal parameters", terminal),
        "",
        "A layer has blocks x H x (D + H + 2) parameters: a matrix for the word, one for the state and two biases",
        "for each block. RNN 1 block; GRU 3: reset gate, update gate, candidate; LSTM 4: three gates, candidate.",
    ]
    return "\n".join(parts)


def _table(results: Sequence[CellResult], title: str, terminal: TerminalCapabilities) -> str:
    scores = (f"{split} %" for split in results[0].scores)
    table = new_table(terminal, title, "blocks", "H", "a layer", "both", "us a word", *scores, "time")
    for one in results:
        layer = layer_parameters(one.cell, one.input_size, one.hidden_size)
        table.add_row(
            one.cell.upper(), str(BLOCKS[one.cell]), str(one.hidden_size), f"{layer:,}", f"{one.parameters:,}",
            f"{one.step_microseconds:.2f}", *(f"{100 * score:.2f}" for score in one.scores.values()),
            f"{one.seconds:.0f} s",
        )  # fmt: skip
    return as_text(table, terminal)


def render_gradients(
    gradients: Mapping[str, tuple[Gradients, Gradients]], terminal: TerminalCapabilities = PLAIN
) -> str:
    """Render the gradient by the state k steps back, of each cell, before and after training."""
    longest = min(len(values) for before, _ in gradients.values() for values in before.values())
    back = [k for k in BACK if k < longest][-MOST_BACK:]
    table = new_table(terminal)
    table.add_column("Gradient k steps back", no_wrap=True)
    for k in back:
        table.add_column(f"k = {k}", justify="right")
    table.add_column("a step", justify="right")
    for place, when in enumerate(("untrained", "trained")):
        for cell, both in gradients.items():
            for state, values in both[place].items():
                figures = [f"{values[k]:.1e}" for k in back]
                table.add_row(f"{when} {cell.upper()}, {state}", *figures, f"x {factor_per_step(values):.2f}")
    return as_text(table, terminal)


def render_copy(
    results: Mapping[str, Sequence[CopyResult]], settings: CopySettings, terminal: TerminalCapabilities = PLAIN
) -> str:
    """Render the right answers at each length of the memory, and a verdict in words."""
    lengths = (f"N = {length}" for length in settings.lengths)
    table = new_table(terminal, f"One of 8 symbols, H = {settings.hidden_size}", *lengths, "time")
    words = []
    for cell, by_length in results.items():
        shown = [f"{100 * one.accuracy:.1f} % ({one.updates:,})" for one in by_length]
        missing = ["-"] * (len(settings.lengths) - len(by_length))
        table.add_row(cell.upper(), *shown, *missing, f"{sum(one.seconds for one in by_length):.0f} s")
        solved = [one.length for one in by_length if one.solved]
        summary = f"remembers a symbol for {solved[-1]} steps" if solved else "does not remember a symbol"
        failed = next((one.length for one in by_length if not one.solved), None)
        words.append(f"{cell.upper()} {summary}" + ("" if failed is None else f", fails at {failed}"))
    note = f"right answers, and updates until 99 % were right ({settings.updates:,} at most)"
    return "\n".join([as_text(table, terminal), note, *words])
