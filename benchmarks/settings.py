"""Dotted settings as text, such as ``encoder.layers=2``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def parse_value(text: str) -> Any:
    """A JSON value; anything that is not JSON stands for itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def parse_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """``NAME=VALUE`` pairs as a dictionary."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SystemExit(f"{pair!r} is no setting; expected NAME=VALUE, e.g. encoder.layers=2")
        settings[name.strip()] = parse_value(value.strip())
    return settings
