"""Cross-validation: what each fold holds, and that the number of processes changes nothing."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest

from tagger import Config, ConfigError, read_corpus
from tagger.corpora.sources.corpus import Corpus
from tagger.evaluation.scores import Scores
from tagger.runtime import memory_limit
from tagger.sequence_labelling import cross_validation
from tagger.sequence_labelling.cross_validation import cross_validate
from tagger.training.task import RunOptions
from tests.tiny import SETTINGS, TOML, conllu, run, sentences

pytestmark = pytest.mark.usefixtures("no_curves")
QUICK = Config().with_settings({**SETTINGS, "training.epochs": 2})


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return read_corpus(str(tiny_corpus))


def test_every_sentence_is_tested_once_and_never_trained_on(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Corpus] = []

    class Done(Exception):
        """Stands for the training that this test does not need."""

    def train_runs(part: Corpus, *arguments: Any, **options: Any) -> None:
        seen.append(part)
        raise Done

    monkeypatch.setattr(cross_validation, "train_runs", train_runs)
    with pytest.raises(Done):
        cross_validate(corpus, QUICK, 4, RunOptions(threads=1))
    parts = cross_validation._fold_corpora(corpus, 4, seed=1)
    assert [list(map(tuple, s.tokens())) for s in seen[0].splits] == [
        list(map(tuple, s.tokens())) for s in parts[0].splits
    ]
    whole = sorted(words for split in corpus.splits for words in split.tokens())
    assert sorted(words for part in parts for words in part.splits[2].tokens()) == whole
    for part in parts:
        assert sorted(words for split in part.splits for words in split.tokens()) == whole
        assert {split.name: len(split) for split in part.splits}["dev"] == 7  # a tenth of 90 - 22 or 23
    assert cross_validation._fold_corpora(corpus, 4, seed=2)[0].splits[2].tokens() != parts[0].splits[2].tokens()


@pytest.mark.slow
def test_processes_change_no_score(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[tuple[int, Scores]] = []
    alone = cross_validate(corpus, QUICK, 3, RunOptions(threads=1), on_fold=lambda *one: reported.append(one))
    assert reported == list(enumerate(alone, 1))
    monkeypatch.setattr(cross_validation, "_number_of_workers", lambda *_: 2)
    assert cross_validate(corpus, QUICK, 3) == alone
    assert sum(scores.tokens for scores in alone) == sum(split.num_tokens for split in corpus.splits)


@pytest.mark.parametrize("folds", [1, 46, 1000])
def test_more_folds_than_sentences_allow(corpus: Corpus, folds: int) -> None:
    with pytest.raises(ConfigError, match=rf"folds is {folds}, of 90 sentences; expected from 2 to 45"):
        cross_validate(corpus, QUICK, folds)


@pytest.mark.parametrize(("limit", "free", "expected"), [(None, 10 << 30, 2), (None, 1, 1), ("1500M", 10 << 30, 1)])
def test_as_many_models_at_a_time_as_memory_allows(
    limit: str | None, free: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_validation, "available_memory", lambda: free)
    monkeypatch.setattr(cross_validation, "can_fork", lambda: True)
    monkeypatch.setattr(cross_validation, "check_threads", lambda threads: 2)
    config = QUICK.with_settings({"training.max_memory": limit})
    assert cross_validation._number_of_workers(5, config, RunOptions(device="cpu")) == expected
    monkeypatch.setattr(cross_validation, "can_fork", lambda: False)
    assert cross_validation._number_of_workers(5, config, RunOptions(device="cpu")) == 1


def test_available_memory_is_some_of_that_of_the_machine() -> None:
    assert 0 < memory_limit.available_memory() <= 1 << 45


@pytest.mark.slow
def test_the_command_prints_and_stores_mean_and_spread(tmp_path: Path) -> None:
    (tmp_path / "few.conllu").write_text(conllu(sentences(40, 1)))
    (tmp_path / "quick.toml").write_text(TOML.replace("epochs = 10", "epochs = 3"))
    base: list[str | float | Path] = [
        "train",
        "pos",
        tmp_path / "few.conllu",
        "--config",
        tmp_path / "quick.toml",
        "--threads",
        1,
        "--out",
    ]
    done = run(*base, tmp_path / "model", "--folds", 3)
    assert done.code == 0
    shown = [float(figure) / 100 for figure in re.findall(r"fold \d of 3: accuracy (\S+) %", done.err)]
    stored = json.loads((tmp_path / "model" / "metrics.json").read_text())["folds"]
    assert stored["accuracy"] == pytest.approx(shown, abs=1e-4)
    assert stored["mean"]["accuracy"]["mean"] == pytest.approx(statistics.mean(stored["accuracy"]))
    assert stored["mean"]["accuracy"]["sd"] == pytest.approx(statistics.stdev(stored["accuracy"]))
    mean = f"{100 * statistics.mean(stored['accuracy']):.2f}"
    assert re.search(rf"mean +{mean} ", done.out)
    assert f"3-fold cross-validation: accuracy {mean} %" in (tmp_path / "model" / "README.md").read_text()
    assert "--folds 10" not in done.err
    assert "--folds 10 tests on every sentence" in run(*base, tmp_path / "other").err
    refused = run(*base, tmp_path / "third", "--folds", 21)
    assert refused.err.endswith("folds is 21, of 40 sentences; expected from 2 to 20\n")
