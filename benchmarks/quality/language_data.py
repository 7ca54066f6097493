"""A tokenised text with documents as train, valid and test files.

Run: ``python -m benchmarks.quality.language_data --help``.

Whole documents (parted by blank lines) are held out; words outside the V - 2 most frequent of train become ``<unk>``.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path

Document = list[list[str]]


def main() -> None:
    """Read, deal out, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("texts", type=Path, nargs="+", help="a sentence a line, words parted by blanks")
    parser.add_argument("--out", type=Path, required=True, help="folder of the three files")
    parser.add_argument("--vocabulary-size", type=int, default=10_000, help="<unk> and the end of a line included")
    parser.add_argument("--held-out", type=float, default=0.06, help="share of each of valid and test")
    arguments = parser.parse_args()
    parts = deal([d for path in arguments.texts for d in documents(path)], arguments.held_out)
    known = vocabulary(parts["train"], arguments.vocabulary_size - 2)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, random_split in parts.items():
        lines = (" ".join(w if w in known else "<unk>" for w in sentence) for d in random_split for sentence in d)
        (arguments.out / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(random_split):,} documents, {sum(len(s) + 1 for d in random_split for s in d):,} tokens")


def documents(path: Path) -> list[Document]:
    """The documents of a file."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    found = [[line.split() for line in block.splitlines() if line.strip()] for block in blocks]
    return [document for document in found if document]


def deal(found: list[Document], share: float, seed: int = 7) -> dict[str, list[Document]]:
    """Whole documents at random to valid and test until each has its share; the others, in their order, to train."""
    order = list(range(len(found)))
    random.Random(seed).shuffle(order)
    sizes = [sum(len(sentence) + 1 for sentence in document) for document in found]
    room = {"valid": share * sum(sizes), "test": share * sum(sizes)}
    places: dict[str, list[int]] = {"train": [], "valid": [], "test": []}
    for number in order:
        part = next((name for name in room if sizes[number] <= room[name]), "train")
        places[part].append(number)
        if part in room:
            room[part] -= sizes[number]
    return {name: [found[number] for number in sorted(numbers)] for name, numbers in places.items()}


def vocabulary(train: list[Document], size: int) -> set[str]:
    """The most frequent words, ties in code-point order."""
    counts = Counter(word for document in train for sentence in document for word in sentence)
    return set(sorted(counts, key=lambda word: (-counts[word], word))[:size])


if __name__ == "__main__":
    main()
