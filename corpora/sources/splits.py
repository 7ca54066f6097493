"""The splits of a corpus: their names, and random splits."""

from __future__ import annotations

import random
import re
from collections.abc import Container
from typing import TYPE_CHECKING

from tagger.corpora.formats.sentence import number_of
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


def split_off(
    table: datasets.Dataset, wanted: tuple[str, ...], seed: int
) -> tuple[dict[str, datasets.Dataset], list[str]]:
    """Split dev and test off at random.

    Args:
        table: B rows.
        wanted: the splits to make, of ``dev`` and ``test``.
        seed: of the shuffle.

    Returns:
        The rows of each split, ``train`` among them, in their order; and notes that say how they were split.
    """
    import datasets
    import pyarrow as pa
    import pyarrow.compute as pc

    sizes = shares(table.num_rows, wanted)
    if len(sizes) == 1:
        return {"train": table}, [Note("none, too few sentences to split any off", " and ".join(wanted))]
    owners = [number for number, size in enumerate(sizes.values()) for _ in range(size)]
    random.Random(seed).shuffle(owners)
    rows, owner = table.with_format("arrow")[:], pa.array(owners, pa.int8())
    splits = {name: rows.filter(pc.equal(owner, number)) for number, name in enumerate(sizes)}
    share = f"{SHARE:.0%} {'of train' if wanted == ('dev',) else 'of the data'}"
    notes: list[str] = [
        Note(f"{number_of(sizes[name], 'sentence')} ({share}), split off at random (seed {seed})", name)
        for name in wanted
    ]
    tables = {
        name: datasets.Dataset(datasets.table.InMemoryTable(rows), fingerprint=f"{table._fingerprint}-{name}-{seed}")
        for name, rows in splits.items()
    }  # without a fingerprint all rows would be hashed
    return tables, notes


def missing_notes(splits: Container[str]) -> list[str]:
    """Note which of train and test a corpus lacks."""
    return [Note("none in this corpus", name) for name in ("train", "test") if name not in splits]
