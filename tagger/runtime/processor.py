"""What the processor is, in a few words that say how fast it can compute."""

from __future__ import annotations

import platform
import re
from pathlib import Path

TOLD = tuple(
    "sse4_2 avx avx2 fma f16c avx_vnni avx512f avx512bw avx512vl avx512_vnni avx512_bf16 avx512_fp16 amx_tile amx_bf16 "  # noqa: SIM905
    "amx_int8 asimd asimdhp asimddp bf16 i8mm sve sve2".split()
)
"""Flags that decide which arithmetic torch uses, of x86 and of ARM, in the words of Linux."""


def processor(information: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Its name, and those of its flags that matter; less where the system says less.

    Args:
        information: as Linux gives it.
    """
    try:
        text = information.read_text(encoding="utf-8", errors="replace")
    except OSError:
        name = platform.processor() or platform.machine()
        return {"cpu": name} if name else {}
    name = _first(text, "model name") or platform.machine()
    flags = set((_first(text, "flags") or _first(text, "Features")).split())
    found = " ".join(flag for flag in TOLD if flag in flags)
    return {"cpu": name, **({"cpu flags": found} if found else {})}


def _first(text: str, key: str) -> str:
    """The value of a key of the first processor."""
    found = re.search(rf"^{key}\s*: *(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""
