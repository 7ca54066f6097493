"""Defaults: they fill what is left open, and nothing else."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import Config
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus
from tests.tiny import SETTINGS, conllu, sentences

SIZES = [1, 900, 20_000, 60_000, 119_999, 120_000, 200_000, 1_000_000, 100_000_000]
STAY_OPEN = {"vectors", "max_minutes", "max_memory", "init_from"}


def facts(tokens: int, hangul: float = 0.0) -> Facts:
    return Facts(tokens=tokens, hangul=hangul, labels={"upos": 17, "xpos": 50})


def open_settings(config: Config) -> set[str]:
    tables = (config.words, config.encoder, config.training)
    return {field.name for table in tables for field in fields(table) if getattr(table, field.name) is None}


@pytest.mark.parametrize("hangul", [0.0, 0.9])
@pytest.mark.parametrize("tokens", SIZES)
def test_nothing_that_a_model_needs_stays_open(tokens: int, hangul: float) -> None:
    resolved = resolve(Config(), facts(tokens, hangul))
    assert open_settings(resolved) <= STAY_OPEN
    assert Config.from_dict(resolved.to_dict()) == resolved, "defaults keep to the ranges of settings"


@pytest.mark.parametrize("tokens", SIZES)
def test_what_the_user_set_stays(tokens: int) -> None:
    chosen = Config().with_settings({**SETTINGS, "training.label_smoothing": 0.3, "words.jamo": 1})
    resolved = resolve(chosen, facts(tokens, 1.0)).to_dict()
    for table, values in chosen.to_dict().items():
        if isinstance(values, dict):
            assert {k: v for k, v in resolved[table].items() if values[k] is not None} == {
                k: list(v) if isinstance(v, list) else v for k, v in values.items() if v is not None
            }


def test_zero_is_a_choice_not_an_open_setting() -> None:
    chosen = Config().with_settings({"training.dropout": 0, "training.word_dropout": 0, "words.jamo": 0})
    resolved = resolve(chosen, facts(1000, 1.0))
    assert (resolved.training.dropout, resolved.training.word_dropout, resolved.words.jamo) == (0.0, 0.0, 0)


def test_more_text_needs_fewer_passes() -> None:
    passes = [resolve(Config(), facts(tokens)).training.epochs or 0 for tokens in SIZES]
    assert passes == sorted(passes, reverse=True)
    assert passes[0] > passes[-1] >= 1


def test_korean_is_looked_at_in_jamo() -> None:
    assert resolve(Config(), facts(1000, 0.9)).words.jamo
    assert not resolve(Config(), facts(1000, 0.01)).words.jamo


def test_facts_are_those_of_the_training_split(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "a.conllu"
    made = [*sentences(30, 1), (["한국어", "책"], ["NOUN", "NOUN"])]
    path.write_text(conllu(made))
    corpus = read_corpus(None, train=str(path), dev=str(path))
    found = Facts.of(corpus)
    assert found.tokens == sum(len(words) for words, _ in made)
    assert found.hangul == pytest.approx(2 / found.tokens)
    assert found.labels == {"upos": len({tag for _, tags in made for tag in tags}), "xpos": _distinct(corpus, "xpos")}


def _distinct(corpus: Corpus, column: str) -> int:
    assert corpus.train is not None
    return len({label for labels in corpus.train.column(column) for label in labels})


@pytest.mark.parametrize(("tokens", "fine", "learnt"), [(10_000, 450, ("xpos",)), (10_000, 50, ()), (10**6, 450, ())])
def test_fine_grained_tags_help_small_corpora_along(tokens: int, fine: int, learnt: tuple[str, ...]) -> None:
    found = Facts(tokens=tokens, hangul=0.0, labels={"upos": 17, "xpos": fine})
    assert resolve(Config(), found).training.auxiliary == learnt
