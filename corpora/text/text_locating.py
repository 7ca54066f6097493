"""Which files of a folder are a text: novels are not splits because of a word in their title."""

from __future__ import annotations

from pathlib import Path

from tagger.corpora.files.paths import listing
from tagger.corpora.sources.locate import EXTENSIONS, NO_DATA, PACKED, Located, bundled
from tagger.corpora.sources.resolve import resolve
from tagger.corpora.sources.splits import split_of

TEXT_EXTENSION = ".txt"


def resolve_text(source: str | None, spool: dict[str, Path]) -> Located | None:
    """The files that a source names, as ``resolving.resolve``, but for a folder of plain text.

    Its files are taken for splits when one is named after train and another after dev or test; otherwise all
    of them are one text.

    Args:
        source: what the user gave.
        spool: the standard input as a file.

    Returns:
        The files by split, or None if it can only be a catalogue name or a hub id.

    Raises:
        CorpusError: nothing by that name, or nothing that can be read.
    """
    if source is None or source in spool or bundled(source) is not None:
        return resolve(source, spool)
    folder = Path(source).expanduser()
    texts = _texts(folder) if source.strip() and folder.is_dir() else []
    splits = {split_of(path.name) for path in texts}
    if None not in splits or ("train" in splits and splits & {"dev", "test"}):
        return resolve(source, spool)
    note = [f"the text: {len(texts)} files ({texts[0].name} to {texts[-1].name})"] if len(texts) > 1 else []
    return Located(folder.resolve().name or "corpus", {"all": texts}, notes=note)


def _texts(folder: Path) -> list[Path]:
    """The plain text files of a folder, none where it holds files of a labelled format."""
    files = [path for path in listing(folder) if path.is_file() and not path.name.lower().startswith(NO_DATA)]
    kinds = [(path.with_suffix("").suffix if path.suffix in PACKED else path.suffix).lower() for path in files]
    if any(kind in EXTENSIONS and kind != TEXT_EXTENSION for kind in kinds):
        return []
    return [path for path, kind in zip(files, kinds, strict=True) if kind == TEXT_EXTENSION]
