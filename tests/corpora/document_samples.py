"""What tests of documents share: a tagger that needs no model, and bytes in, bytes out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tagger.corpora.documents.input import Documents
from tagger.corpora.documents.output import default_output, make_renderer
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.inference.document_tagging import Progress, tag_documents
from tagger.inference.tagged_text import TaggedSentence


class LengthTagger:
    """Tags a word with ``L`` and its length; the score is one over it. Reads ahead, as the real one does."""

    column = "upos"

    def __init__(self, ahead: int = 3) -> None:
        self.tokenizer = WordTokenizer.from_rules("english")
        self.ahead = ahead
        self.calls = 0

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[TaggedSentence]:
        self.calls += 1
        waiting: list[TaggedSentence] = []
        for tokens in sentences:
            posteriors = [1 / len(token) for token in tokens] if scores else None
            waiting.append(TaggedSentence(tokens, [f"L{len(token)}" for token in tokens], posteriors))
            if len(waiting) > self.ahead:
                yield waiting.pop(0)
        yield from waiting


def tag_files(
    paths: Sequence[str | Path],
    output: str | None = None,
    *,
    input_format: str = "auto",
    column: str = "upos",
    scores: bool = False,
    skip_invalid: bool = False,
    sink: io.BytesIO | None = None,
    text: str | None = None,
) -> tuple[bytes, Progress]:
    """Tag files with a ``LengthTagger``."""
    tagger = LengthTagger()
    sink = io.BytesIO() if sink is None else sink
    with Documents([str(path) for path in paths], input_format, text) as documents:
        render = make_renderer(output or default_output(documents.format, scores=scores), column)
        pieces = documents.pieces(tagger.tokenizer, skip_invalid=skip_invalid)
        progress = tag_documents(tagger, pieces, render, sink.write, scores=scores)
    assert tagger.calls == 1
    return sink.getvalue(), progress
