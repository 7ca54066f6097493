"""Sentences from the rows of a hub data set, checked and counted.

All of it is array code over Arrow's flat values. Ids become label names through an Arrow dictionary: a
cast to strings would give the ids as text, ``'11'`` instead of ``NOUN``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.sentence import MISSING, UNLABELLED
from tagger.corpora.hub.columns import Columns
from tagger.corpora.labels.label_column import OPTIONAL
from tagger.corpora.labels.repair import DOUBLE_LABEL
from tagger.corpora.sources.corpus import Note
from tagger.errors import CorpusError

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray


_SEVERAL = "a word has several labels"


class BadRowsError(CorpusError):
    """Some rows cannot be used; the others can."""


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of lists, flat.

    Attributes:
        values: the strings of all rows, one after the other.
        lengths: number of values of each of the B rows; -1 for a row without list.
    """

    values: pa.Array
    lengths: NDArray[np.int64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row that each value belongs to."""
        return np.repeat(np.arange(len(self.lengths)), np.maximum(self.lengths, 0))

    def keep_rows(self, chosen: NDArray[np.bool_]) -> Lists:
        """Return the chosen rows."""
        return Lists(self.values.filter(pa.array(chosen[self.rows])), self.lengths[chosen])

    def keep_values(self, chosen: NDArray[np.bool_]) -> Lists:
        """Return all rows with the chosen values."""
        lengths = np.bincount(self.rows[chosen], minlength=len(self.lengths))
        return Lists(self.values.filter(pa.array(chosen)), lengths)

    def array(self) -> pa.Array:
        """Return an Arrow array of lists of strings, null as ``_``; every row must have a list."""
        ends = np.concatenate([[0], np.cumsum(self.lengths)])
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), self.values.fill_null(MISSING))


def to_sentences(
    source: str, split: str, data: Dataset, columns: Columns, options: ReadOptions
) -> tuple[Dataset, list[str]]:
    """Turn one split into the columns ``tokens``, ``tags``, further label columns and ``text``.

    The options say whether rows that cannot be used are left out, and whether a word may have several labels.

    Returns:
        The sentences, and notes on the rows that were left out.

    Raises:
        BadRowsError: a row cannot be used: words and labels differ in number, a word is empty, has no label or
            several.
        CorpusError: the column holds no label.
    """
    import datasets

    table = data.select_columns(columns.used).with_format("arrow")[:]
    lists = {"tokens": _lists(table, columns.tokens, columns), "tags": _labels(table, columns)}
    good = _good_rows(f"{source} ({split})", lists["tokens"], lists["tags"], columns, options)
    lists |= {our: _lists(table, hub, columns) for our, hub in columns.others.items()}
    lists = {name: column.keep_rows(good) for name, column in lists.items()}
    lists = {name: column for name, column in lists.items() if _belongs(name, column, lists["tokens"])}
    spaces = _flags(pc.utf8_is_space(lists["tokens"].values))
    lists = {name: column.keep_values(~spaces) for name, column in lists.items()}
    labelled = ~_flags(pc.equal(lists["tags"].values, UNLABELLED))
    filled = np.bincount(lists["tags"].rows[labelled], minlength=len(lists["tags"].lengths)) > 0
    arrays = {name: column.keep_rows(filled).array() for name, column in lists.items()}
    if columns.text:
        text = table.column("text").combine_chunks().cast(pa.string())
        arrays["text"] = text.filter(pa.array(good)).filter(pa.array(filled))
    counts = {
        "rows cannot be used and were left out": int((~good).sum()),
        "words that are white space were left out": int(spaces.sum()),
        "rows without words or labels were left out": int((~filled).sum()),
        "words have no label: not learnt and not scored": int((~labelled).sum()),
    }
    notes: list[str] = [Note(f"{count:,} {what}", split) for what, count in counts.items() if count]
    return datasets.Dataset(datasets.table.InMemoryTable(pa.table(arrays))), notes


def _lists(table: pa.Table, name: str, columns: Columns) -> Lists:
    column = table.column(name).combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
    return Lists(_strings(column.flatten(), columns.names.get(name)), lengths.astype(np.int64))


def _labels(table: pa.Table, columns: Columns) -> Lists:
    """Return the labels, ``UNLABELLED`` for words without one, null for ids without a name."""
    lists = _lists(table, columns.tags, columns)
    if columns.tags in OPTIONAL or columns.tags == "lemmas":
        return Lists(lists.values.fill_null(MISSING), lists.lengths)
    held = table.column(columns.tags).combine_chunks().flatten()
    ids = pa.types.is_integer(held.type)
    none = pc.is_in(held, pa.array([-100, -1], held.type)) if ids else pc.is_in(lists.values, pa.array([MISSING, ""]))
    return Lists(pc.if_else(pc.or_(none, held.is_null()), UNLABELLED, lists.values), lists.lengths)


def _strings(values: pa.Array, names: Sequence[str] | None) -> pa.Array:
    """Return strings; ids become the names they stand for, or null where they stand for none."""
    if names is None or not pa.types.is_integer(values.type):
        return values.cast(pa.string())
    known = pc.and_(pc.greater_equal(values, 0), pc.less(values, len(names)))
    return pa.array(names, pa.string()).take(pc.if_else(known, values, None))


def _good_rows(place: str, tokens: Lists, tags: Lists, columns: Columns, options: ReadOptions) -> NDArray[np.bool_]:
    """Find the rows that can be used, or raise for the first that cannot."""
    unlabelled, nameless = _flags(pc.equal(tags.values, UNLABELLED)), _flags(tags.values.is_null())
    if len(unlabelled) and unlabelled.all():
        raise CorpusError(f"{place}: column {columns.tags!r} holds no label")
    empty = _flags(pc.equal(tokens.values, ""))
    problems = {
        "words and labels differ in number": tokens.lengths != tags.lengths,
        "there is no list of words": tokens.lengths < 0,
        "an empty word": np.isin(np.arange(len(tokens.lengths)), tokens.rows[empty]),
        "a label id without a name": np.isin(np.arange(len(tags.lengths)), tags.rows[nameless]),
        _SEVERAL: np.isin(np.arange(len(tags.lengths)), tags.rows[_double(tags, allowed=options.repair)]),
    }
    bad: NDArray[np.bool_] = np.logical_or.reduce(list(problems.values()))
    if bad.any() and not options.skip_invalid:
        row = int(bad.argmax())
        what = next(what for what, rows in problems.items() if rows[row])
        words, labels = max(tokens.lengths[row], 0), max(tags.lengths[row], 0)
        raise BadRowsError(
            f"{place}: row {row} (from 0) of {len(bad):,}: {what} "
            f"({words} words in {columns.tokens!r}, {labels} labels in {columns.tags!r}); "
            f"{bad.sum():,} such rows can be left out (--skip-invalid)"
            + ("; --repair keeps one label of each word" if what == _SEVERAL else "")
        )
    return ~bad


def _double(tags: Lists, *, allowed: bool) -> NDArray[np.bool_]:
    """Find the words with several labels, such as ``B-x,B-y``."""
    labels = [] if allowed else tags.values.unique().to_pylist()
    double = [label for label in labels if label is not None and DOUBLE_LABEL.fullmatch(label)]
    return pc.is_in(tags.values, pa.array(double, pa.string())).to_numpy(zero_copy_only=False).astype(bool)  # type: ignore[no-any-return]


def _belongs(name: str, lists: Lists, tokens: Lists) -> bool:
    """Whether a column has a value for each word, and not only missing ones."""
    if name in ("tokens", "tags"):
        return True
    return np.array_equal(lists.lengths, tokens.lengths) and not _flags(pc.equal(lists.values, MISSING)).all()


def _flags(condition: pa.Array) -> NDArray[np.bool_]:
    """Return an Arrow condition as NumPy; null counts as true."""
    flags: NDArray[np.bool_] = condition.fill_null(True).to_numpy(zero_copy_only=False).astype(bool)
    return flags
