"""The machine: device, threads, seeds, and the facts about it that a model card records."""

from __future__ import annotations

import os
import platform
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tagger.errors import ConfigError
from tagger.runtime.version import __version__

if TYPE_CHECKING:
    import torch

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


TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library


def available_cores() -> int:
    """Cores this process may use (its affinity, not the machine's total)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int | None) -> int:
    """Number of threads to use; all available cores by default.

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
    """Set up a thread: one intra-op thread, denormals to zero (both are settings of a thread)."""
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def keep_memory() -> None:
    """Let the C library keep what is freed: training asks for the same large blocks again at every step.

    A tenth of the time of a step went into giving pages back and getting them anew. Nothing happens where the C
    library is not that of GNU.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, 1 << 30)
        mallopt(TRIM_THRESHOLD, (1 << 31) - 1)


@contextmanager
def intra_op_threads(threads: int) -> Iterator[None]:
    """Within the block, torch's operations on this thread use so many threads of their own."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def choose_device(name: str) -> torch.device:
    """Turn "auto", "cpu" or "cuda" into a device.

    Raises:
        ConfigError: the name is none of these, or CUDA was asked for and is not there.
    """
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"device is '{name}'; expected auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is 'cuda', but PyTorch sees no CUDA device; use --device cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python and torch; return the generator of everything drawn with NumPy."""
    import torch

    random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def has_fast_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 natively (AVX512-BF16 or AMX), so that it is faster than float32."""
    import torch

    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(check and check()) and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def environment(threads: int | None = None) -> dict[str, str]:
    """Versions and machine, for the model card.

    Args:
        threads: that were used, if that is known.
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
    """Whether products are those of bfloat16.

    Raises:
        ConfigError: it was asked for, and this CPU does not compute with it natively.
    """
    native = device.type == "cuda" or has_fast_bfloat16()
    if precision == "bfloat16" and not native:
        raise ConfigError("precision is 'bfloat16', but this CPU does not compute with it natively; use float32")
    return precision != "float32" and native
