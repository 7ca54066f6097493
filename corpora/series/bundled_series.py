"""The tables of numbers over time that come with the toolkit."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "bundled" / "series"
FILES = {"weather": "seattle-weather.csv", "stocks": "stocks.csv"}
LICENCE = "public domain (NOAA); arrangement MIT (vega_datasets)"
