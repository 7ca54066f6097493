"""From a corpus to a model folder: what is written, what is kept, what is refused."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tagger import Config, ConfigError, CorpusError, OutputError, Tagger, TrainingError, read_corpus, train_pos
from tagger.runtime.device import available_cores
from tagger.sequence_labelling.train import train_runs
from tagger.training.events import EpochEnd, Event, Finished, Started
from tagger.training.task import RunOptions
from tests.tiny import SETTINGS, TOML, conllu, sentences

QUICK = {**SETTINGS, "training.epochs": 2}
pytestmark = pytest.mark.usefixtures("no_curves")


def weights(tagger: Tagger) -> list[torch.Tensor]:
    return list(tagger.saved.model.state_dict().values())


def same(first: Tagger, second: Tagger) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def train(corpus: Path, **options: Any) -> Tagger:
    return train_pos(str(corpus), threads=1, **{"settings": QUICK, **options})


def test_two_runs_with_a_seed_are_one(tiny_corpus: Path) -> None:
    first, again, other = (train(tiny_corpus, settings={**QUICK, "training.seed": seed}) for seed in (5, 5, 6))
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{"words.characters": "affix+lstm"}, {"words.characters": "cnn", "encoder.cell": "gru", "encoder.layers": 2}],
)
def test_every_part_follows_the_seed(tiny_corpus: Path, settings: dict[str, Any]) -> None:
    first, again = (train(tiny_corpus, settings={**QUICK, **settings}) for _ in range(2))
    assert same(first, again)


def test_what_ran_before_changes_nothing(tiny_corpus: Path) -> None:
    first = train(tiny_corpus)
    torch.rand(100)
    torch.manual_seed(99)
    assert same(first, train(tiny_corpus))


@pytest.mark.slow
def test_all_ways_to_give_settings_agree(tiny_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(TOML)
    by_file = train(tiny_corpus, config=tmp_path / "run.toml", settings={"training.epochs": 2})
    by_object = train(tiny_corpus, config=Config().with_settings(QUICK), settings=None)
    assert same(by_file, train(tiny_corpus))
    assert same(by_object, train(tiny_corpus))


def test_a_corpus_in_memory_is_as_good_as_its_path(tiny_corpus: Path) -> None:
    in_memory = train_pos(read_corpus(str(tiny_corpus)), settings=QUICK, threads=1)
    assert same(in_memory, train(tiny_corpus))


def test_the_folder_is_complete(tiny_model: Path, tiny_corpus: Path) -> None:
    names = {path.name for path in tiny_model.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md", "metrics.json", "log.jsonl"} <= names
    assert names <= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
        "metrics.json",
        "log.jsonl",
        "curves.png",
    }
    assert not list(tiny_model.parent.glob("*.partial*"))
    config = json.loads((tiny_model / "config.json").read_text(encoding="utf-8"))
    assert (config["format_version"], config["task"], config["labels"]) == (
        3,
        "pos",
        ["ADV", "AUX", "DET", "NOUN", "PRON", "PUNCT", "VERB"],
    )
    assert config["config"]["encoder"] == {"cell": "lstm", "layers": 1, "hidden_size": 12, "output_size": 0}
    assert None not in [config["config"]["words"][name] for name in ("embedding_size", "characters", "output_size")]
    corpus = read_corpus(str(tiny_corpus))
    about = config["about"]
    assert about["corpus"]["fingerprint"] == corpus.fingerprint
    assert about["corpus"]["splits"]["dev"] == {"sentences": 15, "words": corpus.dev.num_tokens if corpus.dev else 0}
    assert {"torch", "python", "sequence-tagger"} <= set(about["environment"])


def test_the_scores_written_are_those_of_the_saved_model(tiny_model: Path, tiny_corpus: Path) -> None:
    metrics = json.loads((tiny_model / "metrics.json").read_text(encoding="utf-8"))
    tagger = Tagger.load(tiny_model, threads=1)
    for split in ("dev", "test"):
        scores = tagger.evaluate(str(tiny_corpus), split=split)
        assert metrics[split]["accuracy"] == scores.accuracy
        assert metrics[split]["correct"] == scores.correct
        assert "unknown_accuracy" in metrics[split]
    card = (tiny_model / "README.md").read_text(encoding="utf-8")
    assert f"{100 * metrics['test']['accuracy']:.2f}" in card
    assert "| encoder.cell |" in card
    for setting in ("head.unit", "streams.bptt", "training.lm"):  # of a head that the model does not have
        assert f"| {setting}" not in card


def test_the_log_has_every_epoch(tiny_model: Path) -> None:
    log = [json.loads(line) for line in (tiny_model / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["epoch"] for entry in log] == list(range(1, len(log) + 1))
    assert {"seed", "loss_sum", "loss_per_step", "dev_accuracy", "learning_rate"} <= set(log[0])
    assert log[-1]["loss_per_step"] < log[0]["loss_per_step"]


def test_events_are_told_in_order(tiny_corpus: Path) -> None:
    events: list[Event] = []
    train(tiny_corpus, listener=events.append)
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == [1, 2]


def test_several_seeds_keep_the_best_on_dev(tiny_corpus: Path, tmp_path: Path) -> None:
    config = Config().with_settings({**SETTINGS, "training.epochs": 3, "training.seed": 4})
    done = train_runs(read_corpus(str(tiny_corpus)), config, RunOptions(seeds=3, out=tmp_path / "m", threads=1))
    assert [run.seed for run in done.runs] == [4, 5, 6]
    dev = [run.scores["dev"].accuracy for run in done.runs]
    assert len(set(dev)) > 1, "seeds that score alike would not show which is kept"
    assert done.best is done.runs[dev.index(max(dev))]
    assert same(Tagger.load(tmp_path / "m", threads=1), done.best.model)
    metrics = json.loads((tmp_path / "m" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["seed"] == done.best.seed
    assert {seed: scores["dev"] for seed, scores in metrics["seeds"].items()} == dict(zip("456", dev, strict=True))
    assert metrics["mean"]["dev"]["accuracy"]["mean"] == pytest.approx(sum(dev) / 3)
    log = [json.loads(line)["seed"] for line in (tmp_path / "m" / "log.jsonl").read_text().splitlines()]
    assert sorted(set(log)) == [4, 5, 6]


def test_each_of_several_seeds_is_what_it_is_alone(tiny_corpus: Path) -> None:
    config = Config().with_settings(QUICK)
    corpus = read_corpus(str(tiny_corpus))
    both = train_runs(corpus, config, RunOptions(seeds=2, threads=1)).runs
    alone = train_runs(corpus, config.with_seed(2), RunOptions(threads=1)).best
    assert same(both[1].model, alone.model)


def test_a_corpus_without_dev_and_test(tiny_corpus: Path, tmp_path: Path) -> None:
    corpus = replace(read_corpus(str(tiny_corpus)), dev=None, test=None)
    done = train_runs(corpus, Config().with_settings(QUICK), RunOptions(out=tmp_path / "m", threads=1))
    assert done.best.scores == {}
    assert json.loads((tmp_path / "m" / "metrics.json").read_text()) == {"seed": 1}
    assert Tagger.load(tmp_path / "m", threads=1).tag(["they"]).tags


def test_other_columns(tiny_corpus: Path) -> None:
    tagger = train(tiny_corpus, column="xpos", settings={**QUICK, "training.auxiliary": ["upos"]})
    assert tagger.column == "xpos"
    assert tagger.labels == ("adv", "aux", "det", "noun", "pron", "punct", "verb")
    assert list(tagger.saved.model.heads) == ["tag"]
    assert tagger.evaluate(str(tiny_corpus)).unseen_labels == {}


def test_nothing_is_written_without_a_place(tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    train(tiny_corpus)
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_replaced_when_asked_for(tiny_corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "m"
    train(tiny_corpus, out=out)
    with pytest.raises(OutputError, match="already holds a model"):
        train(tiny_corpus, out=out)
    train(tiny_corpus, out=out, overwrite=True, column="xpos")
    assert Tagger.load(out, threads=1).column == "xpos"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_run_that_fails_leaves_the_old_model(tiny_corpus: Path, tmp_path: Path) -> None:
    train(tiny_corpus, out=tmp_path / "m")
    before = (tmp_path / "m" / "config.json").read_bytes()

    def interrupt(event: Event) -> None:
        if isinstance(event, EpochEnd):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny_corpus, out=tmp_path / "m", overwrite=True, listener=interrupt)
    assert (tmp_path / "m" / "config.json").read_bytes() == before


def test_a_listener_that_fails_is_not_taken_for_a_full_disk(tiny_corpus: Path, tmp_path: Path) -> None:
    def gone(event: Event) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        train(tiny_corpus, out=tmp_path / "m", listener=gone)


def test_rates_that_break_training(tiny_corpus: Path) -> None:
    with pytest.raises(TrainingError, match=r"^the loss is (nan|inf) at a learning rate of .*--learning-rate "):
        train(tiny_corpus, settings={**QUICK, "training.learning_rate": 1e18, "training.warmup": 0})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"threads": 10_000}, ConfigError, rf"threads is 10000; expected 1 to {available_cores()}"),
        ({"device": "tpu"}, ConfigError, "device is 'tpu'"),
        ({"column": "nonesuch"}, CorpusError, "nonesuch"),
        (
            {"settings": {"training.auxiliary": ["x"]}},
            ConfigError,
            "auxiliary column 'x' is not in the training data; it has: ",
        ),
        ({"settings": {"words.vectors": "none.txt"}}, CorpusError, "none.txt: no such file"),
        ({"config": "none.toml"}, ConfigError, "none.toml: no such configuration file"),
        ({"out": "/proc/none/model"}, OutputError, "cannot write the model folder"),
    ],
)
def test_what_is_refused(tiny_corpus: Path, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        train_pos(str(tiny_corpus), **{"threads": 1, **options})
    assert "\n" not in str(caught.value)


def test_at_least_one_seed(tiny_corpus: Path) -> None:
    with pytest.raises(ConfigError, match="seeds is 0; expected at least 1"):
        train_runs(read_corpus(str(tiny_corpus)), Config(), RunOptions(seeds=0))


def write(path: Path, made: Sequence[tuple[list[str], list[str]]]) -> str:
    path.write_text(conllu(list(made)), encoding="utf-8")
    return str(path)


def test_one_label_only(tmp_path: Path) -> None:
    path = write(tmp_path / "one.conllu", [(["a", "b"], ["X", "X"])] * 30)
    message = (
        r"one\.conllu: every word of the training data has the same label 'X' in column 'upos'; .*Columns with labels: "
    )
    with pytest.raises(CorpusError, match=message):
        train_pos(path, settings=QUICK, threads=1)


def test_no_training_sentences(tiny_corpus: Path) -> None:
    corpus = read_corpus(str(tiny_corpus))
    with pytest.raises(CorpusError, match="has no training split"):
        train_pos(replace(corpus, train=None), settings=QUICK)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_hardly_any_sentences(tmp_path: Path, number: int) -> None:
    path = write(tmp_path / "few.conllu", sentences(number, 1))
    tagger = train_pos(None, train=path, dev=path, settings=QUICK, threads=1)
    assert len(tagger.tag(["they", "can"]).tags) == 2


def test_a_sentence_longer_than_a_batch(tmp_path: Path) -> None:
    words, tags = sentences(1, 1)[0]
    path = write(tmp_path / "long.conllu", [(words * 500, tags * 500), *sentences(5, 2)])
    assert train_pos(None, train=path, dev=path, settings=QUICK, threads=1).tag(words).tags


def test_no_network_is_used(tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    train(tiny_corpus, out=tmp_path / "m", offline=True)
    assert Tagger.load(tmp_path / "m", threads=1).tag(["they"]).tags


def test_the_number_of_threads_does_not_change_the_weights(tiny_corpus: Path) -> None:
    corpus = read_corpus(str(tiny_corpus))
    one, two = (train_runs(corpus, Config().with_settings(SETTINGS), RunOptions(threads=threads)) for threads in (1, 2))
    for name, weights in one.best.model.saved.model.state_dict().items():
        assert torch.equal(weights, two.best.model.saved.model.state_dict()[name]), name
