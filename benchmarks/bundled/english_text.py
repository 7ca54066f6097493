"""The text that the bundled English model learns from: a treebank, contemporary English and novels as one stream.

Written as tokenised text, a sentence a line, split like the treebank. Documents are dealt out whole: some of the
contemporary ones and one novel are held out.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.corpora.read_corpus import read_split
from tagger.corpora.text.text_corpus import read_text_split
from tagger.corpora.tokenization.tokenizer import WordTokenizer

Sentence = Sequence[str]
Document = list[Sentence]
SEED = 7
HELD_OUT = 0.05
HELD_OUT_NOVEL = "the-war-of-the-worlds"
PIECE = 200
"""Sentences of a novel that follow each other before another source has its turn."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the texts lie.

    Args:
        treebank: folder of CoNLL-U files.
        contemporary: a tokenised file, a sentence a line, documents parted by blank lines.
        novels: folder of plain text files.
    """

    treebank: Path
    contemporary: Path
    novels: Path


def write_text(sources: Sources, folder: Path, *, repeats: tuple[int, int] = (4, 3)) -> dict[str, Path]:
    """Write the training text and the texts to measure on.

    Args:
        sources: where the texts lie.
        folder: where to write.
        repeats: how often the treebank and the contemporary texts are read for one reading of the novels, so that
            the model does not sound like the novels alone.

    Returns:
        Files by name: train, dev (contemporary and treebank), and for tests contemporary, treebank, novel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept, dev, test = _dealt(list(_documents(sources.contemporary)))
    novels = {path.stem: _novel(path) for path in sorted(sources.novels.glob("*.txt"))}
    held_out = novels.pop(HELD_OUT_NOVEL)
    treebank = {split: _treebank(sources.treebank, split) for split in ("train", "dev", "test")}
    pieces = [*_pieces(novels.values()), *repeats[1] * kept, *repeats[0] * list(_pieces([treebank["train"]]))]
    random.Random(SEED).shuffle(pieces)
    parts: dict[str, list[Document]] = {
        "train": pieces,
        "dev": [*dev, treebank["dev"]],
        "contemporary": test,
        "treebank": [treebank["test"]],
        "novel": [held_out],
    }
    return {name: _write(folder / f"{name}.txt", documents) for name, documents in parts.items()}


def _documents(path: Path) -> Iterator[Document]:
    """Documents, their words split further where the treebank would (hyphens)."""
    tokenizer = WordTokenizer.from_rules("english")
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [[token.text for token in tokenizer.words(line)] for line in block.splitlines()]
        document: Document = [line for line in lines if line]
        if document:
            yield document


def _dealt(documents: list[Document]) -> tuple[list[Document], list[Document], list[Document]]:
    """Train, dev and test, whole documents at random."""
    random.Random(SEED).shuffle(documents)
    share = HELD_OUT * sum(map(_words, documents))
    parts: tuple[list[Document], list[Document], list[Document]] = ([], [], [])
    for document in documents:
        taken = next((n for n in (1, 2) if sum(map(_words, parts[n])) + _words(document) <= share), 0)
        parts[taken].append(document)
    return parts


def _words(document: Document) -> int:
    return sum(map(len, document))


def _novel(path: Path) -> Document:
    return [passage.words for passage in read_text_split(str(path), "all") if passage.words]


def _treebank(folder: Path, split: str) -> Document:
    return list(read_split(str(folder), split).tokens())


def _pieces(texts: Iterable[Document]) -> Iterator[Document]:
    for text in texts:
        for start in range(0, len(text), PIECE):
            yield text[start : start + PIECE]


def _write(path: Path, documents: Sequence[Document]) -> Path:
    lines = (" ".join("_".join(word.split()) for word in sentence) for document in documents for sentence in document)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
