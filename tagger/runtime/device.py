"""The machine: device, threads, seeds, and the facts that a model card records."""

from __future__ import annotations

import os
import platform
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tagger.errors import ConfigError
from tagger.runtime.forking import is_forked
from tagger.runtime.version import __version__

if TYPE_CHECKING:
    import torch

CPU_FLAGS = tuple(
    "sse4_2 avx avx2 fma f16c avx_vnni avx512f avx512bw avx512vl avx512_vnni avx512_bf16 avx512_fp16 amx_tile amx_bf16 "  # noqa: SIM905
    "amx_int8 asimd asimdhp asimddp bf16 i8mm sve sve2".split()
)
"""Flags (x86 and ARM, as Linux names them) that decide which arithmetic torch uses."""


def processor(information: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Describe the processor: its name and relevant flags, as far as the system reports them.

    Args:
        information: file in the format of Linux.
    """
    try:
        text = information.read_text(encoding="utf-8", errors="replace")
    except OSError:
        name = platform.processor() or platform.machine()
        return {"cpu": name} if name else {}
    name = _first(text, "model name") or platform.machine()
    flags = set((_first(text, "flags") or _first(text, "Features")).split())
    present = " ".join(flag for flag in CPU_FLAGS if flag in flags)
    return {"cpu": name, **({"cpu flags": present} if present else {})}


def _first(text: str, key: str) -> str:
    """Return the value of a key of the first processor."""
    match = re.search(rf"^{key}\s*: *(.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def available_cores() -> int:
    """Count the cores this process may use (its affinity, not the machine's total)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int | None) -> int:
    """Return the number of threads to use; all available cores by default.

    Raises:
        ConfigError: fewer than one, or more than there are cores.
    """
    cores = available_cores()
    if threads is None:
        return cores
    if not 1 <= threads <= cores:
        raise ConfigError(f"threads is {threads}; expected 1 to {cores}, the cores this process may use")
    return threads


def single_threaded() -> None:
    """Set up a thread or process of our own: one intra-op thread, denormals to zero."""
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@contextmanager
def intra_op_threads(threads: int) -> Iterator[None]:
    """Set the number of intra-op threads of torch, and flush denormals to zero, for the block and on this thread.

    A forked process computes on one thread whatever the number.
    """
    import torch

    before, flushed = torch.get_num_threads(), _flushes_denormals()
    wanted = 1 if is_forked() else threads
    # Threads that first use torch now take their number from this one: what is equal is neither set nor restored.
    if wanted != before:
        torch.set_num_threads(wanted)
    if not flushed:
        torch.set_flush_denormal(True)
    try:
        yield
    finally:
        if wanted != before:
            torch.set_num_threads(before)
        if not flushed:
            torch.set_flush_denormal(False)


def _flushes_denormals() -> bool:
    """Tell whether this thread flushes denormal numbers to zero, which torch does not report."""
    smallest = sys.float_info.min
    return smallest / 2 == 0


def choose_device(name: str) -> torch.device:
    """Turn "auto", "cpu" or "cuda" into a device.

    Raises:
        ConfigError: the name is unknown, or there is no CUDA device.
    """
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"device is '{name}'; expected auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is 'cuda', but PyTorch sees no CUDA device; use --device cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python and torch, and return a seeded NumPy generator."""
    import torch

    random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def has_fast_bfloat16() -> bool:
    """Tell whether the CPU multiplies bfloat16 natively (AVX512-BF16 or AMX), faster than float32."""
    import torch

    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(check and check()) and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def environment(threads: int | None = None) -> dict[str, str]:
    """List versions and machine for the model card.

    Args:
        threads: number used, if known.
    """
    import torch

    return {
        "sequence-tagger": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        **processor(),
        "cpu capability": torch.backends.cpu.get_cpu_capability(),
        "cores": str(available_cores()),
        **({} if threads is None else {"threads": str(threads)}),
    }


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Tell whether to multiply in bfloat16.

    Raises:
        ConfigError: bfloat16 was asked for, but this CPU does not compute with it natively.
    """
    native = device.type == "cuda" or has_fast_bfloat16()
    if precision == "bfloat16" and not native:
        raise ConfigError("precision is 'bfloat16', but this CPU does not compute with it natively; use float32")
    return precision != "float32" and native
