"""Text on the hub in files that ``datasets`` misreads: CoNLL-U, columns, tables of words, word/TAG text."""

from __future__ import annotations

from itertools import islice
from typing import Any

from tagger.corpora.hub.files import MISREAD, in_columns, located_files
from tagger.corpora.hub.hub_id import HubSpec
from tagger.corpora.sources.locate import DatasetFiles
from tagger.corpora.text.text_files import TEXT
from tagger.corpora.text.text_formats import form_of_text
from tagger.corpora.text.text_split import TextOptions
from tagger.errors import CorpusError

SAMPLE_ROWS = 500


def files_instead(
    spec: HubSpec, data: Any, options: TextOptions, *, has_text: bool, offline: bool, streaming: bool
) -> DatasetFiles | None:
    """The files of a data set, where our own readers find words and ``datasets`` does not; else None.

    Args:
        spec: the data set.
        data: one split of it, as ``datasets`` reads it.
        options: how the text is to be read.
        has_text: there is a column of text or of words in it.
        offline: answer from the cache, or not at all.
        streaming: files cannot be had.

    Raises:
        CorpusError: they are to be streamed, or cannot be had.
    """
    problem = _problem(spec, data, options, has_text=has_text)
    if problem is None:
        return None
    if streaming:
        raise CorpusError(f"{spec}: {problem}; leave --streaming out to have their words read")
    return located_files(spec, offline=offline)


def _problem(spec: HubSpec, data: Any, options: TextOptions, *, has_text: bool) -> str | None:
    builder = data.info.builder_name
    if in_columns(data):
        return MISREAD
    if builder == "csv" and not has_text and options.text_column is None:
        return "its files are tables without a column of text"
    if builder == "text" and options.format != TEXT and not options.tokenised:
        head = "".join(f"{row['text']}\n" for row in islice(data, SAMPLE_ROWS))
        if form_of_text(head, ".txt", str(spec), None) != TEXT:
            return "its files hold words with their labels, which datasets takes for text"
    return None
