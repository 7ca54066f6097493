"""Gates as tables: a row a word, a column a gate or unit, and the most active units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, plain_text, printable
from tagger.interpretability.gate_names import describe, is_gate, label, meaning
from tagger.model_cards.plots import ASCII_BLOCKS, BLOCKS, spark

if TYPE_CHECKING:
    import numpy as np
    from rich.text import Text

    from tagger.interpretability.gate_activations import Gates, Place, UnitMovement

Widths = tuple[int, int, int]
LONGEST_WORD = 24
LONGEST_BAR, SHORTEST_BAR = 8, 3
LONGEST_SPARK = 24
_GAP = 2  # between columns
_WIDTH_FOR_COURSES = 72
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEAT = ("blue", "cyan", "yellow", "red")  # a column's lowest quarter to its highest


def render_gates(gates: Gates, terminal: TerminalCapabilities = PLAIN, *, top: int = 5) -> str:
    """Render an explanation, a table for each layer, and the ``top`` most active units.

    If units were picked, each of them has a column; else columns are means over units.
    """
    parts = [_introduction(gates, terminal)]
    for place in gates.places:
        if gates.units is None:
            parts.append(_mean_table(gates, place, terminal))
        else:
            parts.extend(_unit_tables(gates, place, terminal))
        if top:
            parts.append(_movements(gates, place, terminal, top))
    return "\n\n".join(part for part in parts if part)


def _introduction(gates: Gates, terminal: TerminalCapabilities) -> str:
    words = f"{len(gates.tokens):,} word{'s' if len(gates.tokens) != 1 else ''}"
    no_gates = " It has no gates: every word writes over the whole hidden state." if gates.cell == "rnn" else ""
    kind = describe(gates.cell)
    lines = [f"{kind[0].upper()}{kind[1:]} reads {words}.{no_gates}"]
    width = max(len(label(name)) for name in gates.names)
    lines += [f"  {label(name):{width}}  {meaning(name)}" for name in gates.names]
    if gates.units is None and any(not is_gate(name) for name in gates.names):
        lines.append("Candidates and states have signs that would cancel out: the mean of their sizes is shown.")
    if terminal.colour:
        lines.append("Colours go from the lowest of a column (blue, cyan) to its highest (yellow, red).")
    return "\n".join(lines)


def _title(gates: Gates, place: Place, what: str) -> str:
    """Write the direction, and the layer where there are several."""
    direction, layer = place
    numbered = f", layer {layer}" if len({one[1] for one in gates.places}) > 1 or layer > 1 else ""
    return f"{direction.capitalize()}{numbered}: {what}"


def _mean_table(gates: Gates, place: Place, terminal: TerminalCapabilities) -> str:
    import numpy as np

    arrays = {name: gates[(*place, name)] for name in gates.names}
    units = next(iter(arrays.values())).shape[1]
    heads = [label(name) if is_gate(name) else f"size of {label(name)}" for name in gates.names]
    columns = [values.mean(axis=1) if is_gate(name) else np.abs(values).mean(axis=1) for name, values in arrays.items()]
    return f"{_title(gates, place, f'mean of {units:,} units')}\n{_tables(gates, heads, columns, terminal)}"


def _unit_tables(gates: Gates, place: Place, terminal: TerminalCapabilities) -> Iterator[str]:
    for name in gates.names:
        values = gates[(*place, name)]
        heads = [f"unit {gates.unit_number(column)}" for column in range(values.shape[1])]
        title = _title(gates, place, f"{label(name)} of single units")
        yield f"{title}\n{_tables(gates, heads, list(values.T), terminal)}"


def _tables(gates: Gates, heads: Sequence[str], columns: Sequence[np.ndarray], terminal: TerminalCapabilities) -> str:
    """Render words, tags and a column for each head; wide ones as several tables."""
    from rich.cells import cell_len

    longest = min(max(4, *map(cell_len, gates.tokens)), LONGEST_WORD, max(4, terminal.width // 3))
    tags = 0 if gates.tags is None else max(3, *map(cell_len, gates.tags)) + _GAP
    room = terminal.width - longest - tags
    figures = max(len(f"{value:.2f}") for values in columns for value in values.tolist())
    narrowest = max(len(word) for head in heads for word in head.split()) + _GAP
    number = min(len(heads), max(1, room // max(narrowest, figures + _GAP)))
    bar = min(LONGEST_BAR, room // number - figures - 1 - _GAP)
    widths = longest, figures, bar if bar >= SHORTEST_BAR else 0
    return "\n\n".join(
        _table(gates, heads[start : start + number], columns[start : start + number], widths, terminal)
        for start in range(0, len(heads), number)
    )


def _table(
    gates: Gates, heads: Sequence[str], columns: Sequence[np.ndarray], widths: Widths, terminal: TerminalCapabilities
) -> str:
    """Render one table; widths are those of words, figures and bars."""
    longest, figures, bar = widths
    table = new_table(terminal)
    table.add_column("word", no_wrap=True, overflow="ellipsis", max_width=longest)
    if gates.tags is not None:
        table.add_column("tag", no_wrap=True, overflow="ellipsis", style="dim")
    for head in heads:
        width = figures + 1 + bar if bar else max(figures, *map(len, head.split()))
        table.add_column(plain_text(head), width=width, vertical="bottom")
    for row, token in enumerate(gates.tokens):
        cells = [_cell(float(values[row]), values, (figures, bar), terminal) for values in columns]
        tag = [] if gates.tags is None else [plain_text(gates.tags[row])]
        table.add_row(plain_text(token), *tag, *cells, end_section=row + 1 in gates.starts)
    return as_text(table, terminal)


def _cell(value: float, column: np.ndarray, widths: tuple[int, int], terminal: TerminalCapabilities) -> Text:
    """Render a figure and a bar, coloured by its place in the range of its column."""
    from rich.text import Text

    figures, bar = widths
    low, high = float(column.min()), float(column.max())
    place = (value - low) / (high - low) if high > low else 0.5
    style = _HEAT[min(int(place * len(_HEAT)), len(_HEAT) - 1)]
    share = abs(value) / max(1.0, abs(low), abs(high))  # a full bar is 1, or the largest where states exceed it
    return Text(f"{value:{figures}.2f} {_bar(share, bar, terminal)}".rstrip(), style=style)


def _bar(share: float, width: int, terminal: TerminalCapabilities) -> str:
    if not terminal.unicode:
        return "#" * round(share * width)
    eighths = round(share * width * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _movements(gates: Gates, place: Place, terminal: TerminalCapabilities, top: int) -> str:
    """Render the units that deviate most from their means, each with its curve over the words."""
    direction, layer = place
    here = gates.pick(direction=direction, layer=layer)
    names = () if gates.gate_names else gates.names
    moves = here.top(top, names)
    if not moves:
        return ""
    table = new_table(terminal)
    table.add_column("unit", justify="right", no_wrap=True)
    table.add_column("does", overflow="fold")
    for head in ("is", "mean"):
        table.add_column(head, justify="right", no_wrap=True)
    room = terminal.width >= _WIDTH_FOR_COURSES
    if room:
        table.add_column("over the words", no_wrap=True)
    for move in moves:
        column = move.unit if here.units is None else here.units.index(move.unit)
        course = here[(*place, move.name)][:, column].tolist()
        drawn = spark(course, width=LONGEST_SPARK, blocks=BLOCKS if terminal.unicode else ASCII_BLOCKS)
        figures = f"{move.value:.2f}", f"{move.mean:.2f}"
        table.add_row(str(move.unit), _event(gates, move), *figures, *([drawn] if room else []))
    return f"{_title(gates, place, 'units that move most')}\n{as_text(table, terminal)}"


def _event(gates: Gates, move: UnitMovement) -> Text:
    """Describe what a unit does at a word: ``forget gate opens at fish (VERB)``."""
    up, down = ("opens", "closes") if is_gate(move.name) else ("rises", "falls")
    tag = "" if gates.tags is None else f" ({gates.tags[move.position]})"
    return plain_text(f"{label(move.name)} {up if move.value > move.mean else down} at {printable(move.token)}{tag}")
