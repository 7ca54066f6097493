"""Run what may exhaust memory on a thread that is replaced after a failure.

oneDNN, which computes LSTM layers, compiles machine code at run time. If memory runs out during that, its code
generator (Xbyak) keeps the failure for the thread: every new kernel fails there from then on, however much memory is
free ("could not create a primitive"). So nothing that may fail runs on a thread that is needed later.
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


class DisposableThread(Executor):
    """Runs calls one after the other on a thread of its own, and on a new thread after a failure."""

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
            return self._pool.submit(self._watched, compute, *args, **kwargs)
        except RuntimeError:
            self.shutdown(cancel_futures=True)  # the next thread must not begin with calls that this one never ran
            raise

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See ``Executor.shutdown``; a later ``submit`` starts a new thread."""
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
            self._pool = None

    def _watched(self, compute: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return compute(*args, **kwargs)
        except BaseException:
            self._failed = True
            raise


def halve_until_it_fits(compute: Callable[[int], T], size: int) -> T:
    """Compute with a size that is halved whenever memory runs out.

    Raises:
        MemoryError, RuntimeError: memory runs out even with size 1.
    """
    with DisposableThread() as thread:
        while True:
            renew_limit()
            try:
                return thread.submit(compute, size).result()
            except (MemoryError, RuntimeError) as error:
                if size == 1 or not ran_out_of_memory(error, limited=True):
                    raise
            gc.collect()  # the failed call still holds its results
            size //= 2
