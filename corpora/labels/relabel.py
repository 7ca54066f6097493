"""Writing the labels of a corpus in another scheme of spans, and saying where they broke their own."""

from __future__ import annotations

from tagger.corpora.formats.sentence import MISSING, RawSentence, excerpt, number_of
from tagger.corpora.labels.scheme_detection import SchemeCheck
from tagger.corpora.labels.schemes import LABEL, OUTSIDE, converted
from tagger.corpora.validation.findings import Findings, Seen
from tagger.errors import CorpusError


class Relabelling:
    """Puts labels into a scheme, sentence by sentence.

    Args:
        scheme: one of ``schemes.SCHEMES``; None to leave all labels as they are.
    """

    def __init__(self, scheme: str | None) -> None:
        self.scheme = scheme
        self._check, self._findings = SchemeCheck(), Findings(keep=1)

    def apply(self, sentence: RawSentence, column: str, name: str) -> None:
        """Rewrites one column of a sentence.

        Args:
            sentence: is changed.
            column: the label column; ``_`` there counts as outside of any span.
            name: the file, for messages.

        Raises:
            CorpusError: a label is none of a span.
        """
        if self.scheme is None:
            return
        labels = sentence.columns[column]
        tags = [OUTSIDE if label == MISSING else label for label in labels]
        for place, tag in enumerate(tags):
            if tag != OUTSIDE and not LABEL.fullmatch(tag):
                message = (
                    f"{excerpt(tag)} in column {column!r} is no label of a span, expected O, B-..., I-... and the like"
                )
                message += "; choose the column of spans (--column)"
                raise CorpusError(message, path=name, line=sentence.lines[place])
        seen = Seen(sentence.tokens, tags, [], [], sentence.lines, sentence.line, name, "")
        self._check.add(seen, self._findings)
        made = converted(tags, self.scheme)
        sentence.columns[column] = [
            old if old == MISSING and new == OUTSIDE else new for old, new in zip(labels, made, strict=True)
        ]

    def notes(self) -> list[str]:
        """Where labels broke the scheme that they were written in."""
        self._check.report(self._findings)
        found = list(self._findings)
        if not found:
            return []
        count = number_of(found[0].count, "label")
        first = found[0].places[0]
        return [f"{count} did not fit {self._check.scheme}, taken for the beginning of a span: first {first}"]
