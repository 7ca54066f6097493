"""Corpora with a number beside every word: reading times, prominence, complexity ..."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tagger.corpora.files.streams import read_head
from tagger.corpora.formats.conllu import misc_value
from tagger.corpora.formats.csv_tables import BOUNDARY, WORD_KEYS
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.records import TOKEN_KEYS
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.formats.sentence import (
    Problem,
    RaiseErrors,
    RawSentence,
    SkipInvalid,
    clipped,
    error_policy,
    excerpt,
    number_of,
)
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.series.cells import as_numbers
from tagger.corpora.series.read import TIME_NAMES
from tagger.corpora.series.rows import open_rows
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import find_files
from tagger.errors import CorpusError

FRACTION = 10
"""Dev and test each get a sentence in ten of a corpus that has no such splits."""


@dataclass(slots=True)
class TokenValueSplit:
    """One split of a corpus: B sentences.

    Args:
        name: ``train``, ``dev`` or ``test``.
        tokens: B lists of T words.
        values: B arrays (T, K) float32, NaN where a word has no number.
        texts: the raw sentences, None where the corpus does not hold them.
    """

    name: str
    tokens: list[list[str]] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)

    @property
    def words(self) -> int:
        """Words of all sentences."""
        return sum(map(len, self.tokens))

    def flat_values(self) -> np.ndarray:
        """Join the numbers of all sentences: (N, K)."""
        return np.concatenate(self.values)

    def take(self, name: str, numbers: Sequence[int]) -> TokenValueSplit:
        """Make a split of some of the sentences."""
        columns = (self.tokens, self.values, self.texts)
        return TokenValueSplit(name, *([column[i] for i in numbers] for column in columns))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class TokenValueCorpus:
    """Everything that was read from one source.

    Args:
        name: a short name.
        source: what the user named.
        targets: the names of the K columns.
        splits: by name: train, and dev and test where the corpus has them.
        notes: for the user.
        fingerprint: 16 hexadecimal digits over the content.
    """

    name: str
    source: str
    targets: tuple[str, ...]
    splits: dict[str, TokenValueSplit]
    notes: tuple[str, ...]
    fingerprint: str


def read_token_values(
    source: str, targets: Sequence[str], options: ReadOptions | None = None, *, seed: int = 1
) -> TokenValueCorpus:
    """Read words and their numbers.

    Args:
        source: a file, folder, glob, or ``-``, in any format of labelled corpora that has columns.
        targets: names of the columns; in CoNLL-U keys in MISC.
        options: the format, the column of words, and whether unreadable sentences are skipped.
        seed: of the random split of a corpus that has no splits.

    Raises:
        CorpusError: there is no such corpus, or words without numbers; the message says where.
    """
    options = replace(options or ReadOptions(), column=targets[0], numbers=tuple(targets))
    with find_files({"source": source}) as found:
        files = found.files
        if files is None:
            raise CorpusError(
                "no such file or folder; a corpus with numbers beside words is read from files", path=source
            )
        notes = list(files.notes)
        read = {name: _read_split(name, paths, files, options, notes) for name, paths in files.files.items()}
    splits = _random_splits(read, seed, notes)
    missing = sum(int(np.isnan(split.flat_values()).any(1).sum()) for split in read.values())
    if missing:
        notes.append(f"{number_of(missing, 'word')} without a number, not learnt from")
    digest = hashlib.sha256("".join(str(split.tokens) + str(split.values) for split in read.values()).encode())
    return TokenValueCorpus(files.name, source, tuple(targets), splits, tuple(notes), digest.hexdigest()[:16])


def _read_split(
    name: str, paths: list[Path], files: DatasetFiles, options: ReadOptions, notes: list[str]
) -> TokenValueSplit:
    """Read the files of a split; refuse one without a sentence that can be read."""
    split = TokenValueSplit(name)
    for path in paths:
        shown = files.display.get(path, str(path))
        policy = error_policy(shown, skip_invalid=options.skip_invalid)
        sentences = read_sentences(path, shown, options.format or sniff(path, shown), options, policy)
        for sentence, values in _with_values(sentences, options.numbers, policy):
            split.tokens.append(sentence.tokens)
            split.values.append(values)
            split.texts.append(sentence.text)
        if note := policy.note():
            notes.append(note)
    if not split.tokens:
        raise CorpusError("no sentence with numbers that can be read", path=files.name)
    return split


def _with_values(
    sentences: Iterator[RawSentence], targets: Sequence[str], policy: RaiseErrors | SkipInvalid
) -> Iterator[tuple[RawSentence, np.ndarray]]:
    """Yield the sentences with their (T, K) numbers; report the others to the policy."""
    for sentence in sentences:
        columns = []
        problems = []
        for target in targets:
            cells = sentence.columns.get(target)
            if cells is None and "misc" in sentence.columns:
                cells = [misc_value(misc, target) for misc in sentence.columns["misc"]]
            if cells is None:
                held = clipped(", ".join(sentence.columns))
                problems.append((sentence.line, f"no column {excerpt(target)}; there are: {held}"))
                continue
            values, wrong = as_numbers(list(cells))
            columns.append(values)
            problems += [(sentence.lines[place], f"column {excerpt(target)}: {message}") for place, message in wrong]
        for line, message in problems:
            policy(Problem(line, message, sentence.line))
        if not problems:
            yield sentence, np.stack(columns, axis=1)


def _random_splits(read: dict[str, TokenValueSplit], seed: int, notes: list[str]) -> dict[str, TokenValueSplit]:
    """Split dev, and test where the corpus has no splits at all, off at random."""
    whole = read.get("all") or read.get("train")
    if whole is None:
        raise CorpusError(f"no training split; there are: {', '.join(read)}")
    count = len(whole.tokens)
    wanted = ("dev", "test") if "all" in read else ("dev",)
    missing = [name for name in wanted if name not in read and count >= 3]
    splits = {name: split for name, split in read.items() if name not in ("all", "train")}
    size = max(1, count // FRACTION)
    order = np.random.default_rng(seed).permutation(count).tolist() if missing else list(range(count))
    for name in missing:
        chosen, order = order[:size], order[size:]
        splits[name] = whole.take(name, sorted(chosen))
        notes.append(f"{name}: {number_of(size, 'sentence')} of {count:,} at random (seed {seed})")
    return {"train": whole.take("train", sorted(order)), **splits}


def holds_words(path: Path, name: str, form: str | None = None) -> bool:
    """Tell a labelled corpus from a table of times by its format or its words."""
    if form in ("conllu", "columns", "slashed") or path.suffix in (".conllu", ".conll", ".iob"):
        return True
    try:
        rows = open_rows(path, name)
        if rows.form == "jsonl":
            return any(isinstance(cells[0], list) for cells in next(rows.batches(rows.columns)).columns.values())
        columns = {column.lower() for column in rows.columns}
        of_words = columns & {*TOKEN_KEYS, *WORD_KEYS} or any(map(BOUNDARY.fullmatch, columns))
        return bool(of_words) and not columns & set(TIME_NAMES)
    except CorpusError:
        head = read_head(path, name)
        return b"\t" in head[:1000] and head.startswith((b"#", b"1\t"))
