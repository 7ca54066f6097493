"""Confusions between labels, with their number, typical words and an example."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from tagger.evaluation.scores import Confusion

MOST = 30  # kinds of error kept
_WORDS = 3  # words named for each
_AROUND = 8  # words shown on each side of the marked one
_LONGEST_WORD = 40  # characters of a word shown
_READABLE = range(5, 2 * _AROUND + 2)  # words of a sentence that makes a good example

Place = tuple[int, int]  # (sentence, word), both 0-based


def find_confusions(
    tokens: Sequence[Sequence[str]],
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    errors: Iterable[Place],
) -> tuple[Confusion, ...]:
    """Find the most frequent kinds of error, by the places where labels differ.

    Returns:
        Most frequent first; kinds of equal frequency by label.
    """
    kinds: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    for sentence, word in errors:
        kinds[gold[sentence][word], predicted[sentence][word]].append((sentence, word))
    ranked = sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    return tuple(_confusion(labels, places, tokens) for labels, places in ranked[:MOST])


def _confusion(labels: tuple[str, str], places: Sequence[Place], tokens: Sequence[Sequence[str]]) -> Confusion:
    counts = Counter(tokens[sentence][word] for sentence, word in places)
    words = [word for word, _ in counts.most_common(_WORDS)]
    typical = [place for place in places if tokens[place[0]][place[1]] == words[0]]
    sentence, word = min(typical, key=lambda place: len(tokens[place[0]]) not in _READABLE)
    return Confusion(
        gold=labels[0],
        predicted=labels[1],
        count=len(places),
        example=marked(tokens[sentence], word),
        words=tuple(_clipped(form) for form in words),
    )


def marked(sentence: Sequence[str], word: int) -> str:
    """Show the words around one word, which gets square brackets."""
    start, end = max(0, word - _AROUND), word + 1 + _AROUND
    shown = [_clipped(form) for form in sentence[start:end]]
    shown[word - start] = f"[{shown[word - start]}]"
    return " ".join(["..."] * (start > 0) + shown + ["..."] * (end < len(sentence)))


def _clipped(word: str) -> str:
    return word if len(word) <= _LONGEST_WORD else word[: _LONGEST_WORD - 3] + "..."
