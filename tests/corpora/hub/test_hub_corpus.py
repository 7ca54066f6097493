"""Catalogue names and hub ids become corpora like any other; the hub itself is stood in for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import datasets
import pytest

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.hub import corpus as hub
from tagger.corpora.hub.hub_id import HubSpec
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.errors import CorpusError
from tests.corpora.conftest import TAGS, WORDS, Write

Asked = list[tuple[HubSpec, dict[str, Any]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the hub was asked for; it has a train and a test split."""
    calls: Asked = []

    def read_hub(spec: HubSpec, options: ReadOptions) -> tuple[dict[str, datasets.Dataset], list[str]]:
        calls.append((spec, asdict(options)))
        data = datasets.Dataset.from_dict({"tokens": WORDS * 10, "tags": TAGS * 10, "xpos": TAGS * 10})
        return {"train": data, "test": data.select(range(3))}, ["said by the hub"]

    monkeypatch.setattr(hub, "read_hub", read_hub)
    return calls


def test_a_hub_id(asked: Asked) -> None:
    corpus = read_corpus("owner/name:config@main", column="xpos", offline=True, skip_invalid=True)
    spec, options = asked[0]
    assert spec == HubSpec("owner/name", "config", "main")
    assert options["column"] == "xpos"
    assert (options["offline"], options["skip_invalid"], options["labels_column"]) == (True, True, None)
    assert {split.name: len(split) for split in corpus.splits} == {"train": 27, "dev": 3, "test": 3}
    found = [tokens for split in corpus.splits[:2] for tokens in split.tokens()]
    assert sorted(found) == sorted(WORDS * 10)
    assert corpus.notes == (
        "said by the hub",
        "dev: 3 sentences (10% of train), split off at random (seed 1)",
    )
    assert (corpus.name, corpus.column, corpus.columns) == ("config", "xpos", ("xpos",))


def test_a_name_in_the_catalogue(asked: Asked) -> None:
    corpus = read_corpus("en_ewt")
    spec, _ = asked[0]
    assert spec.config == "en_ewt"
    assert (corpus.name, corpus.license) == ("en_ewt", "CC BY-SA 4.0")


def test_the_fingerprint_is_of_the_content(asked: Asked) -> None:
    assert read_corpus("owner/name").fingerprint == read_corpus("other/name").fingerprint


def test_one_split(asked: Asked) -> None:
    assert read_split("owner/name", "test").tokens() == WORDS
    with pytest.raises(CorpusError, match="owner/name: no dev split; there are: train, test"):
        read_split("owner/name", "dev")


def test_a_split_from_a_file_stands_in(asked: Asked, write: Write, small: str) -> None:
    corpus = read_corpus("owner/name", dev=str(write("a.conllu", small)))
    assert corpus.dev is not None
    assert corpus.dev.tokens() == WORDS
    assert corpus.notes == ("said by the hub",)
    assert corpus.fingerprint != read_corpus("owner/name").fingerprint


def test_a_path_is_not_taken_for_a_hub_id(asked: Asked, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write("data/corpus.conllu", "x").parent
    monkeypatch.chdir(folder.parent)
    with pytest.raises(CorpusError, match=r"data/corpsu\.conllu: no such file or folder; did you mean data/corpus"):
        read_corpus("data/corpsu.conllu")
    with pytest.raises(CorpusError, match=r"data/corpus2: no such file or folder"):
        read_corpus("data/corpus2")
    assert asked == []
