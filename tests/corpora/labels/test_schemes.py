"""Label schemes against seqeval, which decodes them independently, over random sentences."""

from __future__ import annotations

import random
import re

import pytest
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, Entities

from tagger.corpora.labels.scheme_detection import DetectedScheme, SchemeDetector
from tagger.corpora.labels.schemes import SCHEMES, Span, converted, invalid, spans, split_tag, tags

ORACLES = {"IOB1": IOB1, "IOB2": IOB2, "IOBES": IOBES, "BILOU": BILOU}
CASES = 300


def _random_spans(chance: random.Random, length: int) -> list[Span]:
    found: list[Span] = []
    place = 0
    while place < length:
        end = min(length, place + chance.randint(1, 3))
        if chance.random() < 0.6:
            found.append((place, end, chance.choice(["PER", "LOC"])))
        place = end
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_seqeval_finds_the_spans_that_were_written(scheme: str) -> None:
    chance = random.Random(scheme)
    for _ in range(CASES):
        length = chance.randint(1, 9)
        expected = _random_spans(chance, length)
        written = tags(expected, length, scheme)
        entities = Entities([written], ORACLES[scheme]).entities[0]
        assert [(entity.start, entity.end, entity.tag) for entity in entities] == expected, written
        assert spans(written) == expected
        assert invalid(written, scheme) == []


@pytest.mark.parametrize("source", SCHEMES)
@pytest.mark.parametrize("target", SCHEMES)
def test_there_and_back_is_the_same(source: str, target: str) -> None:
    chance = random.Random(source + target)
    for _ in range(50):
        length = chance.randint(1, 9)
        written = tags(_random_spans(chance, length), length, source)
        assert converted(converted(written, target), source) == written


@pytest.mark.parametrize("letters", ["BI", "BIES"])
def test_broken_sequences_are_read_as_conlleval_reads_them(letters: str) -> None:
    chance = random.Random(letters)
    labels = ["O", *(f"{letter}-{kind}" for letter in letters for kind in ("PER", "LOC"))]
    for _ in range(CASES):
        sequence = chance.choices(labels, k=chance.randint(1, 8))
        expected = [(start, end + 1, kind) for kind, start, end in get_entities(sequence)]
        assert spans(sequence) == expected, sequence


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sequence_is_valid_just_when_writing_its_spans_gives_it_back(scheme: str) -> None:
    chance = random.Random(scheme)
    letters = {"IOB1": "BI", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}[scheme]
    labels = ["O", *(f"{letter}-{kind}" for letter in letters for kind in ("PER", "LOC"))]
    seen = set()
    for _ in range(CASES):
        sequence = chance.choices(labels, k=chance.randint(1, 5))
        valid = converted(sequence, scheme) == sequence
        assert (invalid(sequence, scheme) == []) == valid, sequence
        seen.add(valid)
    assert seen == {True, False}


def test_where_a_scheme_is_broken() -> None:
    assert invalid(["O", "I-PER", "I-PER"], "IOB2") == [1]
    assert invalid(["B-PER", "I-LOC"], "IOB2") == [1]
    assert invalid(["B-PER", "O"], "IOBES") == [0]
    assert invalid(["B-PER", "I-PER"], "BILOU") == [1]
    assert invalid(["O", "B-PER"], "IOB1") == [1]
    assert invalid(["S-PER"], "IOB2") == [0]


def detect(sentences: list[list[str]]) -> DetectedScheme:
    detector = SchemeDetector()
    for labels in sentences:
        detector.add(["a"] * len(labels), labels, [1] * len(labels))
    return detector.result()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_scheme_is_detected(scheme: str) -> None:
    sentences = [tags([(0, 1, "PER"), (1, 3, "PER"), (4, 6, "LOC")], 7, scheme)] * 3
    assert detect(sentences) == DetectedScheme(scheme)


def test_a_few_slips_do_not_hide_the_scheme() -> None:
    found = detect([["B-PER", "I-PER", "O"]] * 9 + [["O", "I-PER", "O"]])
    assert (found.scheme, found.broken) == ("IOB2", 1)


def test_parts_of_speech_are_no_scheme() -> None:
    assert detect([["NOUN", "VERB"]]).scheme is None
    assert detect([["O", "O"]]).scheme is None
    assert detect([["O", "I"], ["B_OG", "O"]]).scheme is None


def test_spans_that_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="overlaps another"):
        tags([(0, 2, "PER"), (1, 3, "LOC")], 3, "IOB2")
    with pytest.raises(ValueError, match="outside a sentence of 3 words"):
        tags([(2, 4, "PER")], 3, "IOB2")
    with pytest.raises(ValueError, match=re.escape("no scheme 'IOE'; there are IOB1")):
        tags([], 3, "IOE")


def test_a_label_keeps_its_own_hyphens() -> None:
    assert split_tag("B-creative-work") == ("B", "creative-work")
    assert spans(["B-a-b", "I-a-b"]) == [(0, 2, "a-b")]
