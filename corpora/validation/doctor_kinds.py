"""What the doctor looks for. The kinds of findings themselves are in ``doctor_kinds.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        code: its name in JSON.
        severity: ``error`` if training stops at it, else ``warning``.
        single: what was found, to stand after a count of one.
        title: the same in the plural.
        why: what comes of it.
        mend: what to do.
    """

    code: str
    severity: str
    single: str
    title: str
    why: str
    mend: str


def _read() -> dict[str, Kind]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {code: Kind(code, **line) for code, line in table.items()}


KINDS = _read()
"""All kinds by code, the gravest first."""
