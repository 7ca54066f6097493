"""A corpus whose words have numbers: reading times, prominence, complexity ... in any format with columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.files.lines import read_lines
from tagger.corpora.files.paths import open_file
from tagger.corpora.formats.jsonl import TOKEN_KEYS
from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import Problem, RawSentence, Skip, Stop, clipped, excerpt, number_of
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.series.cells import as_numbers
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.sources.resolve import resolve, stdin_to_tempfile
from tagger.errors import CorpusError


def json_records(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The objects of a file of JSON lines with the numbers of their lines; what is none is a message."""
    for number, line in enumerate(read_lines(path, name), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        yield number, record if isinstance(record, dict) else f"not a JSON object: {excerpt(line)}"


def parquet_records(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The rows of a Parquet file and their numbers.

    Raises:
        CorpusError: the file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    with open_file(path, name) as stream:
        try:
            for batch in pq.ParquetFile(stream).iter_batches(1000):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
        except (pa.ArrowException, OSError, ValueError) as error:
            first = clipped((str(error).splitlines() or ["unknown reason"])[0])
            raise CorpusError(f"not a Parquet file that can be read: {first}", path=name) from error


@dataclass
class NumberReader:
    """Files to splits.

    Args:
        targets: the names of the K columns.
        format: of the files; None to tell by the content.
        tokens_column: name of the column of words.
        skip_invalid: leave out sentences that cannot be read.
        notes: how many were left out.
    """

    targets: tuple[str, ...]
    format: str | None
    tokens_column: str | None
    skip_invalid: bool
    notes: list[str] = field(default_factory=list)

    def split(self, name: str, paths: list[Path], located: DatasetFiles) -> TokenValueSplit:
        """Read the files of a split.

        Raises:
            CorpusError: there is nothing in them, or a sentence without numbers; the message says where.
        """
        split = TokenValueSplit(name)
        for path in paths:
            shown = located.display.get(path, str(path))
            policy = Skip(shown) if self.skip_invalid else Stop(shown)
            for tokens, columns, lines, text in self._sentences(path, shown, policy):
                values = self._values(columns, lines, policy)
                if values is not None:
                    split.tokens.append(tokens)
                    split.values.append(values)
                    split.texts.append(text)
            if isinstance(policy, Skip) and (note := policy.note()):
                self.notes.append(note)
        if not split.tokens:
            raise CorpusError("no sentence with numbers that can be read", path=located.name)
        return split

    def _sentences(
        self, path: Path, name: str, policy: Skip | Stop
    ) -> Iterator[tuple[list[str], dict[str, list[Any]], list[int], str | None]]:
        form = self.format or sniff(path, name)
        if form in ("jsonl", "parquet"):
            yield from self._records(path, name, form, policy)
            return
        readings = [
            self._raw(path, name, form, target, policy) for target in self.targets[: None if form == "conllu" else 1]
        ]
        for sentences in zip(*readings, strict=False):
            columns = {key: values for sentence in sentences for key, values in sentence.columns.items()}
            self._check(columns, name, sentences[0].line)
            yield sentences[0].tokens, columns, sentences[0].lines, sentences[0].text

    def _raw(self, path: Path, name: str, form: str, target: str, policy: Skip | Stop) -> Iterator[RawSentence]:
        column = conllu_column(target) if form == "conllu" else target
        return read_sentences(path, name, form, ReadOptions(column, form, self.tokens_column), policy)

    def _check(self, columns: dict[str, list[Any]], name: str, line: int) -> None:
        for target in self.targets:
            if target not in columns:
                held = clipped(", ".join(key for key in columns if key != "misc"))
                raise CorpusError(f"no column {excerpt(target)}; there are: {held}", path=name, line=line)

    def _records(
        self, path: Path, name: str, form: str, policy: Skip | Stop
    ) -> Iterator[tuple[list[str], dict[str, list[Any]], list[int], str | None]]:
        """Rows with a list of words and lists of numbers."""
        for number, record in parquet_records(path, name) if form == "parquet" else json_records(path, name):
            message = record if isinstance(record, str) else self._problem(record)
            if message is not None:
                policy(Problem(number, message, number))
            elif not isinstance(record, str):
                tokens = record[self._key(record)]
                text = record.get("text")
                columns = {target: record[target] for target in self.targets}
                yield tokens, columns, [number] * len(tokens), text if isinstance(text, str) else None

    def _key(self, record: dict[str, Any]) -> str:
        return self.tokens_column or next((key for key in TOKEN_KEYS if key in record), TOKEN_KEYS[0])

    def _problem(self, record: dict[str, Any]) -> str | None:
        tokens = record.get(self._key(record))
        if not isinstance(tokens, list) or not tokens or not all(isinstance(word, str) and word for word in tokens):
            return f"no list of words called {self._key(record)!r}; keys: {clipped(', '.join(record))}"
        for target in self.targets:
            values = record.get(target)
            if not isinstance(values, list):
                return f"no list of numbers called {excerpt(target)}; keys: {clipped(', '.join(record))}"
            if len(values) != len(tokens):
                return f"{number_of(len(values), 'number')} in {excerpt(target)} for {number_of(len(tokens), 'word')}"
        return None

    def _values(self, columns: dict[str, list[Any]], lines: list[int], policy: Skip | Stop) -> np.ndarray | None:
        """(T, K), None if one of them is no number and its sentence is left out."""
        found, good = [], True
        for target in self.targets:
            numbers, problems = as_numbers(list(columns[target]))
            for place, message in problems:
                good = False
                policy(Problem(lines[place], f"column {excerpt(target)}: {message}", lines[0]))
            found.append(numbers)
        return np.stack(found, axis=1) if good else None


@dataclass(slots=True)
class TokenValueSplit:
    """One part of a corpus: B sentences.

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
        """In all sentences."""
        return sum(map(len, self.tokens))

    def take(self, name: str, places: Iterable[int]) -> TokenValueSplit:
        """Some of the sentences."""
        chosen = list(places)
        return TokenValueSplit(
            name,
            [self.tokens[i] for i in chosen],
            [self.values[i] for i in chosen],
            [self.texts[i] for i in chosen],
        )


SHARE = 10  # one sentence in so many each becomes dev and test, where a corpus is not split


@dataclass(frozen=True, slots=True)
class TokenValueCorpus:
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
    splits: dict[str, TokenValueSplit]
    notes: tuple[str, ...]
    fingerprint: str


def read_token_values(
    source: str,
    targets: Sequence[str],
    *,
    format: str | None = None,
    tokens_column: str | None = None,
    skip_invalid: bool = False,
    seed: int = 1,
) -> TokenValueCorpus:
    """Read words and their numbers.

    Args:
        source: a file, folder, glob, or ``-``: CoNLL-U, columns, JSON lines, CSV, TSV, Parquet.
        targets: names of the columns; in CoNLL-U keys in MISC.
        format: of the files, None to tell by the content.
        tokens_column: name of the column of words.
        skip_invalid: leave out sentences that cannot be read, and count them.
        seed: of the random split of a corpus that is not split.

    Raises:
        CorpusError: there is no such corpus, or words without numbers; the message says where.
    """
    with stdin_to_tempfile([source]) as spool:
        located = resolve(source, spool)
        if located is None:
            raise CorpusError(
                "no such file or folder; a corpus with numbers beside words is read from files", path=source
            )
        reader = NumberReader(tuple(targets), format, tokens_column, skip_invalid)
        read = {name: reader.split(name, paths, located) for name, paths in located.files.items()}
    notes = [*located.notes, *reader.notes]
    splits = _split(read, seed, notes)
    missing = sum(int(np.isnan(values).any(1).sum()) for split in read.values() for values in split.values)
    if missing:
        notes.append(f"{number_of(missing, 'word')} without a number, not learnt from")
    digest = hashlib.sha256("".join(str(split.tokens) + str(split.values) for split in read.values()).encode())
    return TokenValueCorpus(located.name, source, tuple(targets), splits, tuple(notes), digest.hexdigest()[:16])


def _split(read: dict[str, TokenValueSplit], seed: int, notes: list[str]) -> dict[str, TokenValueSplit]:
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
