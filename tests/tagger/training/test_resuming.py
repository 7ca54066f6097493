"""A run that is cut off and resumed ends in the weights of one that was not, to the bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tagger import ConfigError, OutputError, TrainingError, read_corpus
from tagger.config.language_model import LanguageConfig
from tagger.config.tagger import Config
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.language_modelling.bptt import BpttChunk
from tagger.language_modelling.objective import LanguageObjective
from tagger.language_modelling.train import train_language_model
from tagger.model_cards.card import escaped
from tagger.runtime.device import available_cores
from tagger.sequence_labelling.train import train_runs
from tagger.serialization import manifest
from tagger.training.checkpoint_callback import CheckpointConfig
from tagger.training.checkpoint_store import CheckpointStore
from tagger.training.events import EpochEnd, Event, Started
from tagger.training.objective import StepLoss
from tagger.training.task import RunOptions
from tests.tiny import SETTINGS, sentences

QUICK = {**SETTINGS, "training.epochs": 3}
LANGUAGE = {
    "head.min_count": 1, "words.embedding_size": 8, "encoder.hidden_size": 8, "encoder.layers": 2,
    "streams.batch_size": 3, "streams.bptt": 12, "training.epochs": 3,
}  # fmt: skip
TIMES = {"seconds", "tokens_per_second"}
OFTEN = CheckpointConfig("auto", minutes=1e-9)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_curves")]


class Crash(BaseException):
    """As if the process had been killed: nothing handles it."""


@pytest.fixture
def crashes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of states after which a run dies, one for each run; a run with none left goes to its end."""
    after: list[int] = []
    saved = [0]
    save = CheckpointStore.save

    def saving(store: CheckpointStore, state: Mapping[str, Any]) -> None:
        save(store, state)
        saved[0] += bool(after)
        if after and saved[0] == after[0]:
            after.pop(0)
            saved[0] = 0
            raise Crash

    monkeypatch.setattr(CheckpointStore, "save", saving)
    monkeypatch.setattr("tagger.training.checkpoint_callback.MAX_SHARE", 1e9)
    return after


def pos(
    corpus: Path, out: Path, checkpointing: CheckpointConfig = OFTEN, threads: int = 1, seeds: int = 1, **options: Any
) -> Any:
    settings = {name.replace("__", "."): value for name, value in options.pop("settings", {}).items()}
    config = Config().with_settings({**QUICK, **settings})
    return train_runs(
        read_corpus(str(corpus), column=config.column),
        config,
        text=options.pop("text", None),
        options=RunOptions(out=out, threads=threads, checkpointing=checkpointing, seeds=seeds, **options),
    )


def lm(text: Path, out: Path, checkpointing: CheckpointConfig = OFTEN, **options: Any) -> Any:
    config = LanguageConfig().with_settings({**LANGUAGE, **options.pop("settings", {})})
    corpus = read_text_corpus(train=str(text), dev=str(text), tokenised=True)
    return train_language_model(corpus, config, RunOptions(out=out, threads=1, checkpointing=checkpointing, **options))


def until_done(train: Any, *arguments: Any, **options: Any) -> None:
    """Run again and again, as after every crash."""
    for _ in range(20):
        try:
            train(*arguments, **options)
        except Crash:
            continue
        return


def log(out: Path) -> list[dict[str, Any]]:
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in entry.items() if name not in TIMES} for entry in entries]


def assert_same(broken: Path, unbroken: Path) -> None:
    assert (broken / "model.safetensors").read_bytes() == (unbroken / "model.safetensors").read_bytes()
    assert log(broken) == log(unbroken)
    assert json.loads((broken / "metrics.json").read_text()) == json.loads((unbroken / "metrics.json").read_text())
    assert sorted(path.name for path in broken.iterdir()) == sorted(path.name for path in unbroken.iterdir())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"training__auxiliary": ["xpos"], "training__schedule": "plateau", "training__average": 0.0},
        {"encoder__layers": 2, "encoder__cell": "gru", "words__characters": "affix+lstm"},
    ],
    ids=["plain", "auxiliary and plateau", "layers"],
)
def test_a_tagger(tiny_corpus: Path, tmp_path: Path, crashes: list[int], settings: dict[str, Any]) -> None:
    pos(tiny_corpus, tmp_path / "whole", settings=settings)
    crashes += [1, 2, 7, 1, 3]
    until_done(pos, tiny_corpus, tmp_path / "broken", settings=settings)
    assert crashes == []
    assert_same(tmp_path / "broken", tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_other_threads_and_several_seeds(tiny_corpus: Path, tmp_path: Path, crashes: list[int]) -> None:
    pos(tiny_corpus, tmp_path / "whole", seeds=2)
    crashes += [4, 30, 5]
    until_done(pos, tiny_corpus, tmp_path / "broken", seeds=2, threads=2)
    assert crashes == []
    assert_same(tmp_path / "broken", tmp_path / "whole")
    assert {entry["seed"] for entry in log(tmp_path / "broken")} == {1, 2}


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(words) + "\n" for words, _ in sentences(60, 5)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"head.bidirectional": True, "encoder.layers": 1, "streams.dropout_kind": "plain"},
        {"training.optimizer": "asgd", "training.patience_average": 1, "training.learning_rate": 5.0,
         "streams.weight_drop": 0.3, "streams.embedding_dropout": 0.2, "streams.dropout": 0.2,
         "streams.input_dropout": 0.2, "streams.output_dropout": 0.2, "training.epochs": 5},
        {"training.optimizer": "sgd", "training.schedule": "plateau", "training.learning_rate": 1.0},
    ],
    ids=["plain", "bidirectional", "asgd", "sgd"],
)  # fmt: skip
def test_a_language_model(text: Path, tmp_path: Path, crashes: list[int], settings: dict[str, Any]) -> None:
    lm(text, tmp_path / "whole", settings=settings)
    crashes += [1, 3, 14, 2]
    until_done(lm, text, tmp_path / "broken", settings=settings)
    assert crashes == []
    assert_same(tmp_path / "broken", tmp_path / "whole")


def test_a_tagger_with_a_language_model_beside(
    tiny_corpus: Path, text: Path, tmp_path: Path, crashes: list[int]
) -> None:
    settings = {"training__lm_weight": 0.3, "streams__batch_size": 3, "streams__bptt": 6, "head__min_count": 1}
    further = read_text_corpus(train=str(text), tokenised=True)
    pos(tiny_corpus, tmp_path / "whole", settings=settings, text=further)
    crashes += [2, 9, 1, 3]
    until_done(pos, tiny_corpus, tmp_path / "broken", settings=settings, text=further)
    assert crashes == []
    assert_same(tmp_path / "broken", tmp_path / "whole")


def test_after_memory_ran_out(
    tiny_corpus: Path, text: Path, tmp_path: Path, crashes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches that were split stay split: the weights are those of a run whose memory ran out at the same step."""
    loss = LanguageObjective.loss

    def limited(made: LanguageObjective, batch: BpttChunk) -> StepLoss:
        result = loss(made, batch)
        if batch.streams is None:
            raise MemoryError
        return result

    monkeypatch.setattr(LanguageObjective, "loss", limited)
    dropping = {"streams.dropout": 0.2, "streams.input_dropout": 0.2, "streams.weight_drop": 0.2}
    lm(text, tmp_path / "whole", settings=dropping)
    crashes += [1, 3, 14, 2]
    until_done(lm, text, tmp_path / "broken", settings=dropping)
    settings = {"training__lm_weight": 0.3, "streams__batch_size": 3, "streams__bptt": 6, "head__min_count": 1}
    pos(tiny_corpus, tmp_path / "joint", settings=settings)
    crashes += [2, 9, 1, 3]
    until_done(pos, tiny_corpus, tmp_path / "broken joint", settings=settings)
    assert crashes == []
    for broken, whole in (("broken", "whole"), ("broken joint", "joint")):
        assert_same(tmp_path / broken, tmp_path / whole)
        assert {entry["num_micro_batches"] for entry in log(tmp_path / whole)} == {2}


def crash(corpus: Path, out: Path, crashes: list[int], after: int = 9, **options: Any) -> None:
    crashes.append(after)
    with pytest.raises(Crash):
        pos(corpus, out, **options)


def test_what_is_told_of_a_resumed_run(tiny_corpus: Path, tmp_path: Path, crashes: list[int]) -> None:
    crash(tiny_corpus, tmp_path / "m", crashes, after=9)
    events: list[Event] = []
    pos(tiny_corpus, tmp_path / "m", listener=events.append, settings={"training__epochs": 4})
    started = events[0]
    assert isinstance(started, Started)
    assert started.notes[-2].startswith("resumed in epoch 2, after step ")
    assert started.notes[-1] == "training.epochs was 3 and is 4"
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == [1, 2, 3, 4]


def test_the_card_tells_of_interruptions_the_machine_and_the_command(
    tiny_corpus: Path, text: Path, tmp_path: Path, crashes: list[int]
) -> None:
    crashes += [2, 2]
    for _ in range(2):
        with pytest.raises(Crash):
            pos(tiny_corpus, tmp_path / "m")
    pos(tiny_corpus, tmp_path / "m", settings={"training__patience": 4}, command="tagger train pos 'my corpus' --out m")
    crashes += [1]
    until_done(lm, text, tmp_path / "lm", command="tagger train lm novels/")
    context = {"cpu", "cores", "threads", "torch", "cpu capability"}
    for name, command, told in (
        ("m", "tagger train pos 'my corpus' --out m", "interrupted and resumed twice, the last time in epoch"),
        ("lm", "tagger train lm novels/", "interrupted and resumed once, the last time in epoch"),
    ):
        card = (tmp_path / name / "README.md").read_text(encoding="utf-8")
        about = json.loads((tmp_path / name / "config.json").read_text(encoding="utf-8"))["about"]
        assert f"```sh\n{command}\n```" in card
        assert f"- {told} " in card
        assert context <= set(about["environment"])
        assert about["environment"]["threads"] == "1"
        assert all(f"| {escaped(name)} | {escaped(value)} |" in card for name, value in about["environment"].items())
        assert any(note.startswith(told) for note in about["notes"])
    assert "- training.patience was 5 and is 4" in (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    pos(tiny_corpus, tmp_path / "unbroken")
    assert "interrupted" not in (tmp_path / "unbroken" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"training__learning_rate": 0.5}, r"cannot resume: training\.learning_rate was 0\.04 and is 0\.5\. Give"),
        ({"encoder__hidden_size": 5, "training__clip": 2.0}, r"encoder\.hidden_size was 12 and is 5; training\.clip"),
        ({"column": "xpos"}, r"cannot resume: the training data changed; column was upos and is xpos\. Give"),
    ],
)
def test_other_settings_are_refused(
    tiny_corpus: Path, tmp_path: Path, crashes: list[int], settings: dict[str, Any], message: str
) -> None:
    crash(tiny_corpus, tmp_path / "m", crashes)
    with pytest.raises(TrainingError, match=message):
        pos(tiny_corpus, tmp_path / "m", settings=settings)
    pos(tiny_corpus, tmp_path / "m")


def test_other_data_are_refused(tiny_corpus: Path, tmp_path: Path, crashes: list[int]) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tiny_corpus.iterdir():
        content = path.read_text(encoding="utf-8")
        changed = content.replace("\tslowly\t", "\tfastly\t", 1) if "dev" in path.name else content
        (copy / path.name).write_text(changed, encoding="utf-8")
    crash(tiny_corpus, tmp_path / "m", crashes)
    with pytest.raises(TrainingError, match=r"cannot resume: the development data changed\. Give the data"):
        pos(copy, tmp_path / "m")


def test_an_unfinished_run_is_not_thrown_away_unasked(tiny_corpus: Path, tmp_path: Path, crashes: list[int]) -> None:
    crash(tiny_corpus, tmp_path / "m", crashes)
    with pytest.raises(OutputError, match=r"an unfinished run is there, in .*m\.partial; --resume continues it, --ov"):
        pos(tiny_corpus, tmp_path / "m", checkpointing=CheckpointConfig("no"))
    events: list[Event] = []
    pos(tiny_corpus, tmp_path / "m", checkpointing=CheckpointConfig("no"), overwrite=True, listener=events.append)
    assert isinstance(events[0], Started)
    assert not any("resumed" in note for note in events[0].notes)


def test_a_state_of_another_format_is_refused(tiny_corpus: Path, tmp_path: Path, crashes: list[int]) -> None:
    crash(tiny_corpus, tmp_path / "m", crashes)
    store = CheckpointStore(tmp_path / "m.partial" / "training" / "1")
    state = store.load()
    assert state is not None
    del state["fingerprint"]["format"]  # as in the first one
    store.save(state)
    with pytest.raises(
        TrainingError, match=r"has format 1, this version goes on from format 2; go on with the version"
    ):
        pos(tiny_corpus, tmp_path / "m")


def test_nothing_to_resume(tiny_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"m: no unfinished run to resume; leave --resume out"):
        pos(tiny_corpus, tmp_path / "m", checkpointing=CheckpointConfig("yes"))
    with pytest.raises(ConfigError, match="checkpoint minutes is 0"):
        CheckpointConfig(minutes=0)


def test_a_run_that_was_kept_can_be_made_longer(tiny_corpus: Path, tmp_path: Path, crashes: list[int]) -> None:
    constant = {"training__schedule": "constant", "training__warmup": 0.0}
    pos(tiny_corpus, tmp_path / "whole", settings={**constant, "training__epochs": 4})
    assert not (tmp_path / "whole" / manifest.TRAINING).exists()
    pos(
        tiny_corpus,
        tmp_path / "m",
        checkpointing=CheckpointConfig(keep_state=True),
        settings={**constant, "training__epochs": 2},
    )
    assert (tmp_path / "m" / manifest.TRAINING).is_dir()
    longer = {**constant, "training__epochs": 4}
    pos(tiny_corpus, tmp_path / "m", checkpointing=CheckpointConfig("yes"), overwrite=True, settings=longer)
    assert (tmp_path / "m" / "model.safetensors").read_bytes() == (
        tmp_path / "whole" / "model.safetensors"
    ).read_bytes()
