"""Loading of data sets through ``datasets``, guarded against its surprises.

``datasets`` waits 23 seconds for a hub that cannot be reached, and after any failure silently returns any copy in its
cache, even of another revision or configuration. So `ask_hub` asks the hub first, with a short timeout, and the load
is pinned to the commit of the answer.
"""

from __future__ import annotations

import json
import os
import posixpath
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagger.corpora.hub.configs import choose_config, data_files, raw_files
from tagger.corpora.hub.errors import WITHOUT_NETWORK, HubUnreachableError, is_connection, one_line, status
from tagger.corpora.hub.hub_id import HubSpec
from tagger.errors import CorpusError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import DatasetInfo


CONVERTED = "refs/convert/parquet"
_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 6.0
_PAUSES = (0.5, 1.0, 1.5)  # seconds before asking an overloaded hub again
_LABEL_FILES = ("label.json", "labels.json", "label2id.json", "id2label.json")

Splits = dict[str, Any]  # a Dataset or an IterableDataset by the hub's name of the split


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, progress bars and download counts of the libraries, and restore them afterwards.

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


@dataclass(frozen=True, slots=True)
class Loaded:
    """A data set that was loaded.

    Attributes:
        splits: the splits (``Dataset``, or ``IterableDataset`` if streamed) by their names on the hub.
        commit: the commit.
        label_names: names for integer labels, from a file beside the data.
        notes: notes for the user on how it was loaded.
    """

    splits: Splits
    commit: str
    label_names: tuple[str, ...] | None
    notes: tuple[str, ...]


def load_online(spec: HubSpec, *, streaming: bool = False) -> Loaded:
    """Load the present state of a data set; files in the cache are not downloaded again.

    With `streaming` nothing is downloaded, and the splits are ``IterableDataset``.

    Raises:
        HubUnreachableError: the hub does not answer within seconds.
        Exception: whatever ``datasets`` and ``huggingface_hub`` raise, see `tagger.corpora.hub.errors`.
    """
    with quiet():
        info = ask_hub(spec.owner_name, spec.revision)
        splits, notes = _load(spec, info, streaming)
        return Loaded(splits, str(info.sha), _label_names(info), notes)


def ask_hub(name: str, revision: str | None) -> DatasetInfo:
    """Ask the hub about a data set: its present name, its commit and its files.

    The question is asked in a thread, since looking up a host name has no timeout.

    Raises:
        HubUnreachableError: no answer came in time; other errors are those of ``huggingface_hub``.
    """
    from huggingface_hub import constants

    patience = float(os.environ.get("HF_HUB_ETAG_TIMEOUT") or _ANSWER_SECONDS)
    answers: list[DatasetInfo | Exception] = []
    asker = threading.Thread(target=_ask, args=(name, revision, patience, answers), daemon=True)
    asker.start()
    asker.join(patience + _CONNECT_SECONDS)
    answer = answers[0] if answers else TimeoutError(f"nothing within {patience:g} seconds")
    if not isinstance(answer, Exception):
        return answer
    if not is_connection(answer):
        raise answer
    what = one_line(answer) if status(answer) is None else f"HTTP status {status(answer)}"
    raise HubUnreachableError(
        f"{name}: the hub at {constants.ENDPOINT} does not answer ({what}); "
        f"check the connection, or go on without: {WITHOUT_NETWORK}"
    ) from answer


def _ask(name: str, revision: str | None, patience: float, answers: list[DatasetInfo | Exception]) -> None:
    from huggingface_hub import HfApi

    timeout: Any = (_CONNECT_SECONDS, patience, patience, _CONNECT_SECONDS)
    for pause in (*_PAUSES, None):
        try:
            answers.append(HfApi().dataset_info(name, revision=revision, timeout=timeout))
            return
        except Exception as error:
            if pause is None or (status(error) or 0) < 500:
                answers.append(error)
                return
        time.sleep(pause)


def _load(spec: HubSpec, info: DatasetInfo, streaming: bool) -> tuple[Splits, tuple[str, ...]]:
    if (spec.revision or "").endswith("convert/parquet"):
        return _load_converted(spec, info, streaming), ()
    if f"{posixpath.basename(info.id)}.py" in _files(info):
        return _load_scripted(spec, info, streaming)
    return _build(f"hf://datasets/{info.id}", str(info.sha), streaming, name=spec.config), ()


def _load_scripted(spec: HubSpec, info: DatasetInfo, streaming: bool) -> tuple[Splits, tuple[str, ...]]:
    """Load a data set with a script: the copy that the hub converted, or its data files."""
    from huggingface_hub.errors import RevisionNotFoundError

    what = f"{info.id} holds a loading script, which datasets no longer runs"
    try:
        converted = ask_hub(info.id, CONVERTED)
    except RevisionNotFoundError as error:
        raw = raw_files(_files(info))
        if raw is None:
            raise CorpusError(
                f"{what}, and the hub has no converted copy ({CONVERTED}); "
                "download its files and give their path, or look for another copy of the data set"
            ) from error
        kind, by_split = raw
        place = f"hf://datasets/{info.id}@{info.sha}/"
        urls = {split: [place + file for file in files] for split, files in by_split.items()}
        return _build(kind, None, streaming, data_files=urls), (f"{what}: its {kind} files were read",)
    note = f"{what}: the hub's converted copy was read ({CONVERTED})"
    return _load_converted(spec, converted, streaming), (note,)


def _load_converted(spec: HubSpec, info: DatasetInfo, streaming: bool) -> Splits:
    # A configuration is a folder here; without a choice ``datasets`` would silently concatenate all of them.
    by_split = data_files(_files(info), choose_config(spec, _files(info)))
    return _build(f"hf://datasets/{info.id}", str(info.sha), streaming, data_files=by_split)


def _build(path: str, commit: str | None, streaming: bool, **choice: Any) -> Splits:
    import datasets

    builder = datasets.load_dataset_builder(path, revision=commit, **choice)
    if commit is not None and builder.hash != commit:
        raise CorpusError(
            f"{path.removeprefix('hf://datasets/')}: no data can be had for its present commit {commit[:12]}; "
            f"an older copy is in the cache (commit {builder.hash}), name it as @REVISION to read it"
        )
    if streaming:
        return dict(builder.as_streaming_dataset())
    builder.download_and_prepare()
    return dict(builder.as_dataset())


def _files(info: DatasetInfo) -> list[str]:
    return [sibling.rfilename for sibling in info.siblings or []]


def _label_names(info: DatasetInfo) -> tuple[str, ...] | None:
    """Read the names of integer labels from a ``label.json`` in the repository, if there is exactly one."""
    from huggingface_hub import hf_hub_download

    files = [file for file in _files(info) if posixpath.basename(file) in _LABEL_FILES]
    if len(files) != 1:
        return None
    path = hf_hub_download(info.id, files[0], repo_type="dataset", revision=info.sha)
    with open(path, encoding="utf-8") as stream:
        return names_by_id(json.load(stream))


def names_by_id(content: object) -> tuple[str, ...] | None:
    """Order the names in a list, ``{name: id}`` or ``{id: name}`` by their ids 0, 1, 2 ...

    Returns:
        None if `content` has another form or ids are missing.
    """
    if isinstance(content, list):
        return tuple(map(str, content))
    if not isinstance(content, dict):
        return None
    pairs = {key: value for key, value in content.items() if isinstance(value, int)}
    by_id = {value: key for key, value in pairs.items()}
    if not pairs:
        by_id = {int(key): str(value) for key, value in content.items() if key.isdecimal()}
    complete = len(by_id) == len(content) and sorted(by_id) == list(range(len(by_id)))
    return tuple(by_id[index] for index in range(len(by_id))) if complete and by_id else None
