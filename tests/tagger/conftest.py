"""Shared by the tests of the library: no picture of the curves where it is not the point."""

from __future__ import annotations

import pytest


@pytest.fixture
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training draws no curves: a picture takes longer than a tiny model."""
    monkeypatch.setattr("tagger.training.draw_curves", lambda log, path: None)
