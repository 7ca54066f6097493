"""Keeping the client libraries of the hub off standard error: what there is to say, the caller says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and progress bars, and do not report the use of a data set; restored afterwards.

    Progress bars stay where ``HF_HUB_DISABLE_PROGRESS_BARS=0`` asks for them.
    """
    import datasets
    import huggingface_hub.utils

    hub: Any = huggingface_hub.utils
    levels = datasets.logging.get_verbosity(), hub.logging.get_verbosity()
    counts = datasets.config.HF_UPDATE_DOWNLOAD_COUNTS
    shown = _shown_bars(datasets, hub)
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    hub.logging.set_verbosity(hub.logging.CRITICAL)
    for library in shown:
        library.disable_progress_bars()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(levels[0])
        hub.logging.set_verbosity(levels[1])
        datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = counts
        for library in shown:
            library.enable_progress_bars()


def _shown_bars(*libraries: Any) -> list[Any]:
    """Return the libraries that show progress bars although nobody asked for them."""
    variables = ("HF_HUB_DISABLE_PROGRESS_BARS", "HF_DATASETS_DISABLE_PROGRESS_BARS")
    if any(os.environ.get(name) == "0" for name in variables):
        return []
    return [library for library in libraries if not library.are_progress_bars_disabled()]
