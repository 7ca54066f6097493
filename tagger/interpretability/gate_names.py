"""Names, equations and meanings of the gates and states of a cell."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tagger.errors import ConfigError

NAMES = {
    "lstm": ("input_gate", "forget_gate", "output_gate", "candidate", "cell_state", "hidden_state"),
    "gru": ("reset_gate", "update_gate", "candidate", "hidden_state"),
    "rnn": ("hidden_state",),
}
"""Names by kind of cell, in the order in which a cell computes them."""

EQUATIONS = {
    "lstm": (
        "i = σ(W_i x + U_i h + b_i)",
        "f = σ(W_f x + U_f h + b_f)",
        "o = σ(W_o x + U_o h + b_o)",
        "g = tanh(W_g x + U_g h + b_g)",
        "c ← f · c + i · g",
        "h ← o · tanh(c)",
    ),
    "gru": (
        "r = σ(W_r x + U_r h + b_r)",
        "z = σ(W_z x + U_z h + b_z)",
        "n = tanh(W_n x + b_n + r · (U_n h + c_n))",
        "h ← z · h + (1 − z) · n",
    ),
    "rnn": ("h ← tanh(W x + U h + b)",),
}
"""Equations of ``models/layers/cells.py`` in the order of NAMES; a letter after ``_`` is an index."""

_MEANINGS = {
    "input_gate": "how much of the candidate is written into the cell state: near 0 nothing, near 1 all",
    "forget_gate": "how much of the old cell state stays: near 1 keeps it, near 0 erases it",
    "output_gate": "how much of the cell state shows in the hidden state: near 0 hides it, near 1 shows it",
    "reset_gate": "how much of the old state the candidate may see: near 0 the word counts as if it were the first",
    "update_gate": "how much of the old state stays: near 1 keeps it, near 0 takes the candidate instead",
    "candidate": "what the word would write, between -1 and 1",
    "cell_state": "the memory: what the forget gate kept plus what the input gate let in; it has no bounds",
    "hidden_state": "what the next layer and the heads read, between -1 and 1",
}


def is_gate(name: str) -> bool:
    """Tell whether values lie between 0 (closed) and 1 (open); all others are signed."""
    return name.endswith("_gate")


def meaning(name: str) -> str:
    """Describe a gate or state in one line."""
    return _MEANINGS[name]


def label(name: str) -> str:
    """Return the name with spaces."""
    return name.replace("_", " ")


def find_name(asked: str, cell: str) -> str:
    """Find a name from what a user wrote: ``forget``, ``forget gate`` or ``forget-gate``.

    Raises:
        ConfigError: the cell has no such gate or state; the message suggests the nearest.
    """
    name = asked.strip().lower().replace("-", "_").replace(" ", "_")
    known = NAMES[cell]
    for candidate in known:
        if name in (candidate, candidate.rpartition("_")[0]):
            return candidate
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"gate is '{asked}', but the model is {describe(cell)} and has {_listed(known)}{hint}")


def describe(cell: str) -> str:
    """Name the kind of cell with its article."""
    return {"lstm": "an LSTM", "gru": "a GRU", "rnn": "a plain RNN"}[cell]


def _listed(names: Sequence[str]) -> str:
    return "no gates, only hidden_state" if len(names) == 1 else ", ".join(names)
