"""Learning rates against the formulas, by hand."""

from __future__ import annotations

import math

import pytest

from tagger.training.schedules import SHAPES, Schedule


@pytest.mark.parametrize(
    ("name", "progress", "expected"),
    [
        ("cosine", 0.0, 0.0),
        ("cosine", 0.05, 0.25),
        ("cosine", 0.2, 1.0),
        ("cosine", 0.6, 0.5),
        ("cosine", 0.4, 0.5 * (1 + math.cos(math.pi / 4))),
        ("cosine", 1.0, 0.0),
        ("linear", 0.1, 0.5),
        ("linear", 0.4, 0.75),
        ("linear", 1.0, 0.0),
        ("constant", 0.1, 0.5),
        ("constant", 0.9, 1.0),
        ("plateau", 0.9, 1.0),
    ],
)
def test_factors(name: str, progress: float, expected: float) -> None:
    assert Schedule(name, warmup=0.2).factor(progress) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("warmup", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("name", SHAPES)
def test_factors_stay_between_zero_and_one(name: str, warmup: float) -> None:
    schedule = Schedule(name, warmup=warmup)
    assert all(0 <= schedule.factor(n / 50 - 0.5) <= 1 for n in range(101))


def test_without_a_warm_up_the_first_step_is_a_full_one() -> None:
    assert Schedule("cosine", warmup=0.0).factor(0.0) == 1.0


def test_a_plateau_halves_the_rate_after_two_idle_epochs() -> None:
    schedule = Schedule("plateau", warmup=0.0)
    found = []
    for improved in (True, False, True, False, False, False, False, True):
        schedule.epoch_done(improved)
        found.append(schedule.factor(0.5))
    assert found == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("name", ["cosine", "linear", "constant"])
def test_other_schedules_do_not_listen(name: str) -> None:
    schedule = Schedule(name, warmup=0.0)
    before = schedule.factor(0.3)
    for _ in range(9):
        schedule.epoch_done(False)
    assert schedule.factor(0.3) == before
