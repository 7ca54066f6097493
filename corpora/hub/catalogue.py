"""The catalogue: corpora known by a short name, from the table ``catalogue.toml``."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tagger.corpora.files.paths import excerpt_path, near
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.errors import CorpusError

TASKS = ("pos", "chunk", "ner", "lm")
_TABLE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class Entry:
    """A corpus in the catalogue.

    Attributes:
        name: the short name.
        task: ``pos``, ``chunk``, ``ner`` or ``lm``.
        language: in English.
        hub: ``OWNER/NAME`` on the Hugging Face hub.
        licence: of the data, None if unknown.
        config: configuration there.
        revision: branch, tag or commit; None for the main branch.
        tokens: column of words (tagging).
        labels: column of labels (tagging).
        text: column of plain text (language modelling).
        sentences: number of sentences in train, dev and test, 0 where there is no such split; empty if unknown.
        words: number of words in all splits, None if unknown.
    """

    name: str
    task: str
    language: str
    hub: str
    licence: str | None
    config: str | None = None
    revision: str | None = None
    tokens: str | None = None
    labels: str | None = None
    text: str | None = None
    sentences: tuple[int, ...] = ()
    words: int | None = None

    @property
    def spec(self) -> HubSpec:
        """The data set on the hub."""
        return HubSpec(self.hub, self.config, self.revision)

    @property
    def size(self) -> str:
        """Sentences and words, for display."""
        unit = "lines" if self.task == "lm" else "sentences"
        parts = [f"{sum(self.sentences):,} {unit}"] if self.sentences else []
        return ", ".join(parts if self.words is None else [*parts, f"{self.words:,} words"]) or "not stated"


def entries() -> tuple[Entry, ...]:
    """Return all corpora of the catalogue in the order of the table."""
    return read_table(_TABLE)


def lookup(name: str) -> Entry | None:
    """Find a corpus by its short name, such as ``en_ewt``; case does not matter, and ``-`` equals ``_``.

    The name of a treebank's repository, such as ``UD_English-EWT``, works too.
    """
    return _by_name().get(_key(name))


def find_dataset(source: str, what: str) -> Entry:
    """Find a data set by its name in the catalogue or its hub id.

    Args:
        source: a short name, or ``OWNER/NAME[:CONFIG][@REVISION]``.
        what: what the user wants to read, ``corpus`` or ``text``, for messages.

    Returns:
        The entry of the catalogue; for other data sets an entry without task, language, licence and columns.

    Raises:
        CorpusError: it is neither.
    """
    if entry := lookup(source):
        return entry
    if spec := parse_hub_spec(source):
        name = spec.config or spec.owner_name.rpartition("/")[2]
        return Entry(name, "", "", spec.owner_name, None, spec.config, spec.revision)
    likely = nearest(source)
    hint = f"; did you mean {likely}?" if likely else near(Path(source))
    expected = "expected a file, a folder, a name in the catalogue (tagger corpora) or OWNER/NAME on the hub"
    raise CorpusError(f"no such {what}{hint or f'; {expected}'}", path=excerpt_path(source))


def nearest(name: str) -> str | None:
    """Return the short name most similar to `name`, None if no name is similar."""
    known = {_key(entry.name): entry.name for entry in entries()}
    close = difflib.get_close_matches(_key(name), known, n=1, cutoff=0.7)
    return known[close[0]] if close else None


@cache
def read_table(path: Path) -> tuple[Entry, ...]:
    """Read a catalogue, a TOML file whose tables hold ``lines``, one a corpus, and shared values.

    Raises:
        CorpusError: it is not TOML, or a line has an unknown key, a missing key or a value of the wrong kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"the catalogue cannot be read: {error}", path=path) from error
    catalogue: list[Entry] = []
    for group, table in content.items():
        shared = {key: value for key, value in table.items() if key != "lines"}
        for name, line in table.get("lines", {}).items():
            code = {"config": name} if group == "treebanks" else {}
            catalogue.append(_entry(path, {"name": name, **code, **shared, **line}))
    return tuple(catalogue)


def _entry(path: Path, values: dict[str, Any]) -> Entry:
    sentences = values.get("sentences", [])
    try:
        entry = Entry(**{**values, "sentences": tuple(sentences)})
    except TypeError as error:
        problem = str(error).split("__init__() ")[-1]
        raise CorpusError(f"catalogue line {values['name']!r}: {problem}", path=path) from error
    if entry.task not in TASKS:
        expected = f"expected one of {', '.join(TASKS)}"
        raise CorpusError(f"catalogue line {entry.name!r}: task is {entry.task!r}, {expected}", path=path)
    columns = ("text",) if entry.task == "lm" else ("tokens", "labels")
    missing = [column for column in columns if getattr(entry, column) is None]
    if missing:
        raise CorpusError(f"catalogue line {entry.name!r}: {' and '.join(missing)} not given", path=path)
    return entry


@cache
def _by_name() -> dict[str, Entry]:
    repositories = {
        _key(f"UD_{entry.language}-{entry.name.split('_')[1]}"): entry
        for entry in entries()
        if entry.config == entry.name and "_" in entry.name
    }
    return repositories | {_key(entry.name): entry for entry in entries()}


def _key(name: str) -> str:
    return name.strip().lower().replace("-", "_")
