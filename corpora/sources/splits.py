"""The splits of a corpus: their names, and random splits."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.corpora.formats.sentence import number_of
from tagger.corpora.sources.arrow_cache import Entry, Info, cached, divide, entry_key, random_split
from tagger.corpora.sources.corpus import Note

if TYPE_CHECKING:
    import datasets

SPLIT_NAMES = {
    "train": ("train", "training"),
    "dev": ("dev", "devel", "development", "val", "valid", "validation", "testa"),
    "test": ("test", "testing", "eval", "evaluation", "testb"),
}
SHARE = 0.1  # of the sentences, for dev and for test
_SPLIT_OF = {word: split for split, words in SPLIT_NAMES.items() for word in words}


def split_of(name: str) -> str | None:
    """Return the split that a file, a folder or a hub split is named after, None if none.

    Args:
        name: such as ``en_ewt-ud-train.conllu``, ``validation``, ``eng.testa``.
    """
    words = re.split(r"[^a-z]+", name.lower())
    return next((_SPLIT_OF[word] for word in reversed(words) if word in _SPLIT_OF), None)


def shares(sentences: int, wanted: tuple[str, ...]) -> dict[str, int]:
    """Count the sentences that each split gets.

    Args:
        sentences: how many there are.
        wanted: the parts to split off, of ``dev`` and ``test``.

    Returns:
        Sentences by part, ``train`` first: a tenth each, at least one; only train where there are too few.
    """
    each = max(1, round(sentences * SHARE))
    if sentences <= len(wanted):
        return {"train": sentences}
    return {"train": sentences - each * len(wanted), **dict.fromkeys(wanted, each)}


def split_off(entry: Entry, wanted: tuple[str, ...], seed: int) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Split dev and test off a cached reading; the pieces are cached too.

    Args:
        entry: the whole.
        wanted: the parts to split off, of ``dev`` and ``test``.
        seed: of the shuffle.

    Returns:
        The sentences of each part, ``train`` among them, and notes that say how they were split.
    """
    parts = shares(entry.info.sentences, wanted)
    if len(parts) == 1:
        return {"train": entry.table()}, _notes(parts, wanted, seed)

    def write(place: Path) -> Info:
        divide(entry.folder / "all.arrow", [place / f"{part}.arrow" for part in parts], random_split(parts, seed))
        return entry.info

    divided = cached(entry_key([entry.folder.name], {"parts": parts, "seed": seed}), write)
    return {part: divided.table(part) for part in parts}, _notes(parts, wanted, seed)


def split_off_table(
    table: datasets.Dataset, wanted: tuple[str, ...], seed: int
) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Split dev and test off a data set in memory, as ``split_off``."""
    import datasets
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = shares(table.num_rows, wanted)
    owners = pa.array(random_split(parts, seed), pa.int8())
    rows = table.with_format("arrow")[:]
    chosen = {part: rows.filter(pc.equal(owners, number)) for number, part in enumerate(parts)}
    pieces = {part: datasets.Dataset(datasets.table.InMemoryTable(rows)) for part, rows in chosen.items()}
    return pieces, _notes(parts, wanted, seed)


def missing_notes(splits: Container[str]) -> list[str]:
    """Note which of train and test a corpus lacks."""
    return [Note("none in this corpus", name) for name in ("train", "test") if name not in splits]


def _notes(parts: dict[str, int], wanted: tuple[str, ...], seed: int) -> list[str]:
    if len(parts) == 1:
        return [Note("none, too few sentences to split any off", " and ".join(wanted))]
    source = "of train" if wanted == ("dev",) else "of the data"
    how = f"({SHARE:.0%} {source}), split off at random (seed {seed})"
    return [Note(f"{number_of(parts[part], 'sentence')} {how}", part) for part in wanted]
