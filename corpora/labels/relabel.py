"""Rewrites the labels of spans in another scheme."""

from __future__ import annotations

from tagger.corpora.formats.sentence import MISSING, RawSentence, excerpt, number_of
from tagger.corpora.labels.scheme_detection import SchemeDetector
from tagger.corpora.labels.schemes import LABEL, OUTSIDE, converted
from tagger.errors import CorpusError


class SchemeConverter:
    """Converter of labels to a scheme, one of ``schemes.SCHEMES``; None leaves all labels unchanged."""

    def __init__(self, scheme: str | None) -> None:
        self.scheme = scheme
        self._detector = SchemeDetector(keep=1)

    def apply(self, sentence: RawSentence, column: str, name: str) -> None:
        """Rewrite one label column of a sentence in place; ``_`` counts as outside of any span.

        Raises:
            CorpusError: a label is not the label of a span.
        """
        if self.scheme is None:
            return
        labels = sentence.columns[column]
        tags = [OUTSIDE if label == MISSING else label for label in labels]
        for place, tag in enumerate(tags):
            if tag != OUTSIDE and not LABEL.fullmatch(tag):
                message = (
                    f"{excerpt(tag)} in column {column!r} is not the label of a span, "
                    "expected O, B-..., I-... and the like; choose the column of spans (--column)"
                )
                raise CorpusError(message, path=name, line=sentence.lines[place])
        self._detector.add(sentence.tokens, tags, sentence.lines, name)
        sentence.columns[column] = [
            old if old == MISSING and new == OUTSIDE else new
            for old, new in zip(labels, converted(tags, self.scheme), strict=True)
        ]

    def notes(self) -> list[str]:
        """Report the labels that broke their own scheme."""
        detected = self._detector.result()
        if not detected.broken:
            return []
        count = number_of(detected.broken, "label")
        problem = f"{count} did not fit {detected.scheme}, taken for the beginning of a span"
        return [f"{problem}: first {detected.places[0]}"]
