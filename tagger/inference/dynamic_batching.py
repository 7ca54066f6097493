"""Label short inputs of several threads in one computation.

A web server calls a tagger from many threads with a sentence each. Threads of Python that compute at the same time wait
for each other's interpreter lock at every operation. So one of them labels what all have brought.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import chain

from tagger.inference.windows import Window
from tagger.runtime.forking import ForkSafeLock

Label = Callable[[Window], object]


class DynamicBatcher:
    """Windows that threads want labelled, with posteriors or without; the thread whose turn it is labels those of all.

    Args:
        most: words labelled in one turn, unless a single window has more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[Window] = deque()
        self._turn = ForkSafeLock()

    def __reduce__(self) -> tuple[type[DynamicBatcher], tuple[int]]:
        return type(self), (self._most,)

    def label(self, window: Window, label: Label) -> None:
        """Label a window, with those of other threads; it is labelled on return."""
        self._waiting.append(window)
        with self._turn:
            if window.done:
                return
            others = self._others(window)
            try:
                _label_together([window, *others], label)
            except Exception:
                if not others:
                    raise
                label(window)  # another window may be the cause, and its own thread learns of it
            window.done = True

    def _others(self, window: Window) -> list[Window]:
        """Take windows of other threads that fit into this turn."""
        others: list[Window] = []
        size = window.size
        while self._waiting and size < self._most:
            other = self._waiting.popleft()
            if other is not window and not other.done:
                others.append(other)
                size += other.size
        return others


def _label_together(windows: list[Window], label: Label) -> None:
    """Label windows as one, all of them with posteriors or all without."""
    if len(windows) == 1:
        label(windows[0])
        return
    sentences = list(chain.from_iterable(window.sentences for window in windows))
    together = Window.of(sentences, scores=windows[0].scores is not None)
    label(together)
    start = 0
    for window in windows:
        end = start + window.size
        scores = None if together.scores is None else together.scores[start:end]
        window.fill(together.label_ids[start:end], scores)
        window.done = True
        start = end
