"""Text from any source: bundled, files, the standard input, labelled corpora, hub data sets."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagger.corpora.sources.in_memory import Source, in_memory_files
from tagger.corpora.sources.resolve import find_files, named_splits, stdin_to_tempfile
from tagger.corpora.text.file_corpus import from_text_files, read_file_split, with_files
from tagger.corpora.text.text_files import resolve_text
from tagger.corpora.text.text_split import TextCorpus, TextOptions, TextSplit
from tagger.errors import CorpusError


def read_text_corpus(
    source: Source | None = None,
    *,
    train: Source | None = None,
    dev: Source | None = None,
    test: Source | None = None,
    **options: Any,
) -> TextCorpus:
    """Read text for a language model into train, dev and test.

    A text without named splits is divided: about a twentieth each becomes dev and test, in whole files where
    there are at least five, otherwise contiguous from the end. Where there is a train but no dev split, the end
    of train becomes dev. Every such step is in ``notes``.

    Args:
        source: ``bundled`` (or None), ``bundled:ko``, a file, a folder, a glob, ``-`` for the standard input, a
            name in the catalogue, or ``OWNER/NAME[:CONFIG][@REVISION]`` on the hub. Plain text, or the words
            of a labelled corpus in any format. Or a list of texts, or a labelled corpus in memory as
            ``tagger.corpora.read_corpus.read_corpus`` takes it.
        train: a file, glob or folder for this split; it replaces the one of ``source``.
        dev: the same for dev.
        test: the same for test.
        options: the fields of ``TextOptions``.

    Raises:
        CorpusError: there is no such source, or it is not text; the message names the place and the reason.
        ConfigError: there is no such unit, or there are no such rules.
    """
    given = {"source": source, "train": train, "dev": dev, "test": test}
    names, memory, reading = _spooled(given, TextOptions(**options))
    name = names.pop("source")
    named = named_splits(name, **names)
    files, replacements = find_files(name, named, memory, resolve_text)
    if files is not None:
        return from_text_files(files, name or " ".join(named.values()) or "bundled", reading)
    from tagger.corpora.text.text_hub import read_hub_text

    corpus = read_hub_text(str(name), reading)
    return corpus if replacements is None else with_files(corpus, replacements, reading)


def read_text_split(source: Source | None, split: str = "test", **options: Any) -> TextSplit:
    """Read one split, to evaluate on. A text without named splits is the whole split.

    Args:
        source: as for ``read_text_corpus``.
        split: train, dev or test, where the source has several.
        options: the fields of ``TextOptions``.

    Raises:
        CorpusError: there is no such source or split, or it cannot be read.
    """
    names, memory, reading = _spooled({"source": source}, TextOptions(**options))
    name = names["source"] or names.get(split)
    located = resolve_text(name, memory)
    if located is not None:
        return read_file_split(located, split, name, reading)
    from tagger.corpora.text.text_hub import read_hub_text

    splits = {part.name: part for part in read_hub_text(str(name), reading, whole=True).splits}
    if split not in splits:
        raise CorpusError(f"no {split} split; there are: {', '.join(splits)}", path=name)
    return splits[split]


def _spooled(
    given: dict[str, Source | None], options: TextOptions
) -> tuple[dict[str, str | None], dict[str, Path], TextOptions]:
    """Write the standard input and text in memory to files that last until the process ends.

    Returns:
        What names each argument, the files of such names, and the options to read with.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    names, files = stack.enter_context(in_memory_files(given, after_text="\n" if options.tokenised else "\n\n"))
    if any(path.suffix == ".txt" for path in files.values()):
        options = replace(options, format="text")
    return names, files | stack.enter_context(stdin_to_tempfile(list(names.values()))), options
