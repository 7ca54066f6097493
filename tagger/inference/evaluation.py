"""Evaluation of a tagger on a split: the labels compared are those of the model, in its own notation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from tagger.corpora.formats.sentence import MISSING
from tagger.corpora.labels.schemes import OUTSIDE
from tagger.errors import CorpusError
from tagger.evaluation.scores import Scores
from tagger.evaluation.span_scores import in_scheme
from tagger.evaluation.tag_scores import score

if TYPE_CHECKING:
    from tagger.corpora.documents.piece import Tagged
    from tagger.corpora.sources.corpus import Split
    from tagger.serialization.checkpoint import SavedModel

NAMED = 8  # labels that the message lists


class LabelTagger(Protocol):
    """What is needed of a ``Tagger``."""

    saved: SavedModel
    labels: tuple[str, ...]
    column: str

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[Tagged]:
        """Tag sentences in order."""


def evaluate_split(tagger: LabelTagger, split: Split, *, any_labels: bool = False) -> Scores:
    """Tag a split and score the tags.

    Args:
        tagger: tags it.
        split: sentences with labels; spans may be in another scheme than the model's.
        any_labels: score labels that the model does not give, too.

    Raises:
        CorpusError: there is nothing to score, or the labels are not those of the model.
    """
    tokens = split.tokens()
    gold, rewritten_from = in_scheme(split.tags(), tagger.saved.about.get("scheme"))
    if not any_labels:
        _check_labels(Counter(chain.from_iterable(gold)), tagger, split)
    tagged = list(tagger.tag_sentences(tokens, scores=True))
    scores = score(
        tokens,
        gold,
        [sentence.tags for sentence in tagged],
        known=tagger.saved.lexicon,
        confidences=[sentence.scores or [] for sentence in tagged],
        labels=tagger.labels,
    )
    return replace(scores, rewritten_from=rewritten_from)


def _check_labels(gold: Counter[str], tagger: LabelTagger, split: Split) -> None:
    """Refuse labels of which the model gives none, or in a column with another name those of few words.

    Raises:
        CorpusError: the score would say nothing.
    """
    counted = Counter({label: count for label, count in gold.items() if label not in (OUTSIDE, MISSING, "")})
    known = sum(count for label, count in counted.items() if label in tagger.labels)
    learnt = {tagger.column, tagger.saved.about.get("corpus", {}).get("column")}
    if not counted or (known and (split.label in learnt or 2 * known >= counted.total())):
        return
    there, given = (", ".join(list(names)[:NAMED]) for names in (dict(counted.most_common()), tagger.labels))
    raise CorpusError(
        f"column {split.label!r} holds other labels than the model gives, which learnt {tagger.column!r}: {known:,} of "
        f"{counted.total():,} words have one of its labels; there: {there}; of the model: {given}; leave --column "
        f"out, or name the column that holds the labels of the model",
        path=", ".join(split.paths) or split.name,
    )
