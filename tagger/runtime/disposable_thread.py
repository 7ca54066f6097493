"""A thread for what may run out of memory, which another replaces once it did.

oneDNN, which computes LSTM layers, writes machine code as it goes. Where it gets no memory for that, its code generator
(Xbyak) keeps the failure for the thread: whatever is new to it fails there from then on, however much memory there is
("could not create a primitive"). So what may fail is not computed on a thread that is needed later.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from tagger.runtime.device import single_threaded
from tagger.runtime.memory_limit import ran_out_of_memory, renew_limit

P = ParamSpec("P")
T = TypeVar("T")


class OneThread(Executor):
    """Computes one thing after the other on a thread of its own; after a failure there, on a new one."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._failed = False

    def submit(self, compute: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See ``Executor.submit``.

        Raises:
            RuntimeError: there is no memory for a new thread.
        """
        if self._failed:
            self.shutdown()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "tagger-training", initializer=single_threaded)
            self._failed = False
        try:
            return self._pool.submit(self._noted, compute, *args, **kwargs)
        except RuntimeError:
            self.shutdown(cancel_futures=True)  # the next thread must not begin with what this one never did
            raise

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See ``Executor.shutdown``; a later ``submit`` begins anew."""
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
            self._pool = None

    def _noted(self, compute: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return compute(*args, **kwargs)
        except BaseException:
            self._failed = True
            raise


def halved_until_it_fits(compute: Callable[[int], T], size: int) -> T:
    """A computation whose memory depends on a size, which is halved as often as memory runs out.

    Raises:
        MemoryError, RuntimeError: memory does not reach for the size 1.
    """
    with OneThread() as thread:
        while True:
            renew_limit()
            try:
                return thread.submit(compute, size).result()
            except (MemoryError, RuntimeError) as error:
                if size == 1 or not ran_out_of_memory(error, limited=True):
                    raise
            gc.collect()  # what failed still holds what it had computed
            size //= 2
