"""Words and their numbers out of files of any format with columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tagger.corpora.formats.jsonl import TOKEN_KEYS
from tagger.corpora.formats.registry import ReadOptions, conllu_column, read_sentences
from tagger.corpora.formats.sentence import Problem, RawSentence, Skip, Stop, clipped, excerpt, number_of
from tagger.corpora.formats.sniffing import sniff
from tagger.corpora.series.cells import as_numbers
from tagger.corpora.series.number_records import json_records, parquet_records
from tagger.corpora.series.number_split import NumberSplit
from tagger.corpora.sources.locate import Located
from tagger.errors import CorpusError


@dataclass
class NumberReader:
    """Files to splits.

    Args:
        targets: the names of the K columns.
        format: of the files; None to tell by the content.
        tokens_column: name of the column of words.
        ignore_bad: leave out sentences that cannot be read.
        notes: how many were left out.
    """

    targets: tuple[str, ...]
    format: str | None
    tokens_column: str | None
    ignore_bad: bool
    notes: list[str] = field(default_factory=list)

    def split(self, name: str, paths: list[Path], located: Located) -> NumberSplit:
        """Read the files of a split.

        Raises:
            CorpusError: there is nothing in them, or a sentence without numbers; the message says where.
        """
        split = NumberSplit(name)
        for path in paths:
            shown = located.display.get(path, str(path))
            policy = Skip(shown) if self.ignore_bad else Stop(shown)
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
