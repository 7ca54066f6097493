"""A limit on the memory of this process: the kernel refuses what would exceed it, and the failure is reported.

On Linux the kernel refuses private memory beyond a limit (``RLIMIT_DATA``). It counts memory that was asked for and
never touched, too. So the limit is renewed before what may be large: what may be added then is what resident memory
is short of the limit. The peak stays below it, often well below.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from tagger.errors import ConfigError, TrainingError

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 1 << 10, "MI": 1 << 20, "GI": 1 << 30}
MARGIN = 24 << 20
"""Bytes for what the limit does not see: program code that is read for the first time."""
OUT_OF_MEMORY = re.compile("allocate|out of memory|bad_alloc|can't start new thread", re.IGNORECASE)
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library


def parse_bytes(size: str | int, where: str = "settings") -> int:
    """Parse a size such as ``2G``, ``500 MB``, ``1.5GiB`` or plain bytes; K, M, G and T are powers of 1,000.

    Raises:
        ConfigError: it is not a size.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?I?)B?", str(size).strip().upper())
    if match is None or match[2] not in UNITS or float(match[1]) <= 0:
        raise ConfigError(f"{where}: 'training.max_memory' is {size!r}; expected a size such as 500M, 2G or 1.5GiB")
    return int(float(match[1]) * UNITS[match[2]])


def available_memory() -> int:
    """Return the bytes that the machine, or the container, can still give; a lot where nothing says so."""
    with suppress(OSError):
        free = [
            1024 * int(re.findall(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))[0])
        ]
        group = Path("/sys/fs/cgroup")
        with suppress(OSError, ValueError):  # no container, or none with a limit
            used = int((group / "memory.current").read_text(encoding="ascii"))
            free.append(int((group / "memory.max").read_text(encoding="ascii")) - used)
        return max(0, min(free))
    return 1 << 40


def ran_out_of_memory(error: Exception, *, limited: bool = False) -> bool:
    """Whether torch or Python could not get the memory it asked for.

    Args:
        error: that was raised.
        limited: whether the kernel keeps a limit: then errors that seldom have another cause count, too.
    """
    if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
        return True
    return limited and (isinstance(error, SystemError | ImportError) or "primitive" in str(error))


@contextmanager
def memory_limit(size: str | int | None) -> Iterator[None]:
    """Limit the memory of the process within the block; report in one line where it does not suffice.

    Args:
        size: as ``parse_bytes`` takes it; None for the memory of the machine.

    Raises:
        TrainingError: more is in use already, or torch or Python could not get the memory it asked for.
        ConfigError: this system has no such limit.
    """
    try:
        if size is None:
            yield
        else:
            with _limited(size):
                yield
    except (MemoryError, RuntimeError, SystemError, ImportError) as error:
        if not ran_out_of_memory(error, limited=size is not None):
            raise
        smaller = "a smaller --hidden-size or vocabulary, or fewer --layers"
        if size is None:
            message = "not enough memory for this model; try a smaller --batch-tokens or --batch-size, or " + smaller
        else:
            message = (
                f"--max-memory is {size}, too little even for batches of a single row: give more, or {smaller}; "
                "--resume goes on from the last saved state"
            )
        raise TrainingError(message) from error


@contextmanager
def _limited(size: str | int) -> Iterator[None]:
    global _limit
    limit = parse_bytes(size)
    _prepare_libraries()
    resident, _ = _memory_in_use()
    if resident + MARGIN > limit:
        raise TrainingError(
            f"--max-memory is {size}, but the program and the data take {resident / 1e6:,.0f} MB: "
            f"give at least {1.05 * (resident + MARGIN) / 1e6:,.0f} MB, or a smaller corpus"
        )
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        _limit = limit
        renew_limit()
        yield
    finally:
        _limit = None
        resource.setrlimit(resource.RLIMIT_DATA, before)


_limit: int | None = None
"""Bytes; a limit is one of the whole process, as the kernel's is."""


def renew_limit() -> None:
    """Allow the process what its resident memory is short of the limit now; nothing happens without a limit."""
    if _limit is None:
        return
    import resource

    resident, private = _memory_in_use()
    allowed = private + max(0, _limit - MARGIN - resident)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))


def _memory_in_use() -> tuple[int, int]:
    """Return the bytes that are resident, and those of private memory as the limit counts them.

    Raises:
        ConfigError: the system is not Linux.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        raise ConfigError("training.max_memory: only Linux can limit the memory of a process; leave it out") from None
    fields = dict(re.findall(r"(VmRSS|VmData):\s*(\d+) kB", status))
    return int(fields["VmRSS"]) << 10, int(fields["VmData"]) << 10


def keep_memory(largest: int = 1 << 30) -> None:
    """Let the GNU C library keep freed memory: training asks for the same large blocks at every step.

    Returning pages and getting them again took a tenth of the time of a step.

    Args:
        largest: bytes of a block that is kept; twice as much may be free at the end of the heap.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, largest)
        mallopt(TRIM_THRESHOLD, 2 * largest - 1)


def _prepare_libraries() -> None:
    """Make libraries allocate now what they keep, and give back what is freed.

    OpenBLAS, of which NumPy has a copy, reserves 32 MB at its first product, and ends the process if it cannot.
    """
    keep_memory(1 << 18)
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")  # of 1,024 sizes of batches: it grows for long
    import numpy as np

    matrix = np.ones((256, 256))
    np.dot(matrix, matrix)
    with suppress(ImportError):
        import_module("matplotlib.figure")
