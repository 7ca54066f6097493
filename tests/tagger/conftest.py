"""Shared by the tests of the library: no picture of the curves where it is not the point."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without matplotlib: a picture takes longer than a tiny model."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
