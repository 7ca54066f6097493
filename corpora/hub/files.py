"""Files of hub data sets in our own formats: CoNLL-U, columns, tables, word/TAG text.

``datasets`` reads such files by lines or cells; it keeps the first column of CoNLL-U, the numbers of the words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tagger.corpora.files.streams import COMPRESSIONS
from tagger.corpora.hub.cache import may_ask
from tagger.corpora.hub.client import quiet
from tagger.corpora.hub.dataset import load
from tagger.corpora.hub.errors import explaining
from tagger.corpora.hub.hub_id import HubSpec
from tagger.corpora.sources.locate import EXTENSIONS, DatasetFiles, locate
from tagger.errors import CorpusError

MISREAD = "its files are in columns, of which datasets keeps the first"
_READ_BY_DATASETS = (".parquet", ".jsonl", ".ndjson", ".json")


def in_columns(data: Any) -> bool:
    """Whether ``datasets`` read a split by columns and kept only the first, the word numbers of CoNLL-U."""
    return bool(data.info.builder_name == "conll")


def located_files(spec: HubSpec, *, offline: bool) -> DatasetFiles | None:
    """Download the files of a data set; None if none has one of our formats.

    A configuration is a folder in it.

    Raises:
        CorpusError: the files cannot be downloaded.
    """
    from huggingface_hub import snapshot_download

    wanted = [f"*{ending}{packed}" for ending in EXTENSIONS for packed in ("", *COMPRESSIONS)]
    with explaining(spec), quiet():
        folder = snapshot_download(
            spec.owner_name,
            repo_type="dataset",
            revision=load(spec, offline).commit,
            allow_patterns=[pattern for pattern in wanted if not pattern.endswith(_READ_BY_DATASETS)],
            local_files_only=not may_ask(offline),
        )
    inner = Path(folder) / (spec.config or "")
    try:
        located = locate(str(inner if inner.is_dir() else folder))
    except CorpusError:
        return None
    if located is not None:
        located.name = spec.config or spec.owner_name.rpartition("/")[2]
        paths = [path for files in located.files.values() for path in files]
        located.display |= {path: f"{spec}/{path.relative_to(folder)}" for path in paths}
        located.notes.append("the files were read as they are, not through datasets")
    return located
