"""A limit on the memory of this process, and how it is kept: what would cross it fails, and is done in smaller parts.

What counts is resident memory, as the system tells it. On Linux the kernel refuses whatever would cross the limit
(``RLIMIT_DATA``, set anew from step to step, so that it stands for resident memory), and a batch that is refused is
divided. What is asked for counts, even if it is never touched: the peak stays below the limit, often well below.
Elsewhere the peak is looked at after each step, and batches are divided when it comes near the limit.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger.errors import ConfigError, TrainingError

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 1 << 10, "MI": 1 << 20, "GI": 1 << 30}
MARGIN = 24 << 20
"""Bytes left for what no limit sees in time: program code that is read for the first time, stacks of threads."""
SMALL = 32 << 20
"""Bytes that a step with a single sentence takes at the most, the code of libraries included."""
NEAR = 0.9
"""Share of the limit from which batches are divided where the kernel does not keep it."""
LOWER = "a smaller --hidden-size or vocabulary, or fewer --layers"


def parse_bytes(size: str | int, where: str = "settings") -> int:
    """A size such as ``2G``, ``500 MB``, ``1.5GiB`` or plain bytes; K, M, G and T are powers of 1,000.

    Raises:
        ConfigError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?I?)B?", str(size).strip().upper())
    if found is None or found[2] not in UNITS or float(found[1]) <= 0:
        raise ConfigError(f"{where}: 'training.max_memory' is {size!r}; expected a size such as 500M, 2G or 1.5GiB")
    return int(float(found[1]) * UNITS[found[2]])


def told(size: float) -> str:
    """Bytes in words."""
    return f"{max(1, round(size / 1e6)):,} MB"


def peak_memory() -> int | None:
    """Most bytes that were resident so far; None where the system does not say."""
    status = Path("/proc/self/status")
    if sys.platform == "linux" and status.exists():
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="utf-8"))
        if found is not None:
            return int(found[1]) << 10
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def present_memory() -> tuple[int, int] | None:
    """Bytes that are resident, and bytes of writable private memory; None where there is no ``/proc``."""
    try:
        import resource

        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except (ImportError, OSError):
        return None
    page = resource.getpagesize()
    return int(fields[1]) * page, int(fields[5]) * page


class MemoryLimit:
    """Keeps the peak of resident memory below a limit; works within ``kept``.

    Args:
        size: as ``parse_bytes`` takes it.

    Attributes:
        bytes: the limit.
        by_kernel: whether the kernel keeps it.
        stage: what is going on, for messages.
    """

    def __init__(self, size: str | int) -> None:
        self.size = size
        self.bytes = parse_bytes(size)
        self.by_kernel = sys.platform == "linux" and present_memory() is not None
        self.stage = "preparing the data and the network"
        self._seen = 0

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within the block the process does not grow beyond the limit.

        Raises:
            TrainingError: more is in use already.
            ConfigError: this system does not say how much is in use.
        """
        peak = peak_memory()
        if peak is None:
            raise ConfigError("training.max_memory: this system does not say how much memory a process uses")
        self.check(0, peak)
        if not self.by_kernel:
            yield
            return
        import resource

        before = resource.getrlimit(resource.RLIMIT_DATA)
        try:
            self.renew()
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, before)

    def renew(self, reserve: int = 0) -> None:
        """Allow as much as is left of the limit now.

        Args:
            reserve: bytes of it that are kept for later.
        """
        present = present_memory()
        if not self.by_kernel or present is None:
            return
        import resource

        resident, data = present
        room = max(0, self.bytes - MARGIN - reserve - resident)
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        soft = data + room if hard == resource.RLIM_INFINITY else min(data + room, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))

    def begin(self, stage: str) -> None:
        """Note what is going on from now on, and how much is left for it."""
        self.stage = stage
        self.renew()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Within the block nothing is refused: for what is known to be small.

        Raises:
            TrainingError: little is left of the limit.
        """
        self.check(SMALL, what="a single sentence takes")
        if self.by_kernel:
            import resource

            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        try:
            yield
        finally:
            self.renew()

    @contextmanager
    def but_for(self, reserve: int) -> Iterator[None]:
        """Within the block a batch may use all of what is left but for so many bytes."""
        self.stage = "the smallest part of a batch"
        self.renew(reserve)
        try:
            yield
        finally:
            self.renew()

    def near(self) -> bool:
        """Whether, where the kernel does not keep it, the peak has risen again, to somewhere near the limit."""
        if self.by_kernel:
            return False
        peak = peak_memory() or 0
        risen, self._seen = peak > self._seen, max(peak, self._seen)
        return risen and peak > NEAR * self.bytes

    def crossed(self) -> bool:
        """Whether more was used than may be."""
        return (peak_memory() or 0) > self.bytes

    def check(self, further: int, present: int | None = None, what: str = "") -> None:
        """Refuse to begin what cannot end well.

        Args:
            further: bytes that will be needed whatever the size of a batch.
            present: bytes in use; looked up if None.
            what: will need them.

        Raises:
            TrainingError: both together are more than the limit.
        """
        if present is None:
            found = present_memory()
            present = (peak_memory() or 0) if found is None else found[0]
        needed = present + further + MARGIN
        if needed > self.bytes:
            more = f", and {what} {told(further)} more" if further else ""
            raise TrainingError(
                f"--max-memory is {self.size}, but the program and the data take {told(present)}{more}: "
                f"give at least {told(1.05 * needed)}, or a smaller corpus" + (f", {LOWER}" if further else "")
            )

    def refusal(self, error: BaseException | None = None) -> TrainingError:
        """What is said when even the smallest part of a batch, or something that has no parts, does not fit."""
        wanted = re.search(r"allocate (\d+) bytes", str(error))
        size = int(wanted[1]) if wanted else self.bytes // 10
        return TrainingError(
            f"--max-memory is {self.size}, and {self.stage} would take more: give about "
            f"{told(1.05 * (self.bytes + size))}, or {LOWER}; what was saved goes on with --resume"
        )
