"""Just enough CoNLL-U, with the standard library alone, so that every system is fed by the same few lines.

Not the reader of the toolkit on purpose: gold tags and scores come from a second, independent implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

COLUMNS = {"upos": 3, "xpos": 4}
FORM = 1

Sentences = list[list[str]]


def blocks(path: Path) -> Iterator[str]:
    """The sentences of a file as they stand: comments and words, without the blank line that ends them."""
    lines: list[str] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                lines.append(line)
            elif lines:
                yield "".join(lines)
                lines = []
    if lines:
        yield "".join(lines)


def words(block: str, column: str) -> tuple[list[str], list[str]]:
    """The T words and T tags of a sentence; multiword ranges and empty nodes are no words."""
    rows = [line.split("\t") for line in block.splitlines() if not line.startswith("#")]
    rows = [row for row in rows if row[0].isdecimal()]
    return [row[FORM] for row in rows], [row[COLUMNS[column]] for row in rows]


def read(path: Path, column: str = "upos") -> tuple[Sentences, Sentences]:
    """The words and the tags of a file: B lists of T strings each.

    Args:
        path: a CoNLL-U file.
        column: upos or xpos.
    """
    pairs = [words(block, column) for block in blocks(path)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def write(path: Path, sentences: Iterable[str]) -> None:
    """Write blocks as ``blocks`` gave them."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(block + "\n" for block in sentences)


def first(path: Path, limit: int | None) -> list[str]:
    """The first ``limit`` blocks of a file; all of them if it is None."""
    return list(islice(blocks(path), limit))


def split_tail(sentences: list[str], share: float = 0.1) -> tuple[list[str], list[str]]:
    """Cut the last ``share`` of the sentences off."""
    cut = len(sentences) - max(1, round(len(sentences) * share))
    return sentences[:cut], sentences[cut:]


def prepare(
    folder: Path, train: Path, dev: Path | None, test: Path | None, *, limit: int | None = None
) -> dict[str, Path]:
    """Write the files that every system reads.

    Args:
        folder: to write into.
        train: training file.
        dev: development file; None takes the last tenth of ``train`` for it, before ``limit``.
        test: test file, if there is to be one.
        limit: keep the first N training sentences.
    """
    learned = first(train, None)
    held = first(dev, None) if dev is not None else []
    if dev is None:
        learned, held = split_tail(learned)
    parts = {"train": learned[:limit], "dev": held}
    if test is not None:
        parts["test"] = first(test, None)
    files = {split: folder / f"{split}.conllu" for split in parts}
    for split, sentences in parts.items():
        write(files[split], sentences)
    return files
