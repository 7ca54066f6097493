"""Find the files of each split of a corpus that is named by a file, a folder or a glob."""

from __future__ import annotations

import glob
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from tagger.corpora.files.paths import checked_status, exists, listing, user_path
from tagger.corpora.files.streams import uncompressed_suffix
from tagger.corpora.formats.registry import SUFFIXES
from tagger.corpora.sources.corpus import Note
from tagger.corpora.sources.splits import SPLIT_NAMES, split_of
from tagger.errors import CorpusError

EXTENSIONS = (*SUFFIXES, ".txt")
SAVED = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")  # by ``datasets``
NO_DATA = ("license", "licence", "copying", "notice", "readme", "changelog", "stats", "eval_log")
BUNDLED = Path(__file__).parent.parent / "bundled"
LOOKED_FOR = "*train*, *dev* and *test* files, or files ending in .conllu, .conll, .jsonl, .parquet, .tsv, .csv, .txt"


@dataclass(slots=True)
class DatasetFiles:
    """The files of a corpus.

    Args:
        name: a short name.
        files: by split; ``all`` where they are not split yet.
        notes: what the user should know of the choice.
        license: where known.
        display: the name to use in messages in place of the path, for a temporary file.
    """

    name: str
    files: dict[str, list[Path]]
    notes: list[str] = field(default_factory=list)
    license: str | None = None
    display: dict[Path, str] = field(default_factory=dict)


def bundled(source: str | None) -> DatasetFiles | None:
    """Return the files of the bundled corpus that ``source`` names, None if it names none."""
    text = "bundled" if source is None else source
    language = {"bundled": "en", "en": "en", "ko": "ko"}.get(text, text.removeprefix("bundled:"))
    if language == text and text not in ("en", "ko"):
        return None
    folder = BUNDLED / language
    if not language.isidentifier() or not folder.is_dir():
        known = ", ".join(f"bundled:{path.name}" for path in sorted(BUNDLED.glob("*/")) if path.name.islower())
        raise CorpusError(f"no bundled corpus {text!r}; there are: {known or 'none'}")
    files = {split: [folder / f"{split}.conllu"] for split in SPLIT_NAMES}
    return DatasetFiles(f"bundled-{language}", files, license="CC0-1.0")


def looks_like_path(text: str) -> bool:
    """Whether a name that does not exist was meant as a path rather than as a hub id."""
    if "://" in text:
        return False
    path = Path(text)
    rooted = text.startswith((".", "/", "~")) or "\\" in text or text.count("/") > 1
    return rooted or uncompressed_suffix(path) in EXTENSIONS or ("/" in text and Path(path.parts[0]).is_dir())


def locate(text: str) -> DatasetFiles | None:
    """Find the files of a path or a glob.

    Args:
        text: what the user gave.

    Returns:
        The files by split, or None if no such path exists.

    Raises:
        CorpusError: it exists, but holds no corpus.
    """
    path = user_path(text)
    if exists(path):
        if stat.S_ISDIR(checked_status(path).st_mode):
            return _in_folder(path)
        return DatasetFiles(corpus_name(path), {"all": [path]})
    if "://" not in text and any(sign in text for sign in "*?["):
        matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())
        if not matches:
            raise CorpusError("no file matches this pattern", path=text)
        name = corpus_name(matches[0])
        name = matches[0].resolve().parent.name if split_of(name) else name
        return DatasetFiles(name, _by_split(matches, Path(text)))
    return None


def corpus_name(path: Path) -> str:
    """Return a short name for a corpus in a file: en_ewt-ud for ``en_ewt-ud-train.conllu``."""
    stem = path.name.split(".")[0] or path.name
    words = "|".join(word for words in SPLIT_NAMES.values() for word in words)
    return re.sub(rf"[-_.]({words})$", "", stem) or stem


def _in_folder(folder: Path) -> DatasetFiles:
    entries = listing(folder)
    name = folder.resolve().name or "corpus"
    groups: dict[str, list[Path]] = {}
    if files := _data_files(entries):
        groups = _by_split(files, folder)
    else:
        for path in entries:
            if path.is_dir() and (split := split_of(path.name)):
                groups.setdefault(split, []).extend(_data_files(listing(path)))
        groups = {split: groups[split] for split in SPLIT_NAMES if groups.get(split)}
    if not groups:
        held = ", ".join(path.name for path in entries[:5]) + (", ..." if len(entries) > 5 else "")
        raise CorpusError(
            f"no corpus in this folder; looked for {LOOKED_FOR}; it holds {held or 'nothing'}", path=folder
        )
    return DatasetFiles(name, groups, notes=_shard_notes(groups))


def _by_split(files: list[Path], folder: Path) -> dict[str, list[Path]]:
    """Group files by the split in their names; files without splits are one corpus."""
    groups: dict[str, list[Path]] = {}
    for path in files:
        if split := split_of(path.name):
            groups.setdefault(split, []).append(path)
    if not groups:
        return {"all": _preferred(files)}
    groups = {split: _preferred(paths) for split, paths in groups.items()}
    for split, paths in groups.items():
        if len({_shard_prefix(path) for path in paths}) > 1:
            shown = ", ".join(path.name for path in paths[:3])
            raise CorpusError(f"several corpora ({shown}); name the files with --{split}", path=folder)
    return {split: groups[split] for split in SPLIT_NAMES if split in groups}


def _preferred(paths: list[Path]) -> list[Path]:
    """Return the files whose suffix comes first in ``EXTENSIONS``."""
    rank = {path: EXTENSIONS.index(ext) if (ext := uncompressed_suffix(path)) in EXTENSIONS else 99 for path in paths}
    best = min(rank.values())
    return [path for path in paths if rank[path] == best]


def _shard_prefix(path: Path) -> str:
    """Return the name of a file up to that of its split, in which the shards of one corpus agree."""
    words = "|".join(word for words in SPLIT_NAMES.values() for word in words)
    return re.split(rf"(?:^|[^a-z])(?:{words})(?:[^a-z]|$)", path.name.lower())[0]


def _shard_notes(groups: dict[str, list[Path]]) -> list[str]:
    parts = {"the corpus" if split == "all" else split: paths for split, paths in groups.items() if len(paths) > 1}
    return [
        Note(f"{len(paths)} files read as one ({paths[0].name} to {paths[-1].name})", part)
        for part, paths in parts.items()
    ]


def _data_files(paths: list[Path]) -> list[Path]:
    """Return the files that may be parts of a corpus."""
    return [
        path
        for path in paths
        if path.is_file()
        and path.suffix.lower() not in (".md", ".html", ".py", ".zip", ".pdf")
        and not path.name.lower().startswith((*NO_DATA, *SAVED))
        and (uncompressed_suffix(path) in EXTENSIONS or split_of(path.name) is not None)
    ]
