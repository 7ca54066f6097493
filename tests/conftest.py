"""Shared by all tests: no network, a cache of their own, one tiny corpus and one tiny model."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killing import Nursery

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads of torch slow each other down
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job; what tests start would ignore it, too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGGER_CACHE", str(tmp_path_factory.mktemp("session-cache")))
        yield


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny treebank; not to be written to."""
    from tests.tiny import write_corpus

    return write_corpus(tmp_path_factory.mktemp("treebank"))


@pytest.fixture(scope="session")
def tiny_model(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a model trained on the tiny treebank; not to be written to."""
    from tagger import train_pos
    from tests.tiny import SETTINGS

    out = tmp_path_factory.mktemp("models") / "tiny"
    train_pos(str(tiny_corpus), out=out, settings=SETTINGS, threads=1)
    return out


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where commands run in processes of their own that can be killed."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    with Nursery() as made:
        yield made
