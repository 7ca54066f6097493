"""Damaged corpora, at random but with fixed seeds: each is read or refused with a reason, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tagger.corpora.read_corpus import read_corpus
from tagger.errors import TaggerError
from tests.corpora.conftest import TAGS, WORDS
from tests.mutations import CORPORA, MUTATIONS, WRONG_TYPES, plainly_read, wrong_parquet

pytestmark = pytest.mark.slow

MUTANTS = 42  # for each kind of file


@pytest.mark.parametrize("name", [name for name in CORPORA if name not in ("webanno.tsv", "min.json")])
def test_the_corpus_is_read_when_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CORPORA[name])
    corpus = read_corpus(str(path))
    found = [
        (tuple(tokens), tuple(tags))
        for split in corpus.splits
        for tokens, tags in zip(split.tokens(), split.tags(), strict=True)
    ]
    assert sorted(found) == sorted(zip(map(tuple, WORDS), map(tuple, TAGS), strict=True))


@pytest.mark.parametrize("name", CORPORA)
def test_a_damaged_corpus_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    read = 0
    for number in range(MUTANTS):
        mutate = MUTATIONS[number % len(MUTATIONS)]
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(mutate(CORPORA[name], chance))
        skip_invalid = chance.random() < 0.3
        try:
            corpus = read_corpus(str(path), skip_invalid=skip_invalid)
        except TaggerError as error:
            message = str(error)
            assert "\n" not in message, message
            assert len(message) < 1500, message
        else:
            read += 1
            for split in corpus.splits:
                lengths = [len(tokens) for tokens in split.tokens()]
                assert lengths == [len(tags) for tags in split.tags()]
                assert all(word for words in split.tokens() for word in words)
                assert all(tag != "_" for tags in split.tags() for tag in tags)
            plain = None if skip_invalid else plainly_read(path.name, path.read_bytes())
            found = [pair for split in corpus.splits for pair in zip(split.tokens(), split.tags(), strict=True)]
            assert plain is None or sorted(plain) == sorted(found)
    assert read < MUTANTS


@pytest.mark.parametrize("kind", WRONG_TYPES)
def test_parquet_of_wrong_types_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(wrong_parquet(kind))
    with pytest.raises(TaggerError, match=r"a\.parquet:") as error:
        read_corpus(str(path))
    assert "\n" not in str(error.value)
