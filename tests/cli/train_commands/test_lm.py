"""``tagger train lm``, ``tagger evaluate`` on language models, ``tagger models``: what they take, print and refuse."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tagger import LanguageModel
from tests.tiny import run, sentences
from tests.tiny_language import OPTIONS

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tokenised files of the tiny language."""
    folder = tmp_path_factory.mktemp("texts")
    for name, number, seed in (("train", 80, 1), ("dev", 20, 2), ("test", 20, 3)):
        lines = [" ".join(words) for words, _ in sentences(number, seed)]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "lm"
    assert run("train", "lm", *files(texts), "--out", out, *OPTIONS, "--quiet").code == 0
    return out


def files(texts: Path) -> list[str]:
    return [*(f"--{name}={texts / name}.txt" for name in ("train", "dev", "test")), "--tokenised"]


def test_a_whole_run_in_a_process_of_its_own(texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "lm"
    command = [sys.executable, "-m", "tagger.cli.main", "train", "lm", *files(texts), "--out", str(out), *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    word = (texts / "train.txt").read_text().split()[0]
    assert done.stdout.splitlines()[-1] == f"next: tagger generate --model {out} {word}"
    assert "perplexity per word" in done.stdout
    assert "dev perplexity" in done.stderr
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["unit"] == "word"
    assert f"{metrics['valid']['perplexity']:.2f}" in done.stdout


def test_the_metrics_are_those_of_the_saved_model(model: Path, texts: Path) -> None:
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    loaded = LanguageModel.load(model, threads=1)
    for name, split in (("valid", "dev"), ("test", "test")):
        scores = loaded.evaluate(str(texts / f"{split}.txt"), tokenised=True)
        assert scores.perplexity == pytest.approx(metrics[name]["perplexity"], rel=1e-6)
        assert metrics[name]["units"] == len((texts / f"{split}.txt").read_text().split()) + 20
    assert math.isclose(
        metrics["test"]["perplexity"], math.exp(metrics["test"]["nats"] / metrics["test"]["units"]), rel_tol=1e-9
    )


def test_evaluate_tells_the_same(model: Path, texts: Path, tmp_path: Path) -> None:
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    done = run("evaluate", model, texts / "test.txt", "--tokenised", "--json", tmp_path / "e.json", "--threads", 1)
    assert done.code == 0
    assert f"{metrics['test']['perplexity']:.2f}" in done.out
    told = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert told["test"]["perplexity"] == pytest.approx(metrics["test"]["perplexity"], rel=1e-6)


def test_a_cache_is_told_beside_the_plain_figure(model: Path, texts: Path) -> None:
    options = ("--tokenised", "--cache-dev", texts / "dev.txt", "--json", "-", "--threads", 1)
    told = json.loads(run("evaluate", model, texts / "test.txt", *options).out)["test"]
    plain = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert told["perplexity"] == pytest.approx(plain["perplexity"], rel=1e-6)
    assert told["cache"]["perplexity"] != pytest.approx(told["perplexity"])
    assert {"window", "theta", "weight"} <= set(told["cache"])


@pytest.mark.parametrize(
    "options",
    [
        ["--unit", "char", "--characters", "none"],
        ["--unit", "bpe", "--vocabulary-size", "300"],
        ["--cell", "gru", "--untied"],
        ["--cell", "rnn", "--bidirectional", "--optimizer", "sgd", "--learning-rate", "1"],
        ["--optimizer", "asgd", "--learning-rate", "1", "--weight-drop", "0.3"],
        ["--characters", "affix", "--lowercase", "--digits"],
    ],
    ids=["char", "bpe", "gru", "rnn both ways", "asgd", "affixes"],
)
def test_every_kind_trains_scores_and_writes(texts: Path, tmp_path: Path, options: list[str]) -> None:
    out = tmp_path / "lm"
    assert run("train", "lm", *files(texts), "--out", out, *OPTIONS, *options).code == 0
    written = run("generate", "--model", out, "the dog", "--max-tokens", 8, "--seed", 1, "--threads", 1)
    assert written.code == 0
    assert written.out.startswith("the dog")
    scored = run("score", "--model", out, "--text", "The dog sees it.", "--threads", 1)
    assert scored.code == 0
    assert [line.split("\t")[2] for line in scored.out.splitlines()[1:]][-1] in (".", "it.")


def test_the_words_of_a_treebank_are_text_too(tiny_corpus: Path, tmp_path: Path) -> None:
    done = run("train", "lm", tiny_corpus, "--out", tmp_path / "lm", *OPTIONS)
    assert done.code == 0
    assert "60 sentences" in done.err


def test_plain_text_without_a_line_end(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_text("The dog sees the cat. " * 60 + "It ends here", encoding="utf-8")
    done = run("train", "lm", tmp_path / "novel.txt", "--out", tmp_path / "lm", *OPTIONS)
    assert done.code == 0
    assert "note: " in done.err


def test_no_corpus_means_the_bundled_text(tmp_path: Path) -> None:
    done = run("train", "lm", "--out", tmp_path / "lm", *OPTIONS[2:], "--epochs", 1)
    assert done.code == 0
    assert "bundled-en" in done.err


def test_presets_are_published_settings(texts: Path, tmp_path: Path) -> None:
    options = ("--preset", "small", "--epochs", 1, "--hidden-size", 12, "--embedding-size", 12, "--threads", 1)
    assert run("train", "lm", *files(texts), "--out", tmp_path / "lm", *options, "--quiet").code == 0
    config = json.loads((tmp_path / "lm" / "config.json").read_text(encoding="utf-8"))["config"]
    training, streams = config["training"], config["streams"]
    assert (training["optimizer"], training["learning_rate"], training["clip"]) == ("sgd", 20.0, 0.25)
    assert (streams["bptt"], streams["batch_size"], streams["dropout"], streams["jitter"]) == (35, 20, 0.2, False)
    assert config["encoder"]["hidden_size"] == 12


def test_a_time_budget(texts: Path, tmp_path: Path) -> None:
    options = [*OPTIONS, "--epochs", "100000", "--max-minutes", "0.02"]
    done = run("train", "lm", *files(texts), "--out", tmp_path / "lm", *options)
    assert done.code == 0
    assert "the time of 0.02 minutes is up" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "huge"], "no preset 'huge'; there are: small, medium, awd"),
        (["--weight-drop", "1"], "'streams.weight_drop' is 1.0; expected at least 0 and less than 1"),
        (["--layers", "0"], "'encoder.layers' is 0; expected more than 0"),
        (["--min-count", "1000"], "min"),
        (
            ["--unit", "char", "--characters", "affix"],
            "'words.characters' is 'affix', but the unit is 'char'; use none",
        ),
        (["--vocabulary-size", "3"], "a vocabulary of 3, expected at least 4"),
    ],
)
def test_what_is_refused(texts: Path, tmp_path: Path, options: list[str], message: str) -> None:
    done = run("train", "lm", *files(texts), "--out", tmp_path / "lm", *OPTIONS, *options, "--quiet")
    assert done.code == 1
    assert message in done.message
    assert not (tmp_path / "lm").exists()


@pytest.mark.parametrize("text", ["", "\n \n", "word"])
def test_too_little_text_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.txt").write_text(text, encoding="utf-8")
    done = run("train", "lm", tmp_path / "t.txt", "--out", tmp_path / "lm", *OPTIONS, "--quiet")
    assert done.code == 1
    assert "t.txt" in done.message


def test_heads_that_are_not_there_are_named(model: Path, tiny_model: Path) -> None:
    done = run("generate", "--model", tiny_model, "the")
    assert (done.code, "its heads: tag" in done.message) == (1, True)
    done = run("tag", "--model", model, "--text", "the dog")
    assert (done.code, "its heads: language" in done.message) == (1, True)


def test_both_heads_in_one_folder(model: Path, tiny_corpus: Path, texts: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    lm = tmp_path / "lm"
    assert run("train", "lm", *files(texts), "--out", lm, *OPTIONS, "--bidirectional", "--quiet").code == 0
    options = ["--epochs", "3", "--batch-tokens", "60", "--learning-rate", "0.02", "--threads", "1", "--quiet"]
    start = ("--init-from", lm, "--lm-weight", 0.5, "--text", texts / "train.txt", "--text-tokenised")
    assert run("train", "pos", tiny_corpus, "--out", both, *options, *start).code == 0
    assert run("tag", "--model", both, "--text", "They can fish.", "--threads", 1).out.startswith("They/")
    assert run("generate", "the", "--model", both, "--seed", 1, "--threads", 1).out.startswith("the")
    assert run("score", "--text", "the dog", "--model", both, "--threads", 1).code == 0
    assert "accuracy" in run("evaluate", both, tiny_corpus, "--threads", 1).out
    assert "perplexity" in run("evaluate", both, tiny_corpus, "--head", "language", "--threads", 1).out
    metrics = json.loads((both / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["language"]["test"]["perplexity"] > 1
    assert run("train", "pos", tiny_corpus, "--out", tmp_path / "x", "--text", texts / "train.txt").code == 2


def test_models_are_listed_shown_and_verified(model: Path) -> None:
    assert "en" in run("models").out
    assert run("models", model).out == (model / "README.md").read_text(encoding="utf-8")
    told = run("models", "show", model, "--verify")
    assert (told.code, "heads language" in told.out) == (0, True)
    assert json.loads(run("models", "show", model, "--json").out)["task"] == "lm"


def test_a_damaged_model_is_not_verified(model: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(bytes(data))
    assert "missing or not what was saved: 'model.safetensors'; copy" in run("models", "show", copy, "--verify").message
    (copy / "tokenizer.json").unlink()
    message = run("models", "show", copy, "--verify").message
    assert "not what was saved: 'model.safetensors', 'tokenizer.json'; copy the folder again" in message
