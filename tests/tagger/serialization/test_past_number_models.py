"""Folders of models of numbers of every format there was, in tests/data: they load for ever and give what they gave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tagger.forecasting.checkpoint import load_any
from tagger.forecasting.forecaster import Forecaster
from tagger.serialization.manifest import FORMAT_VERSION, read_verified_manifest, verify
from tagger.token_regression.regressor import TokenRegressor

DATA = Path(__file__).parents[2] / "data"
KINDS = ("time", "words")


def folders(kind: str) -> list[Path]:
    return sorted(DATA.glob(f"numbers-*-{kind}"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_there_and_whole(kind: str) -> None:
    """Numbers came with the second format."""
    assert {read_verified_manifest(folder)["format_version"] for folder in folders(kind)} == set(
        range(2, FORMAT_VERSION + 1)
    )
    for folder in folders(kind):
        assert all(file.problem is None for file in verify(folder))
        assert load_any(folder)[0] == ("number",)


@pytest.mark.parametrize("folder", folders("time"), ids=lambda folder: str(folder.name))
def test_forecasts_are_what_they_were(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    found = Forecaster.load(folder).forecast(str(folder / "wave.csv"), steps=5)
    assert [(one.group, list(one.labels)) for one in found] == [(one["group"], one["labels"]) for one in expected]
    for one, was in zip(found, expected, strict=True):
        for name in ("values", "low", "high"):
            np.testing.assert_allclose(getattr(one, name), was[name], rtol=1e-5)


@pytest.mark.parametrize("folder", folders("words"), ids=lambda folder: str(folder.name))
def test_numbers_of_words_are_what_they_were(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    found = TokenRegressor.load(folder, threads=1).predict([one["tokens"] for one in expected])
    for numbers, one in zip(found, expected, strict=True):
        np.testing.assert_allclose(numbers, one["numbers"], rtol=1e-5)
