"""Likely annotation errors: against a count by brute force, and in the order of evidence."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict

import pytest

from tagger.corpora.validation import annotation_errors
from tagger.corpora.validation.annotation_errors import AnnotationErrorCheck
from tagger.corpora.validation.findings import CheckedSentence, Findings
from tagger.corpora.validation.statistics import StatisticsCounter

Sentence = tuple[list[str], list[str]]


def feed(made: list[Sentence]) -> AnnotationErrorCheck:
    """Show sentences to the check, each word on a line of its own."""
    check, counter, line = AnnotationErrorCheck(), StatisticsCounter(), 1
    counter.begin("all")
    for tokens, tags in made:
        known = len(counter.words)
        ids = counter.add(tokens, tags)
        new = list(counter.words)[known:]
        lines = list(range(line, line + len(tokens)))
        check.add(CheckedSentence(tokens, tags, ids, new, lines, line, "a", "all"), Findings())
        line += len(tokens) + 1
    return check


def test_agrees_with_brute_force() -> None:
    rng = random.Random(3)
    words = [f"w{n}" for n in range(40)]
    phrases = [rng.choices(words, k=rng.randint(3, 7)) for _ in range(60)]
    made = []
    for _ in range(400):
        tokens = rng.choice(phrases)
        made.append((tokens, ["T" if rng.random() < 0.97 else "U" for _ in tokens]))
    frequency = Counter(word for tokens, _ in made for word in tokens)
    total = sum(frequency.values())
    groups: defaultdict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    shorter: defaultdict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    line = 1
    for tokens, tags in made:
        padded = ["", "", *tokens, "", ""]
        for place, tag in enumerate(tags):
            groups[tuple(padded[place : place + 5])].append((line + place, tag))
            shorter[tuple(padded[place + 1 : place + 4])].append((line + place, tag))
        line += len(tokens) + 1

    def bits(context: tuple[str, ...]) -> float:
        middle = len(context) // 2
        around = [word for place, word in enumerate(context) if place != middle and word]
        return sum(-math.log2(frequency[word] / total) for word in around)

    expected = set()
    for grouped, least, ratio in ((groups, 1, 1), (shorter, 5, 5)):
        for context, seen in grouped.items():
            counts = Counter(tag for _, tag in seen)
            if len(counts) == 2 and bits(context) >= 8.0:
                (_, often), (rare, seldom) = counts.most_common(2)
                if often > seldom and often >= least and often >= ratio * seldom:
                    expected |= {at for at, tag in seen if tag == rare}
                elif often == seldom and least == 1:
                    expected |= {-at for at, _ in seen}  # either half
    check = feed(made)
    lines = {check._lines[error.place] for error in check.errors()}
    assert {line for line in expected if line > 0} <= lines
    assert lines <= {abs(line) for line in expected}
    assert len(lines) > 50


def test_the_best_attested_comes_first() -> None:
    rare = (["deep", "blue", "can", "sings", "songs"], ["A", "A", "N", "V", "N"])
    once = (["deep", "blue", "can", "sings", "songs"], ["A", "A", "V", "V", "N"])
    two = (["red", "old", "fish", "made", "plans"], ["A", "A", "N", "V", "N"])
    other = (["red", "old", "fish", "made", "plans"], ["A", "A", "V", "V", "N"])
    check = feed([rare] * 6 + [once] + [two] + [other])
    findings = Findings()
    check.report(findings)
    (finding,) = findings
    assert finding.count == 2
    assert [place.line for place in finding.places] == [39, 51]
    assert finding.places[0].detail == "'deep blue [can] sings songs' is V; N 6 times, as in line 3"
    assert finding.places[1].detail == "'red old [fish] made plans' is V; N as in line 45"


def test_a_word_alone_proves_nothing() -> None:
    assert feed([(["Yes"], ["INTJ"])] * 9 + [(["Yes"], ["NOUN"])]).errors() == []


def test_only_the_first_words_of_a_huge_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotation_errors, "MAX_TOKENS", 30)
    check = feed([(["deep", "blue", "can", "sings", "songs"], ["A", "A", tag, "V", "N"]) for tag in "NNNNVNNV"])
    findings = Findings()
    check.report(findings)
    (finding,) = findings
    assert finding.count == 1
    assert "in the first 30 words" in finding.remark
