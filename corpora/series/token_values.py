"""A corpus whose words have numbers: reading times, prominence, complexity ... in any format with columns."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagger.corpora.formats.sentence import number_of
from tagger.corpora.series.number_reading import NumberReader
from tagger.corpora.series.number_split import NumberSplit
from tagger.corpora.sources.resolve import resolve, spooled
from tagger.errors import CorpusError

SHARE = 10  # one sentence in so many each becomes dev and test, where a corpus is not split


@dataclass(frozen=True, slots=True)
class NumberCorpus:
    """Everything that was read from one source.

    Args:
        name: a short name.
        source: what the user asked for.
        targets: the names of the K columns.
        splits: by name: train, and dev and test where there are any.
        notes: what the user must be told.
        fingerprint: 16 hexadecimal digits over the content.
    """

    name: str
    source: str
    targets: tuple[str, ...]
    splits: dict[str, NumberSplit]
    notes: tuple[str, ...]
    fingerprint: str


def read_number_corpus(
    source: str,
    targets: Sequence[str],
    *,
    format: str | None = None,
    tokens_column: str | None = None,
    ignore_bad: bool = False,
    seed: int = 1,
) -> NumberCorpus:
    """Read words and their numbers.

    Args:
        source: a file, folder, glob, or ``-``: CoNLL-U, columns, JSON lines, CSV, TSV, Parquet.
        targets: names of the columns; in CoNLL-U keys in MISC.
        format: of the files, None to tell by the content.
        tokens_column: name of the column of words.
        ignore_bad: leave out sentences that cannot be read, and count them.
        seed: of the random split of a corpus that is not split.

    Raises:
        CorpusError: there is no such corpus, or words without numbers; the message says where.
    """
    with spooled([source]) as spool:
        located = resolve(source, spool)
        if located is None:
            raise CorpusError(
                "no such file or folder; a corpus with numbers beside words is read from files", path=source
            )
        reader = NumberReader(tuple(targets), format, tokens_column, ignore_bad)
        read = {name: reader.split(name, paths, located) for name, paths in located.files.items()}
    notes = [*located.notes, *reader.notes]
    splits = _split(read, seed, notes)
    missing = sum(int(np.isnan(values).any(1).sum()) for split in read.values() for values in split.values)
    if missing:
        notes.append(f"{number_of(missing, 'word')} without a number, not learnt from")
    digest = hashlib.sha256("".join(str(split.tokens) + str(split.values) for split in read.values()).encode())
    return NumberCorpus(located.name, source, tuple(targets), splits, tuple(notes), digest.hexdigest()[:16])


def _split(read: dict[str, NumberSplit], seed: int, notes: list[str]) -> dict[str, NumberSplit]:
    whole = read.get("all") or read.get("train")
    if whole is None:
        raise CorpusError(f"no training split; there are: {', '.join(read)}")
    wanted = ("dev", "test") if "all" in read else tuple(name for name in ("dev",) if name not in read)
    count = len(whole.tokens)
    size = max(1, count // SHARE)
    splits = {name: split for name, split in read.items() if name not in ("all", "train")}
    if not wanted or count < 3:
        return {"train": whole.take("train", range(count)), **splits}
    order = np.random.default_rng(seed).permutation(count)
    for place, name in enumerate(wanted):
        splits[name] = whole.take(name, sorted(order[place * size : (place + 1) * size].tolist()))
        notes.append(f"{name}: {number_of(size, 'sentence')} of {count:,} at random (seed {seed})")
    rest = sorted(order[len(wanted) * size :].tolist())
    return {"train": whole.take("train", rest), **splits}
