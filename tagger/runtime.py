"""The machine: device, threads, seeds, and the facts about it that a model card records."""

from __future__ import annotations

import os
import platform
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from tagger.errors import ConfigError, TrainingError

if TYPE_CHECKING:
    import torch


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

    trim_threshold, mmap_threshold = -1, -3  # malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(mmap_threshold, 1 << 30)
        mallopt(trim_threshold, (1 << 31) - 1)


def ran_out_of_memory(error: Exception) -> bool:
    """Whether torch or Python could not get the memory it asked for."""
    return isinstance(error, MemoryError) or bool(re.search("allocate|out of memory", str(error), re.IGNORECASE))


@contextmanager
def memory_watched() -> Iterator[None]:
    """Turn running out of memory within the block into one line that says what to change.

    Raises:
        TrainingError: torch or Python could not get the memory it asked for.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out_of_memory(error):
            raise
        raise TrainingError(
            "not enough memory for this model; try a smaller --hidden-size, --batch-tokens or fewer --layers"
        ) from error


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


def environment() -> dict[str, str]:
    """Versions and machine, for the model card."""
    import torch

    import tagger

    return {
        "sequence-tagger": tagger.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu capability": torch.backends.cpu.get_cpu_capability(),
        "cores": str(available_cores()),
    }
