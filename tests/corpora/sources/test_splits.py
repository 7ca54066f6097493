"""Names of splits, and how many sentences are split off."""

from __future__ import annotations

import pytest

from tagger.corpora.sources.splits import shares, split_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("en_ewt-ud-train.conllu", "train"),
        ("train", "train"),
        ("eng.testa", "dev"),
        ("eng.testb", "test"),
        ("x_valid_01.txt", "dev"),
        ("validation", "dev"),
        ("devel.gz", "dev"),
        ("eval", "test"),
        ("my-test-set.csv", "test"),
        ("constraints.conllu", None),
        ("latest.conllu", None),
        ("device.conllu", None),
    ],
)
def test_the_split_in_a_name(name: str, split: str | None) -> None:
    assert split_of(name) == split


@pytest.mark.parametrize(
    ("sentences", "wanted", "expected"),
    [
        (100, ("dev", "test"), {"train": 80, "dev": 10, "test": 10}),
        (100, ("dev",), {"train": 90, "dev": 10}),
        (3, ("dev", "test"), {"train": 1, "dev": 1, "test": 1}),
        (2, ("dev", "test"), {"train": 2}),
        (2, ("dev",), {"train": 1, "dev": 1}),
        (1, ("dev",), {"train": 1}),
    ],
)
def test_shares(sentences: int, wanted: tuple[str, ...], expected: dict[str, int]) -> None:
    assert shares(sentences, wanted) == expected
