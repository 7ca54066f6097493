"""Damaged corpora, at random but with fixed seeds: what validation calls an error is what stops training."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tagger.corpora.conversion.convert import convert
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.corpora.validation.validate import validate_corpus
from tagger.errors import TaggerError
from tests.mutations import CORPORA, MUTATIONS

MUTANTS = 21  # for each kind of file


def _stops(path: Path) -> bool:
    try:
        read_corpus(str(path))
    except TaggerError:
        return True
    return False


@pytest.mark.parametrize("name", CORPORA)
def test_an_error_is_what_stops_reading(name: str, tmp_path: Path) -> None:
    chance = random.Random(f"doctor {name}")
    for number in range(MUTANTS):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(MUTATIONS[number % len(MUTATIONS)](CORPORA[name], chance))
        diagnosis = validate_corpus(str(path))
        stopping = [finding.kind.code for finding in diagnosis.errors if finding.kind.code != "one-label"]
        assert bool(stopping) == _stops(path), (path.read_bytes(), stopping)
        assert json.loads(json.dumps(diagnosis.to_dict(), ensure_ascii=False).encode())["name"]
        for finding in diagnosis.findings:
            assert finding.count >= len(finding.places) > 0
            assert all("\n" not in str(place) for place in finding.places)


@pytest.mark.parametrize("name", CORPORA)
def test_a_damaged_corpus_is_converted_or_refused(name: str, tmp_path: Path) -> None:
    chance = random.Random(f"convert {name}")
    converted = 0
    for number in range(MUTANTS):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(MUTATIONS[number % len(MUTATIONS)](CORPORA[name], chance))
        out = tmp_path / f"{number}.{chance.choice(['conllu', 'conll', 'jsonl', 'parquet'])}"
        try:
            convert(str(path), out, options=ReadOptions("upos"))
        except TaggerError:
            assert not out.exists()
        else:
            converted += 1
            before, after = read_split(str(path)), read_split(str(out), column="upos")
            assert after.tokens() == before.tokens(), path.read_bytes()
            assert after.tags() == before.tags(), path.read_bytes()
    assert not list(tmp_path.glob(".*"))
    assert converted < MUTANTS
