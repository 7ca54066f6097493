"""Arrays of gates and states over the words of a text: select, average, find the units that move most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tagger.errors import ConfigError
from tagger.interpretability.gate_names import NAMES, find_name, is_gate

Key = tuple[str, int, str]
"""Direction ("forward" or "backward"), layer (from 1), name."""
Place = tuple[str, int]
"""Direction and layer."""


@dataclass(frozen=True, slots=True)
class UnitMovement:
    """The word at which one unit of a gate or state is furthest from its mean over the words.

    Attributes:
        direction, layer, name: the array.
        unit: number of the unit, from 0.
        position: number of the word, from 0.
        token: that word.
        value: of the unit at that word.
        mean: over all words.
        deviation: standard deviation over all words.
    """

    direction: str
    layer: int
    name: str
    unit: int
    position: int
    token: str
    value: float
    mean: float
    deviation: float


@dataclass(frozen=True, eq=False)
class Gates:
    """Gates and states of T words.

    Attributes:
        cell: "lstm", "gru" or "rnn".
        tokens: the T words.
        arrays: (T, H) by direction, layer and name; row t is word t in both directions.
        tags: the T predicted tags; None without a tagging head.
        starts: numbers of the words before which the states are zero: the first of each sentence read by itself.
        units: numbers of the selected units, one a column; None for all.
    """

    cell: str
    tokens: tuple[str, ...]
    arrays: Mapping[Key, np.ndarray] = field(repr=False)
    tags: tuple[str, ...] | None = None
    starts: tuple[int, ...] = (0,)
    units: tuple[int, ...] | None = None

    def __getitem__(self, key: Key) -> np.ndarray:
        """Return the (T, H) array of a direction, layer and name."""
        return self.arrays[key]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays, in the order in which the cell computes them."""
        present = {name for _, _, name in self.arrays}
        return tuple(name for name in NAMES[self.cell] if name in present)

    @property
    def gate_names(self) -> tuple[str, ...]:
        """Names of the gates, whose values lie between 0 and 1; none for a plain RNN."""
        return tuple(name for name in self.names if is_gate(name))

    @property
    def places(self) -> tuple[Place, ...]:
        """Directions and layers: forward first, from the lowest layer to the highest."""
        return tuple(dict.fromkeys((direction, layer) for direction, layer, _ in self.arrays))

    def array(self, name: str, direction: str = "forward", layer: int = 1) -> np.ndarray:
        """Return a (T, H) array, as ``[direction, layer, name]`` with clear errors.

        Raises:
            ConfigError: there is no such name, direction or layer.
        """
        chosen = self.pick(names=[name], direction=direction, layer=layer)
        return next(iter(chosen.arrays.values()))

    def mean(self, name: str, direction: str = "forward", layer: int = 1, *, size: bool = False) -> np.ndarray:
        """Compute the (T,) mean over the units.

        Args:
            name: of a gate or state.
            direction: "forward" or "backward".
            layer: from 1.
            size: average absolute values, since signs of states cancel out.
        """
        values = self.array(name, direction, layer)
        averaged: np.ndarray = (np.abs(values) if size else values).mean(axis=1)
        return averaged

    def unit_number(self, column: int) -> int:
        """Return the number of the unit in a column of the arrays."""
        return column if self.units is None else self.units[column]

    def pick(
        self,
        *,
        names: Iterable[str] = (),
        direction: str | None = None,
        layer: int | None = None,
        units: Sequence[int] | None = None,
    ) -> Gates:
        """Select arrays and units.

        Args:
            names: gates and states; all if empty.
            direction: "forward" or "backward"; None for all.
            layer: from 1; None for all.
            units: numbers from 0; None for all.

        Raises:
            ConfigError: the model has no such name, direction, layer or unit.
        """
        wanted = {find_name(name, self.cell) for name in names} or set(self.names)
        directions = list(dict.fromkeys(place[0] for place in self.places))
        _check_member("direction", direction, directions)
        _check_member("layer", layer, sorted({place[1] for place in self.places}))
        arrays = {
            key: values
            for key, values in self.arrays.items()
            if direction in (None, key[0]) and layer in (None, key[1]) and key[2] in wanted
        }
        if units is None:
            return replace(self, arrays=arrays)
        columns = [self._column(unit, min(values.shape[1] for values in arrays.values())) for unit in units]
        return replace(self, arrays={key: a[:, columns] for key, a in arrays.items()}, units=tuple(units))

    def _column(self, unit: int, size: int) -> int:
        if self.units is None:
            if not 0 <= unit < size:
                raise ConfigError(f"unit is {unit}; a layer has {size} units, numbered from 0 to {size - 1}")
            return unit
        _check_member("unit", unit, self.units, "picked are")
        return self.units.index(unit)

    def top(self, k: int = 5, names: Sequence[str] = ()) -> list[UnitMovement]:
        """Find the k units that open or close most: furthest from their mean over the words.

        Args:
            k: number of entries, at most.
            names: gates and states; all gates if empty (of a plain RNN, the hidden state).
        """
        return sorted(self._movements(names), key=lambda move: -abs(move.value - move.mean))[:k]

    def _movements(self, names: Sequence[str]) -> Iterable[UnitMovement]:
        """Yield every unit at the word where it is furthest from its mean; nothing for a single word."""
        if len(self.tokens) < 2:
            return
        wanted = tuple(find_name(name, self.cell) for name in names) or self.gate_names or self.names
        for (direction, layer, name), values in self.arrays.items():
            if name not in wanted:
                continue
            means, deviations = values.mean(axis=0), values.std(axis=0)
            for column, at in enumerate(np.abs(values - means).argmax(axis=0).tolist()):
                yield UnitMovement(
                    direction, layer, name, self.unit_number(column), at, self.tokens[at],
                    float(values[at, column]), float(means[column]), float(deviations[column]),
                )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, with six decimals."""
        arrays = [
            {"direction": d, "layer": layer, "name": name, "values": np.round(a.astype(float), 6).tolist()}
            for (d, layer, name), a in self.arrays.items()
        ]
        return {**self.facts(), "arrays": arrays}

    def facts(self) -> dict[str, Any]:
        """Return all but the arrays, as plain values for JSON."""
        return {
            "cell": self.cell,
            "tokens": list(self.tokens),
            "tags": None if self.tags is None else list(self.tags),
            "starts": list(self.starts),
            "units": None if self.units is None else list(self.units),
        }


def _check_member(what: str, asked: object, known: Sequence[object], there: str = "the model has") -> None:
    if asked is not None and asked not in known:
        raise ConfigError(f"{what} is {asked}; {there} {', '.join(map(str, known))}")


def by_movement(values: np.ndarray) -> np.ndarray:
    """Sort the columns of a (T, H) array by the word where they are furthest from their mean.

    At the same word, the widest movement comes first. Returns (H,) column numbers.
    """
    distances = np.abs(values - values.mean(axis=0))
    order: np.ndarray = np.lexsort((-distances.max(axis=0), distances.argmax(axis=0)))
    return order
