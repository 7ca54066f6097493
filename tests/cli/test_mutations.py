"""Damaged corpora through check, train and tag as from the command line.

``benchmarks.robustness.mutated_corpora`` does it with many.
"""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import pytest

from tests.mutation_legs import Legs, at_most
from tests.mutations import CORPORA, mutants, plainly_read

pytestmark = pytest.mark.slow

MUTANTS = 40


def test_damaged_corpora_are_checked_trained_on_and_tagged_or_refused_in_one_line(
    tmp_path: Path, tiny_model: Path
) -> None:
    legs = Legs(tmp_path, tiny_model)
    outcomes = []
    for number, (name, data) in enumerate(islice(mutants("fixed"), MUTANTS)):
        outcomes.append(legs.run(name, data, skip_invalid=number % 5 == 4, repair=number % 7 == 6))
    for leg in ("check", "train", "tag"):
        assert {outcome[leg] for outcome in outcomes} == {True, False}


def test_sound_corpora_pass_all_legs(tmp_path: Path, tiny_model: Path) -> None:
    legs = Legs(tmp_path, tiny_model)
    for name, data in CORPORA.items():
        read = name != "webanno.tsv"  # it is named and refused
        assert legs.run(name, data) == {"check": read, "train": read, "tag": read}, name


def test_what_is_read_wrongly_is_noticed(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.mutation_legs.plainly_read", lambda name, data: plainly_read(name, data)[1:])  # type: ignore[index]
    with pytest.raises(AssertionError):
        Legs(tmp_path, tiny_model).run("a.conllu", CORPORA["a.conllu"])


def test_what_takes_too_long_is_broken_off() -> None:
    with pytest.raises(AssertionError, match="took more than 1 seconds"), at_most(1):
        time.sleep(5)
