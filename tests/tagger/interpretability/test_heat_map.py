"""The picture: its size, its colours, and what cannot be drawn."""

from __future__ import annotations

import builtins
import io
import struct
from typing import Any

import numpy as np
import pytest

from tagger.errors import ConfigError, OutputError
from tagger.interpretability.gate_activations import Gates
from tagger.interpretability.heat_map import MOST_WORDS, heat_map

YELLOW, PURPLE = (253, 231, 37), (68, 1, 84)  # viridis: open, closed
RED, BLUE = (103, 0, 31), (5, 48, 97)  # RdBu reversed: 1, -1


def made(words: int = 4, units: int = 6, *, names: tuple[str, ...] = ("update_gate",), value: float = 0.0) -> Gates:
    """A GRU's forward and backward gates, all of one value."""
    arrays = {(d, 1, name): np.full((words, units), value) for d in ("forward", "backward") for name in names}
    return Gates("gru", tuple(f"w{i}" for i in range(words)), arrays, ("X",) * words, (0, words // 2))


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def share(png: bytes, colour: tuple[int, int, int]) -> float:
    """Share of the picture that has this colour."""
    from matplotlib.image import imread

    pixels = np.round(imread(io.BytesIO(png), format="png")[..., :3] * 255)
    return float((np.abs(pixels - colour).max(axis=2) <= 1).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "colour", "other"),
    [
        ("update_gate", 1.0, YELLOW, PURPLE),
        ("update_gate", 0.0, PURPLE, YELLOW),
        ("hidden_state", 1.0, RED, BLUE),
        ("hidden_state", -1.0, BLUE, RED),
    ],
)
def test_colours_say_how_far_a_gate_is_open(
    name: str, value: float, colour: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    png = heat_map(made(names=(name,), value=value))
    assert share(png, colour) > 0.2
    assert share(png, other) < 0.01  # of the colour bar alone


@pytest.mark.slow
def test_a_column_of_panels_for_each_direction_and_a_row_for_each_gate() -> None:
    one = made(names=("reset_gate",))
    width, height = size(heat_map(one))
    wide, high = size(heat_map(made(names=("reset_gate", "update_gate", "candidate", "hidden_state"))))
    assert (wide, high > 2 * height) == (width, True)
    assert size(heat_map(one.pick(direction="forward")))[0] < 0.6 * width
    assert size(heat_map(made(40)))[0] > 2 * width


@pytest.mark.slow
def test_means_take_less_room_than_units() -> None:
    gates = made(30, 200, value=0.5)
    assert size(heat_map(gates, average=True))[1] < size(heat_map(gates))[1]


def test_sorted_units_stand_in_another_order() -> None:
    gates = made(names=("update_gate",)).pick(direction="forward")
    gates.arrays["forward", 1, "update_gate"][[3, 0], [0, 5]] = 1  # unit 5 moves at the first word
    plain, ordered = heat_map(gates), heat_map(gates, sort=True)
    assert plain != ordered
    assert share(ordered, YELLOW) == pytest.approx(share(plain, YELLOW), abs=0.005)


@pytest.mark.slow
def test_words_of_any_script_and_signs_of_mathematics() -> None:
    """A ``$`` starts no formula, a backslash no command, and a missing glyph is no warning."""
    gates = made(6)
    words = ("$5", "$\\frac{", "文字", "ש", "a\tb\x1b", "x" * 90)
    drawn = Gates(gates.cell, words, gates.arrays, gates.tags)
    width, height = size(heat_map(drawn))
    assert height < 1.8 * size(heat_map(gates))[1]
    assert width > 100


def test_a_single_word_and_a_single_unit() -> None:
    gates = made(1, 1)
    assert size(heat_map(gates))
    assert size(heat_map(gates, average=True))


def test_too_many_words_are_refused() -> None:
    with pytest.raises(ConfigError, match=f"heat map: the text has 101 words; expected at most {MOST_WORDS}"):
        heat_map(made(101))


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OutputError, match=r'pip install "sequence-tagger\[plots\]"'):
        heat_map(made())
