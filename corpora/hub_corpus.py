"""A corpus that is named by the catalogue or lies on the hub, put into the same form as one from files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.corpora.files.paths import excerpt_path, near
from tagger.corpora.formats.registry import ReadOptions
from tagger.corpora.hub.catalogue import lookup, nearest
from tagger.corpora.hub.hub_id import HubSpec, parse_hub_spec
from tagger.corpora.sources.corpus import Corpus, Split
from tagger.corpora.sources.splits import split_off_table
from tagger.errors import CorpusError

if TYPE_CHECKING:
    import datasets


def read_hub_corpus(
    source: str, options: ReadOptions, *, labels_column: str | None, offline: bool, seed: int | None
) -> Corpus:
    """Reads a corpus by its name in the catalogue or its hub id.

    Args:
        source: such as ``en_ewt`` or ``OWNER/NAME:CONFIG``.
        options: which columns to read.
        labels_column: the very column of labels, which goes before ``options.column``.
        offline: answer from the cache of ``datasets``, or not at all.
        seed: for splitting off a missing dev split; None not to split.

    Raises:
        CorpusError: there is no such corpus, or it cannot be read.
    """
    spec, name, license, tokens = _find(source)
    from tagger.corpora.hub.columns import NoSentencesError
    from tagger.corpora.hub.dataset import read_hub
    from tagger.corpora.hub.files import located_files
    from tagger.corpora.read_corpus import from_files

    column = labels_column or options.column or "upos"
    try:
        tables, notes = read_hub(
            spec,
            column=column,
            offline=offline,
            tokens_column=options.tokens_column or tokens,
            labels_column=labels_column,
            label_names=options.label_names,
            ignore_bad=options.ignore_bad,
            repair=options.repair,
        )
    except NoSentencesError:
        if (located := located_files(spec, offline=offline)) is None:
            raise
        return from_files(located, source, options, seed)
    if options.repair:
        from tagger.corpora.repaired_tables import repaired

        tables, said = repaired(tables, column)
        notes += said
    fingerprint = _fingerprint(tables)
    if seed is not None and "train" in tables and "dev" not in tables:
        pieces, how = split_off_table(tables["train"], ("dev",), seed)
        tables, notes = tables | pieces, notes + how
    notes += [f"{split}: none in this corpus" for split in ("train", "test") if split not in tables]
    made = {split: Split(split, table, (str(spec),), column) for split, table in tables.items()}
    held = next(iter(tables.values())).column_names
    return Corpus(
        name=name,
        source=source,
        column=column,
        train=made.get("train"),
        dev=made.get("dev"),
        test=made.get("test"),
        columns=(column, *(found for found in held if found not in ("tokens", "tags", "text", column))),
        notes=tuple(notes),
        fingerprint=fingerprint,
        license=license,
    )


def _find(source: str) -> tuple[HubSpec, str, str | None, str | None]:
    """The data set, its short name, its licence and its column of words."""
    if entry := lookup(source):
        if entry.task == "lm":
            raise CorpusError(f"{source} is plain text for language models, it holds no labels")
        return entry.spec, entry.name, entry.licence, entry.tokens
    if spec := parse_hub_spec(source):
        name = spec.config or spec.owner_name.rpartition("/")[2]
        return spec, name, None, None
    likely = nearest(source)
    hint = f"; did you mean {likely}?" if likely else near(Path(source))
    expected = "expected a file, a folder, a name in the catalogue (tagger corpora) or OWNER/NAME on the hub"
    raise CorpusError(f"no such corpus{hint or f'; {expected}'}", path=excerpt_path(source))


def _fingerprint(tables: dict[str, datasets.Dataset]) -> str:
    digest = hashlib.sha256()
    for split, table in tables.items():
        digest.update(f"\x1d{split}".encode())
        for batch in table.select_columns(["tokens", "tags"]).iter(10_000):
            for row in (*batch["tokens"], *batch["tags"]):
                digest.update("\x1f".join(row).encode() + b"\x1e")
    return digest.hexdigest()[:16]
