"""The columns of words and labels of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.labels.label_column import choose_column
from tagger.errors import CorpusError

if TYPE_CHECKING:
    from datasets import Dataset

TOKEN_COLUMNS = ("tokens", "words", "word_form", "forms", "form", "word", "token")
_OWN_NAMES = {"lemmas": "lemma"}  # the hub's name, and ours
_RESERVED = ("tokens", "tags", "text")  # columns of the result
_NOT_LABELS = ("id", "head", "deps", "misc")  # offered when asked for by name, not carried along


class NoSentencesError(CorpusError):
    """The rows are not sentences with labels: ``datasets`` read text by lines, or only the first column."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns to read.

    Attributes:
        tokens: the column of words.
        tags: the column of labels.
        others: further label columns, the hub's name by our name.
        names: label names of the columns whose labels are integers, by the hub's column name.
        text: whether there is a column ``text`` with the raw sentence.
        note: a note for the user on the choice of labels.
    """

    tokens: str
    tags: str
    others: dict[str, str]
    names: dict[str, tuple[str, ...]]
    text: bool
    note: str | None

    @property
    def used(self) -> list[str]:
        """List the columns to read."""
        return list(dict.fromkeys([self.tokens, self.tags, *self.others.values(), *(["text"] if self.text else [])]))


def choose_columns(source: str, data: Dataset, options: ReadOptions) -> Columns:
    """Choose the columns of words and labels, from one split of a data set.

    Raises:
        NoSentencesError: the rows are not sentences with labels.
        CorpusError: there is no such column, or its labels are integers without names.
    """
    features = {name: inner_feature(feature) for name, feature in data.features.items()}
    lists = {name: inner for name, inner in features.items() if inner is not None}
    try:
        tokens = _tokens_column(source, lists, list(data.column_names), options.tokens_column)
        ours = {_OWN_NAMES.get(name, name): name for name in lists if name != tokens}
        tags, note = _tags_column(source, ours, options)
        names = _label_names(source, lists, tags, options)
    except CorpusError as error:
        if len(lists) > 1:
            raise
        raise NoSentencesError(error.message) from error
    others = {our: hub for our, hub in ours.items() if hub != tags and our not in (*_NOT_LABELS, *_RESERVED)}
    others = {our: hub for our, hub in others.items() if hub in names or is_string(lists[hub])}
    text = is_string(data.features.get("text")) and tokens != "text"
    return Columns(tokens, tags, others, names, text, note)


def _label_names(source: str, lists: Mapping[str, Any], tags: str, options: ReadOptions) -> dict[str, tuple[str, ...]]:
    """Find the names of integer labels by column."""
    names = {name: tuple(inner.names) for name, inner in lists.items() if hasattr(inner, "names")}
    if options.label_names is not None and not is_string(lists[tags]):
        names[tags] = tuple(options.label_names)
    if tags not in names and not is_string(lists[tags]):
        raise CorpusError(
            f"{source}: the labels in column {tags!r} are integers without names; "
            "name them in the order of their ids (--label-names)"
        )
    return names


def _tokens_column(source: str, lists: Mapping[str, Any], present: list[str], asked: str | None) -> str:
    words = [name for name, inner in lists.items() if is_string(inner)]
    usable = [name for name in ((asked,) if asked else TOKEN_COLUMNS) if name in words]
    if usable:
        return str(usable[0])
    what = f"no column {asked!r} of words" if asked else "no column of words under a usual name"
    raise CorpusError(
        f"{source}: {what}; columns with a list of words a row: {', '.join(words) or 'none'} "
        f"(of {', '.join(present)}); choose one (--tokens-column)"
    )


def _tags_column(source: str, ours: Mapping[str, str], options: ReadOptions) -> tuple[str, str | None]:
    column, labels_column = options.column, options.labels_column
    candidates = [name for name in ours if name not in _NOT_LABELS]
    if labels_column is not None:
        exact = ours.get(labels_column, labels_column if labels_column in ours.values() else None)
        if exact is not None:
            return exact, None
    else:
        chosen, note = column, None
        if column not in ours:
            chosen, note = choose_column(column, candidates, default=options.default_column)
        if chosen is not None:
            return ours[chosen], note
    raise CorpusError(
        f"{source}: no column {labels_column or column or options.default_column!r} of labels; "
        f"columns with labels: {', '.join(candidates) or 'none'}; choose one (--labels-column)"
    )


def inner_feature(feature: Any) -> Any:
    """Return the feature of a list's items if they are strings, integers or class labels, else None."""
    import datasets

    if not isinstance(feature, datasets.List | datasets.LargeList):
        return None
    inner = feature.feature
    usable = isinstance(inner, datasets.ClassLabel) or is_string(inner) or is_integer(inner)
    return inner if usable else None


def is_string(feature: Any) -> bool:
    """Whether a feature holds strings."""
    kind = getattr(feature, "dtype", None)
    return kind in ("string", "large_string", "string_view") and not hasattr(feature, "names")


def is_integer(feature: Any) -> bool:
    """Whether a feature holds integers."""
    return str(getattr(feature, "dtype", "")).lstrip("u").startswith("int")


def unnested(data: Dataset) -> Dataset:
    """Turn documents into sentences: if rows hold lists of sentences, return one row a sentence.

    Such a row, as ``{"sentences": [{"words": [...], "pos_tags": [...]}, ...]}``, holds a list of structures with a
    field of words. Other data sets are returned unchanged.
    """
    import datasets

    for name, feature in data.features.items():
        fields = getattr(feature, "feature", None)
        if isinstance(feature, datasets.List | datasets.LargeList) and isinstance(fields, dict):
            if not any(inner_feature(fields.get(words)) for words in TOKEN_COLUMNS):
                continue
            rows = data.select_columns([name]).with_format("arrow")[:].column(name).combine_chunks().flatten()
            table = datasets.table.InMemoryTable.from_arrays(rows.flatten(), names=list(fields))
            info = datasets.DatasetInfo(features=datasets.Features(fields))
            return datasets.Dataset(table, info=info)
    return data
