"""From text to a language model and its folder: what is trained, kept, written and refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tagger import LanguageModel, Tagger
from tagger.config.language_model import PRESETS, LanguageConfig, make_config, resolve
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.errors import ConfigError, CorpusError, ModelError, TrainingError
from tagger.language_modelling.train import train_language_model, train_lm
from tagger.models.heads.softmax import AdaptiveSoftmax
from tagger.models.training.weight_averaging import TriggeredAverage
from tagger.training.events import EpochEnd, Event, Finished, Started
from tagger.training.optimizers import make_average, make_optimizer
from tagger.training.schedules import make_schedule
from tagger.training.task import RunOptions
from tests.tiny import sentences

SMALL: dict[str, Any] = {
    "words.embedding_size": 10,
    "encoder.hidden_size": 12,
    "encoder.layers": 1,
    "streams.batch_size": 4,
    "streams.bptt": 8,
    "streams.input_dropout": 0.1,
    "streams.output_dropout": 0.1,
    "streams.weight_drop": 0.1,
    "training.epochs": 2,
    "training.learning_rate": 0.02,
    "training.average": 0.5,
    "training.precision": "float32",
}

pytestmark = pytest.mark.usefixtures("no_curves")


def lines(number: int, seed: int) -> str:
    return "".join(" ".join(words) + "\n" for words, _ in sentences(number, seed))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files of tokenised text by split."""
    folder = tmp_path_factory.mktemp("texts")
    for name, number, seed in (("train", 60, 1), ("dev", 15, 2), ("test", 15, 3)):
        (folder / f"{name}.txt").write_text(lines(number, seed), encoding="utf-8")
    return {name: str(folder / f"{name}.txt") for name in ("train", "dev", "test")}


def train(texts: dict[str, str], out: Path | None = None, **changes: Any) -> LanguageModel:
    listener = changes.pop("listener", None)
    settings = {**SMALL, **{name.replace("__", "."): value for name, value in changes.items()}}
    tokenised = settings.get("head.unit", "word") == "word"
    return train_lm(**texts, tokenised=tokenised, out=out, settings=settings, threads=1, listener=listener)  # type: ignore[arg-type]


def log_probs(model: LanguageModel) -> Tensor:
    """(T, B, V) of a fixed row of units, whatever they are."""
    ids = torch.arange(24).remainder(model.subwords.size).view(12, 2)
    found: Tensor = model.engine.read(ids, model.engine.start(2))[0]
    return found


def weights(model: LanguageModel) -> dict[str, Tensor]:
    return dict(model.saved.model.state_dict())


VARIANTS: dict[str, dict[str, Any]] = {
    "words": {},
    "pieces": {"head__unit": "bpe", "head__vocabulary_size": 300},
    "characters": {"head__unit": "char", "encoder__layers": 2},
    "gru, affixes": {"encoder__cell": "gru", "words__characters": "affix", "words__output_size": 9},
    "rnn, untied, another last size": {"encoder__cell": "rnn", "head__tied": False, "encoder__output_size": 7},
    "adaptive": {"head__softmax": "adaptive", "head__cutoffs": [5, 12]},
    "adaptive, untied": {"head__softmax": "adaptive", "head__tied": False},
    "both directions, no case, no digits": {"head__bidirectional": True, "head__lowercase": True, "head__digits": True},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_folder_gives_back_the_model(variant: str, texts: dict[str, str], tmp_path: Path) -> None:
    """To the last bit: probabilities, units, settings; and its perplexity is that of metrics.json."""
    model = train(texts, tmp_path / "lm", **VARIANTS[variant])
    again = LanguageModel.load(tmp_path / "lm", threads=1)
    assert torch.equal(log_probs(model), log_probs(again))
    assert weights(model).keys() == weights(again).keys()
    assert again.saved.config == model.saved.config
    assert again.saved.heads == ("language",)
    assert (again.subwords.kind, again.subwords.vocabulary) == (model.subwords.kind, model.subwords.vocabulary)
    passage = model.passages("the Dog 12 sees\n")[0]
    assert again.subwords.encode(passage) == model.subwords.encode(passage)
    metrics = json.loads((tmp_path / "lm" / "metrics.json").read_text())
    assert metrics["test"]["unit"] == model.subwords.kind
    found = again.evaluate(texts["test"], tokenised=model.subwords.kind == "word")
    assert found.perplexity == pytest.approx(metrics["test"]["perplexity"], rel=1e-6)
    assert 1 < metrics["valid"]["perplexity"] < model.subwords.size
    torch.testing.assert_close(log_probs(model).exp().sum(2), torch.ones(12, 2), rtol=0, atol=1e-5)


def test_the_folder_holds_what_it_should(texts: dict[str, str], tmp_path: Path) -> None:
    train(texts, tmp_path / "lm")
    folder = tmp_path / "lm"
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "metrics.json", "log.jsonl", "README.md"} <= names
    config = json.loads((folder / "config.json").read_text())
    assert (config["task"], config["heads"], config["labels"]) == ("lm", ["language"], [])
    assert config["units"]["kind"] == "word"
    assert config["about"]["corpus"]["sentences"] == {"train": 60, "dev": 15, "test": 15}
    assert [json.loads(row)["epoch"] for row in (folder / "log.jsonl").read_text().splitlines()] == [1, 2]
    assert "perplexity" in (folder / "README.md").read_text()


def test_training_tells_what_happens_and_learns(texts: dict[str, str]) -> None:
    events: list[Event] = []
    model = train(texts, training__epochs=6, listener=events.append)
    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    words = lines(60, 1).split()
    assert (started.task, started.sentences, started.tokens) == ("lm", 60, len(words) + 60)
    assert started.labels == model.subwords.size == len({*words}) + 2
    ends = [event for event in events if isinstance(event, EpochEnd)]
    for end in ends:
        assert end.dev_loss_per_step is not None
        assert end.dev_perplexity == pytest.approx(math.exp(end.dev_loss_per_step))
        assert end.dev_accuracy is None
    perplexities = [end.dev_perplexity or math.inf for end in ends]
    assert perplexities[-1] < 0.8 * perplexities[0]
    assert finished.best_epoch == 1 + perplexities.index(min(perplexities))
    assert finished.best_perplexity == min(perplexities)
    assert finished.best_accuracy is None


def test_training_begins_with_the_shares_of_the_units(texts: dict[str, str]) -> None:
    """With a rate of nothing the model is one of unigrams, with each unit counted once more, but for small states."""
    model = train(texts, training__learning_rate=1e-12, training__epochs=1)
    counts = dict.fromkeys(model.subwords.vocabulary.words, 1)
    for row in lines(60, 1).splitlines():
        for word in (*row.split(), "<eos>"):
            counts[word] += 1
    expected = torch.tensor([n / sum(counts.values()) for n in counts.values()]).log()
    found = model.engine.log_probabilities(torch.zeros(1, 12))[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-3)  # rounded to half precision


def test_the_seed_decides_every_weight(texts: dict[str, str]) -> None:
    first, again, other = (weights(train(texts, training__seed=seed)) for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if first[name].ndim > 1)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "asgd"])
def test_every_optimiser_learns(optimizer: str, texts: dict[str, str]) -> None:
    rate = 0.02 if optimizer == "adamw" else 20.0
    events: list[Event] = []
    train(texts, training__optimizer=optimizer, training__learning_rate=rate, training__epochs=6,
          training__schedule="plateau", training__patience_average=1, listener=events.append)  # fmt: skip
    losses = [event.loss_per_step for event in events if isinstance(event, EpochEnd)]
    assert losses[-1] < 0.9 * losses[0]


def test_a_time_budget_ends_the_run_and_leaves_a_model(texts: dict[str, str], tmp_path: Path) -> None:
    events: list[Event] = []
    train(texts, tmp_path / "lm", training__max_minutes=1e-9, training__epochs=50, listener=events.append)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "the time of 1e-09 minutes is up"
    assert (tmp_path / "lm" / "metrics.json").is_file()


def test_patience_ends_a_run_that_gets_no_better(texts: dict[str, str]) -> None:
    events: list[Event] = []
    train(texts, training__learning_rate=1e-30, training__epochs=9, training__patience=2, listener=events.append)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "no lower dev perplexity for 2 epochs"
    assert finished.best_epoch == 1


def test_without_dev_and_test_there_are_no_scores(texts: dict[str, str], tmp_path: Path) -> None:
    text = read_text_corpus(train=texts["train"], tokenised=True)
    assert text.dev is not None, "split off"
    assert any("dev" in note for note in text.notes)
    alone = type(text)(text.name, text.source, text.train, None, None, (), text.fingerprint, None, text.tokenizer)
    config = LanguageConfig().with_settings({**SMALL, "head.min_count": 1})
    training = train_language_model(alone, config, RunOptions(out=tmp_path / "lm", threads=1))
    assert training.best.scores == {}
    assert json.loads((tmp_path / "lm" / "metrics.json").read_text()) == {"seed": 1}


def test_a_loss_that_is_not_finite_stops_with_a_hint(texts: dict[str, str], tmp_path: Path) -> None:
    wild = {"training__optimizer": "sgd", "training__learning_rate": 1e18, "training__clip": 1e18,
            "training__schedule": "constant", "training__warmup": 0}  # fmt: skip
    with pytest.raises(TrainingError, match=r"^the loss is \S+ at a learning rate of 1e\+18; .*--learning-rate 2e\+17"):
        train(texts, tmp_path / "lm", **wild)
    assert not (tmp_path / "lm").exists()


@pytest.mark.parametrize("unit", ["word", "char", "bpe"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"bad\.txt: the file is empty; expected text$"),
        (" \n\n", r"bad\.txt: the file is empty but for white space; expected text$"),
        ("hello\n", r"bad\.txt: one word only; expected running text$"),
        ("hello", r"bad\.txt: one word only; expected running text$"),
    ],
)
def test_too_little_text(text: str, message: str, unit: str, texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(CorpusError, match=message) as error:
        train({**texts, "train": str(tmp_path / "bad.txt")}, head__unit=unit)
    assert "\n" not in str(error.value)


def test_a_vocabulary_of_one(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("a a a a a a a\n")
    with pytest.raises(CorpusError, match=r"^\S*bad\.txt: the vocabulary has too few different words: one, 'a'"):
        train({**texts, "train": str(tmp_path / "bad.txt")})
    assert train({**texts, "train": str(tmp_path / "bad.txt")}, head__unit="char").subwords.size == 4


@pytest.mark.parametrize("unit", ["word", "char"])
def test_the_shortest_text_that_can_be_learnt_without_a_line_end(
    unit: str, texts: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "short.txt").write_text("a b")
    model = train({**texts, "train": str(tmp_path / "short.txt")}, head__unit=unit)
    assert model.subwords.size == (4 if unit == "word" else 5)
    assert log_probs(model).isfinite().all()


def test_a_literal_unknown_word_is_the_unknown_word(tmp_path: Path) -> None:
    for name in ("train", "dev"):
        (tmp_path / f"{name}.txt").write_text("the <unk> sees the dog\nthe dog <unk> it\n" * 9)
    model = train({name: str(tmp_path / f"{name}.txt") for name in ("train", "dev")})
    assert model.subwords.vocabulary.words.count("<unk>") == 1
    found = model.evaluate(str(tmp_path / "dev.txt"), tokenised=True)
    assert (found.units, found.unknown, found.words) == (9 * 11, 18, 9 * 9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"head.unit": "syllable"}, "'head.unit' is 'syllable'; expected one of 'word', 'bpe', 'char'"),
        ({"head.tied": 1}, "'head.tied' is 1; expected true or false"),
        ({"head.cutoffs": [9, 3]}, r"'head.cutoffs' is \[9, 3\]; expected rising whole numbers from 1"),
        ({"head.cutoffs": [0, 3]}, r"'head.cutoffs' is \[0, 3\]; expected rising whole numbers from 1"),
        ({"head.cutoffs": [3, 3]}, r"'head.cutoffs' is \[3, 3\]; expected rising whole numbers from 1"),
        ({"head.cutoffs": []}, r"'head.cutoffs' is \[\]; expected rising whole numbers from 1"),
        ({"streams.bptt": 0}, "'streams.bptt' is 0; expected more than 0"),
        ({"streams.weight_drop": 1}, "'streams.weight_drop' is 1.0; expected at least 0 and less than 1"),
        ({"streams.activation_penalty": -1}, "'streams.activation_penalty' is -1.0; expected at least 0"),
        ({"training.optimizer": "adam"}, "'training.optimizer' is 'adam'; expected one of 'adamw', 'sgd', 'asgd'"),
        ({"streams.dropuot": 0.1}, "unknown setting 'streams.dropuot'; did you mean 'streams.dropout'"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^settings: {message}"):
        train_lm("nowhere", settings=settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head__unit": "char", "words__characters": "affix"}, "'words.characters' is 'affix', but the unit is 'char'"),
        ({"head__softmax": "adaptive", "head__cutoffs": [3000]}, r"ends its head at \[3000\], beyond the \d+ units"),
        ({"head__vocabulary_size": 3}, "a vocabulary of 3, expected at least 4"),
    ],
)
def test_settings_that_do_not_go_with_the_text(
    changes: dict[str, Any], message: str, texts: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        train(texts, tmp_path / "lm", **changes)
    assert not (tmp_path / "lm").exists()


def test_folders_without_the_head_that_is_needed(tiny_model: Path, texts: dict[str, str], tmp_path: Path) -> None:
    train(texts, tmp_path / "lm")
    with pytest.raises(ModelError, match=r"no head that tags; its heads: language; `tagger train pos`"):
        Tagger.load(tmp_path / "lm")
    with pytest.raises(ModelError, match=r"no head that predicts words; its heads: tag; `tagger train lm`"):
        LanguageModel.load(tiny_model)
    with pytest.raises(ModelError, match="no such model folder"):
        LanguageModel.load(tmp_path / "nowhere")


def test_a_model_that_is_there_is_left_alone(texts: dict[str, str], tmp_path: Path) -> None:
    train(texts, tmp_path / "lm")
    with pytest.raises(Exception, match="already holds a model"):
        train(texts, tmp_path / "lm")


TEXTBOOK: dict[str, Any] = {
    "training.optimizer": "sgd", "training.learning_rate": 20.0, "training.clip": 0.25, "training.schedule": "plateau",
    "training.plateau_factor": 0.25, "training.plateau_patience": 1, "training.epochs": 40, "training.warmup": 0.0,
    "training.average": 0.0, "streams.batch_size": 20, "streams.bptt": 35, "encoder.cell": "lstm", "head.tied": True,
    "head.softmax": "full", "words.output_size": 0, "words.characters": "none",
}  # fmt: skip
"""Defaults of main.py of the word language model among PyTorch's examples."""
MERITY: dict[str, Any] = {
    "streams.embedding_dropout": 0.1, "streams.weight_drop": 0.5, "streams.activation_penalty": 2.0,
    "streams.temporal_penalty": 1.0, "training.weight_decay": 1.2e-6, "training.clip": 0.25, "streams.jitter": True,
    "streams.dropout_kind": "locked",
}  # fmt: skip
"""Defaults of main.py of AWD-LSTM."""
PUBLISHED: dict[str, dict[str, Any]] = {
    "small": {
        **TEXTBOOK, "words.embedding_size": 200, "encoder.hidden_size": 200, "encoder.layers": 2,
        "streams.input_dropout": 0.2, "streams.dropout": 0.2, "streams.output_dropout": 0.2,
        "streams.dropout_kind": "plain", "streams.jitter": False, "streams.embedding_dropout": 0.0,
        "streams.weight_drop": 0.0, "streams.activation_penalty": 0.0, "streams.temporal_penalty": 0.0,
        "training.weight_decay": 0.0,
    },
    "medium": {
        **TEXTBOOK, **MERITY, "words.embedding_size": 650, "encoder.hidden_size": 650, "encoder.layers": 2,
        "streams.input_dropout": 0.5, "streams.dropout": 0.5, "streams.output_dropout": 0.5,
    },
    "awd": {
        **MERITY, "words.embedding_size": 400, "encoder.hidden_size": 1150, "encoder.layers": 3,
        "encoder.output_size": 400, "head.tied": True, "streams.batch_size": 80, "streams.bptt": 70,
        "streams.input_dropout": 0.65, "streams.dropout": 0.2, "streams.output_dropout": 0.4,
        "training.optimizer": "asgd", "training.learning_rate": 30.0, "training.epochs": 750,
        "training.patience_average": 5, "training.warmup": 0.0,
    },
}  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_the_published_settings(preset: str) -> None:
    found = resolve(make_config(None, preset, {}), 2_000_000, 33_278).to_dict()
    different = {
        name: found[table][key]
        for name, value in PUBLISHED[preset].items()
        for table, key in [name.split(".")]
        if found[table][key] != value
    }
    assert different == {}
    assert set(PUBLISHED) == set(PRESETS)


def test_awd_keeps_its_rate() -> None:
    """NT-ASGD averages where others lower the rate: a plateau in the dev loss must not do both."""
    schedule = make_schedule(resolve(make_config(None, "awd", {}), 2_000_000, 33_278).training)
    for _ in range(5):
        schedule.epoch_done(False)
    assert schedule.factor(0.9) == 1.0


def test_small_lowers_its_rate_to_a_quarter_at_once() -> None:
    schedule = make_schedule(resolve(make_config(None, "small", {}), 2_000_000, 33_278).training)
    found = []
    for improved in (True, False, False, True):
        schedule.epoch_done(improved)
        found.append(schedule.factor(0.5))
    assert found == [1.0, 0.25, 0.0625, 0.0625]


def test_the_optimisers_of_presets() -> None:
    module = torch.nn.Linear(2, 2)
    for preset in PRESETS:
        config = make_config(None, preset, {}).training
        optimizer = make_optimizer(module, config)
        assert isinstance(optimizer, torch.optim.SGD)
        assert optimizer.param_groups[0]["weight_decay"] == PUBLISHED[preset]["training.weight_decay"]
        assert isinstance(make_average(module, config), TriggeredAverage) == (preset == "awd")
    assert isinstance(make_optimizer(module, resolve(LanguageConfig(), 1_000, 9).training), torch.optim.AdamW)


def test_a_file_goes_before_a_preset_and_settings_before_both(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[encoder]\nlayers = 2\nhidden_size = 77\n[streams]\njitter = true\n[training]\nwarmup = 0.1\n")
    config = make_config(path, "awd", {"encoder.hidden_size": 88})
    assert config.encoder.hidden_size == 88
    assert config.streams.bptt == 70
    assert make_config(path, "awd", {}).encoder.hidden_size == 77
    assert config.encoder.layers == 2, "what the file says counts, be it the default of all others"
    assert config.training.warmup == 0.1


def test_an_unknown_preset_names_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^no preset 'huge'; there are: small, medium, awd$"):
        train_lm("nowhere", preset="huge")


@pytest.mark.parametrize(("unit", "tokens"), [("word", 1_000), ("word", 10_000_000), ("char", 50), ("bpe", 300_000)])
def test_defaults_decide_everything(unit: str, tokens: int) -> None:
    config = resolve(LanguageConfig().with_settings({"head.unit": unit}), tokens, 500)
    undecided = [
        f"{table}.{key}"
        for table, values in config.to_dict().items()
        for key, value in values.items()
        if value is None and f"{table}.{key}" not in ("words.vectors", "training.max_minutes", "training.max_memory")
    ]
    assert undecided == []
    assert LanguageConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("unit", "preset", "units", "asked", "expected"),
    [
        ("word", None, 7_999, {}, "full"),
        ("word", None, 8_000, {}, "adaptive"),
        ("word", None, 8_000, {"head.softmax": "full"}, "full"),
        ("word", None, 100, {"head.softmax": "adaptive"}, "adaptive"),
        ("bpe", None, 8_000, {}, "full"),
        ("word", "small", 33_278, {}, "full"),
        ("word", "awd", 33_278, {}, "full"),
    ],
)
def test_many_words_are_scored_in_clusters(
    unit: str, preset: str | None, units: int, asked: dict[str, Any], expected: str
) -> None:
    config = resolve(make_config(None, preset, {"head.unit": unit, **asked}), 500_000, units)
    assert config.head.softmax == expected
    assert config.head.cutoffs == (units // 10, units * 4 // 10)


def test_more_is_dropped_of_a_small_text_that_is_read_often() -> None:
    def dropped(tokens: int, **asked: Any) -> tuple[float | None, ...]:
        settings = {name.replace("__", "."): value for name, value in asked.items()}
        streams = resolve(LanguageConfig().with_settings(settings), tokens, 100).streams
        return streams.output_dropout, streams.weight_drop, streams.embedding_dropout

    assert dropped(500_000) == dropped(500_000, training__epochs=12) == (0.4, 0.2, 0.1)
    assert dropped(500_000, training__epochs=11) == (0.3, 0.1, 0.05)
    assert dropped(3_000_000) == dropped(3_000_000, training__epochs=40) == (0.2, 0.0, 0.05)
    assert dropped(500_000, streams__weight_drop=0.3) == (0.4, 0.3, 0.1)


def test_what_the_user_decided_stays() -> None:
    config = resolve(LanguageConfig().with_settings(SMALL), 1000, 500)
    for name, value in SMALL.items():
        table, key = name.split(".")
        assert getattr(getattr(config, table), key) == value


def test_clusters_lie_where_they_were_put(texts: dict[str, str]) -> None:
    head = train(texts, **VARIANTS["adaptive"]).saved.model.lm_heads["forward_rnn"]
    assert isinstance(head, AdaptiveSoftmax)
    assert head.bounds[:2] == [5, 12]
    assert [len(rare) for rare in head.rare] == [7, head.num_predicted - 12]


def test_tokenised_text_keeps_rare_words_unless_told_otherwise(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "rare.txt").write_text(lines(60, 1) + "the zebra sees\n")
    rare = {**texts, "train": str(tmp_path / "rare.txt")}
    assert "zebra" in train(rare).subwords.vocabulary.ids
    assert "zebra" not in train(rare, head__min_count=2).subwords.vocabulary.ids
    config = LanguageConfig().with_settings({**SMALL, "head.min_count": 2})
    model = train_lm(**rare, tokenised=True, config=config, threads=1)  # type: ignore[arg-type]
    assert "zebra" not in model.subwords.vocabulary.ids, "a configuration tells it as settings do"


def test_writing_and_scoring_work_on_what_was_trained(texts: dict[str, str]) -> None:
    model = train(texts)
    one, two = (model.generate("the", max_tokens=12, seed=1, samples=n)[0] for n in (1, 3))
    assert one.text == two.text
    assert one.tokens == two.tokens
    scored = model.score(["the", "dog", "sees"])
    assert len(scored) == 1
    assert model.engine.size == model.subwords.size
