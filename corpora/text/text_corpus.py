"""Text from any source: bundled, files, the standard input, labelled corpora, hub data sets."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tagger.corpora.sources.in_memory import Source
from tagger.corpora.sources.resolve import Found, find_files
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
    found, reading = _found(given, TextOptions(**options))
    if found.files is not None:
        return from_text_files(found.files, found.label, reading)
    from tagger.corpora.text.text_hub import read_hub_text

    corpus = read_hub_text(str(found.source), reading)
    return corpus if found.replacements is None else with_files(corpus, found.replacements, reading)


def read_text_split(source: Source | None, split: str = "test", **options: Any) -> TextSplit:
    """Read one split, to evaluate on. A text without named splits is the whole split.

    Args:
        source: as for ``read_text_corpus``.
        split: train, dev or test, where the source has several.
        options: the fields of ``TextOptions``.

    Raises:
        CorpusError: there is no such source or split, or it cannot be read.
    """
    found, reading = _found({"source": source}, TextOptions(**options))
    if found.files is not None:
        return read_file_split(found.files, split, found.source, reading)
    from tagger.corpora.text.text_hub import read_hub_text

    splits = {part.name: part for part in read_hub_text(str(found.source), reading, whole=True).splits}
    if split not in splits:
        raise CorpusError(f"no {split} split; there are: {', '.join(splits)}", path=found.source)
    return splits[split]


def _found(given: dict[str, Source | None], options: TextOptions) -> tuple[Found, TextOptions]:
    """Find files, of which temporary ones last until the process ends, and the options to read them with."""
    stack = ExitStack()
    atexit.register(stack.close)
    after_text = "\n" if options.tokenised else "\n\n"
    found = stack.enter_context(
        find_files(given, needs_train="train" in given, after_text=after_text, resolve_source=resolve_text)
    )
    if any(path.suffix == ".txt" for path in found.written.values()):
        options = replace(options, format="text")
    return found, options
