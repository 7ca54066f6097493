"""``tagger train pos``: what it takes, prints and refuses."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tagger import Tagger
from tagger.runtime.device import available_cores
from tests.tiny import TOML, conllu, run, sentences

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """Settings that train within a moment."""
    (tmp_path / "quick.toml").write_text(TOML.replace("epochs = 10", "epochs = 2"))
    return tmp_path / "quick.toml"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "model"


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def config_of(model: Path) -> dict[str, dict[str, object]]:
    config: dict[str, dict[str, object]] = json.loads((model / "config.json").read_text(encoding="utf-8"))["config"]
    return config


def test_a_whole_run_in_a_process_of_its_own(tiny_corpus: Path, quick: Path, out: Path) -> None:
    command = [sys.executable, "-m", "tagger.cli.main", "train", "pos", str(tiny_corpus), "--out", str(out)]
    command += ["--config", str(quick), "--threads", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"model saved in {out}" in done.stdout
    first = (tiny_corpus / "xx_tiny-ud-train.conllu").read_text().split("\n")[0].removeprefix("# text = ")
    assert done.stdout.splitlines()[-1] == f"next: tagger tag --model {out} --text {shlex.quote(first)}"
    assert "60 sentences" in done.stderr
    assert Tagger.load(out, threads=1).tag(["they"]).tags
    metrics = json.loads((out / "metrics.json").read_text())
    assert f"{100 * metrics['test']['accuracy']:.2f}" in done.stdout


def test_results_go_to_stdout_and_progress_to_stderr(tiny_corpus: Path, quick: Path, out: Path) -> None:
    done = run("train", "pos", tiny_corpus, "--out", out, "--config", quick, "--threads", 1)
    assert done.code == 0
    assert "sentences" in done.err
    assert "first  " in done.err
    assert "sentences" not in done.out.splitlines()[-2]
    assert "\x1b" not in done.out + done.err, "no colours where nobody looks"
    assert "model saved in" in done.out


def test_quiet_prints_nothing(tiny_corpus: Path, quick: Path, out: Path) -> None:
    done = run("train", "pos", tiny_corpus, "--out", out, "--config", quick, "--threads", 1, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (out / "config.json").is_file()


def test_quiet_still_tells_errors(tmp_path: Path) -> None:
    done = run("train", "pos", tmp_path / "none.conllu", "--quiet", "--out", tmp_path / "m")
    assert done.code == 1
    assert "none.conllu" in done.message


def test_options_become_settings_and_win_over_the_file(tiny_corpus: Path, quick: Path, out: Path) -> None:
    options = (
        "--cell gru --layers 2 --hidden-size 7 --characters cnn --epochs 1 --batch-tokens 50 --learning-rate 0.003"
    )
    options += " --jamo 3 --jamo-prefixes 2"
    options += " --schedule linear --dropout 0.2 --dropout-kind plain --word-dropout 0.3 --label-smoothing 0.05"
    options += " --auxiliary xpos,feats --patience 3 --seed 9 --max-minutes 5 --column upos --threads 1 --quiet"
    assert run("train", "pos", tiny_corpus, "--out", out, "--config", quick, *options.split()).code == 0
    config = config_of(out)
    assert config["encoder"] == {"cell": "gru", "layers": 2, "hidden_size": 7, "output_size": 0}
    assert config["words"]["characters"] == "cnn"
    assert (config["words"]["jamo"], config["words"]["jamo_prefixes"]) == (3, 2)
    assert config["words"]["embedding_size"] == 12, "from the file"
    expected = {
        "epochs": 1, "batch_tokens": 50, "learning_rate": 0.003, "schedule": "linear", "dropout": 0.2,
        "dropout_kind": "plain", "word_dropout": 0.3, "label_smoothing": 0.05, "auxiliary": ["xpos", "feats"],
        "patience": 3, "seed": 9, "max_minutes": 5.0,
    }  # fmt: skip
    assert {name: config["training"][name] for name in expected} == expected


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_cells(tiny_corpus: Path, quick: Path, out: Path, cell: str) -> None:
    done = run("train", "pos", tiny_corpus, "--out", out, "--config", quick, "--cell", cell, "--threads", 1, "--quiet")
    assert done.code == 0
    assert type(Tagger.load(out, threads=1).saved.model.encoder.forward_rnn.layers[0]).__name__.lower() == cell


@pytest.mark.parametrize("characters", ["affix", "lstm", "cnn", "affix+lstm", "affix+cnn", "none"])
def test_sub_word_models(tiny_corpus: Path, quick: Path, out: Path, characters: str) -> None:
    options: list[Any] = ["--config", quick, "--characters", characters, "--threads", 1, "--quiet", "--out", out]
    assert run("train", "pos", tiny_corpus, *options).code == 0
    features = Tagger.load(out, threads=1).saved.features
    assert (features.affixes is not None) == ("affix" in characters)
    assert (features.characters is not None) == ("lstm" in characters or "cnn" in characters)


VECTORS = "they 0.1 0.2\nthe 0.3 0.4\nunheard 0.5 0.6\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glove.txt", VECTORS),
        ("word2vec.txt", f"3 2\n{VECTORS}"),
        ("fasttext.vec", "3 2\n" + VECTORS.replace("\n", " \n")),
    ],
)
def test_vectors(tiny_corpus: Path, quick: Path, out: Path, tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content)
    options: list[Any] = ["--config", quick, "--vectors", path, "--threads", 1, "--quiet", "--out", out]
    assert run("train", "pos", tiny_corpus, *options).code == 0
    features = Tagger.load(out, threads=1).saved.features
    assert features.has_vectors
    assert features.vocabulary.words[features.vocabulary.trained :] == ("unheard",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"they 0.1 0.2\nthe 0.3\n", "vectors.txt:2: expected a word and 2 finite numbers, found '0.3' (1 numbers)"),
        (b"", "vectors.txt: holds no word vectors"),
        (b"\xff\xff 1 2\n", "vectors.txt:1: not UTF-8 text"),
        (None, "vectors.txt: no such file"),
    ],
)
def test_vectors_that_are_none(
    tiny_corpus: Path, quick: Path, out: Path, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "vectors.txt"
    if content is not None:
        write(path, content)
    done = run(
        "train", "pos", tiny_corpus, "--config", quick, "--vectors", path, "--out", out, "--quiet", "--threads", 1
    )
    assert done.code == 1
    assert message in done.message
    assert not out.exists()


def test_several_seeds_are_summed_up(tiny_corpus: Path, quick: Path, out: Path) -> None:
    done = run("train", "pos", tiny_corpus, "--config", quick, "--out", out, "--seeds", 2, "--seed", 7, "--threads", 1)
    assert done.code == 0
    assert "mean" in done.out
    assert list(json.loads((out / "metrics.json").read_text())["seeds"]) == ["7", "8"]


def test_a_time_budget_is_kept_and_said(tiny_corpus: Path, quick: Path, out: Path) -> None:
    options: list[Any] = ["--epochs", 1_000_000, "--patience", 0, "--max-minutes", "0.01", "--threads", 1]
    done = run("train", "pos", tiny_corpus, "--config", quick, "--out", out, *options)
    assert done.code == 0
    assert "0.01 minutes" in done.err
    assert (out / "model.safetensors").is_file()


def test_labels_that_training_never_had(tiny_corpus: Path, quick: Path, out: Path, tmp_path: Path) -> None:
    strange = [(words, ["NEW" if tag == "DET" else tag for tag in tags]) for words, tags in sentences(20, 5)]
    path = write(tmp_path / "strange.conllu", conllu(strange))
    train = next(tiny_corpus.glob("*train*"))
    options: list[Any] = [
        "--train",
        train,
        "--dev",
        path,
        "--test",
        path,
        "--config",
        quick,
        "--out",
        out,
        "--threads",
        1,
    ]
    done = run("train", "pos", *options)
    assert done.code == 0
    scores = json.loads((out / "metrics.json").read_text())["test"]
    number = sum(tags.count("NEW") for _, tags in strange)
    assert scores["unseen_labels"] == {"NEW": number}
    assert scores["correct"] <= scores["tokens"] - number
    assert "NEW" in done.out


def test_a_place_that_is_taken(tiny_corpus: Path, quick: Path, out: Path) -> None:
    options: list[Any] = ["--config", quick, "--out", out, "--threads", 1, "--quiet"]
    assert run("train", "pos", tiny_corpus, *options).code == 0
    before = (out / "config.json").read_bytes()
    refused = run("train", "pos", tiny_corpus, *options)
    assert refused.code == 1
    assert refused.message == (
        f"tagger: error: {out}: already holds a model; choose another --out, or --overwrite replaces it"
    )
    assert (out / "config.json").read_bytes() == before
    assert run("train", "pos", tiny_corpus, *options, "--overwrite", "--seed", 3).code == 0
    assert (out / "config.json").read_bytes() != before


def test_a_place_that_is_something_else(tiny_corpus: Path, tmp_path: Path) -> None:
    write(tmp_path / "letter.txt", "dear")
    for place, message in ((tmp_path / "letter.txt", "a file is in the way"), (tmp_path, "holds files but no model")):
        done = run("train", "pos", tiny_corpus, "--out", place, "--overwrite")
        assert done.code == 1
        assert message in done.message
    assert (tmp_path / "letter.txt").read_text() == "dear"


ROW = "1\tthey\tthey\tPRON\tpron\t_\t0\tdep\t_\t_\n"
BAD_CORPORA = {
    "empty file": (b"", "bad.conllu"),
    "too few columns": (f"{ROW}2\tcan\tcan\n\n".encode(), "bad.conllu:2:"),
    "not UTF-8": (ROW.replace("they", "th\xe9y").encode("latin-1") + b"\n", "bad.conllu:1:"),
    "one label only": (
        (ROW + "\n").encode() * 20,
        "bad.conllu: every word of the training data has the same label 'PRON'",
    ),
    "no labels": (ROW.replace("PRON", "_").encode() + b"\n", "bad.conllu"),
}


@pytest.mark.parametrize("name", BAD_CORPORA)
def test_corpora_that_cannot_be_learnt_from(tmp_path: Path, out: Path, name: str) -> None:
    content, message = BAD_CORPORA[name]
    path = write(tmp_path / "bad.conllu", content)
    done = run("train", "pos", "--train", path, "--dev", path, "--out", out, "--quiet", "--threads", 1)
    assert done.code == 1
    assert done.message.startswith("tagger: error: ")
    assert message in done.message
    assert not out.exists()


def test_corpora_that_are_not_there(tmp_path: Path, out: Path) -> None:
    (tmp_path / "nothing").mkdir()
    for source in (tmp_path / "none.conllu", tmp_path / "nothing"):
        done = run("train", "pos", source, "--out", out, "--quiet", "--offline")
        assert done.code == 1
        assert source.name in done.message


def test_a_column_that_is_not_there(tiny_corpus: Path, out: Path) -> None:
    done = run("train", "pos", tiny_corpus, "--column", "nonesuch", "--out", out, "--quiet")
    assert done.code == 1
    assert "nonesuch" in done.message
    assert "upos" in done.message, "what there is instead"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threads", "9999"], f"threads is 9999; expected 1 to {available_cores()}, the cores this process may use"),
        (["--threads", "0"], "threads is 0; expected 1 to"),
        (["--layers", "0"], "'encoder.layers' is 0; expected more than 0"),
        (["--dropout", "1.5"], "'training.dropout' is 1.5; expected at least 0 and less than 1"),
        (["--learning-rate", "nan"], "'training.learning_rate' is nan; expected more than 0"),
        (["--epochs", "-3"], "'training.epochs' is -3; expected more than 0"),
        (["--max-minutes", "0"], "'training.max_minutes' is 0.0; expected more than 0"),
        (["--seed", "-1"], "'training.seed' is -1; expected at least 0"),
        (
            ["--seed", "99999999999999999999"],
            "'training.seed' is 99999999999999999999; expected at least 0 and less than",
        ),
        (["--seeds", "0"], "seeds is 0; expected at least 1"),
        (["--auxiliary", "xpos,nonesuch"], "auxiliary column 'nonesuch' is not in the training data; it has: "),
        (["--config", "none.toml"], "none.toml: no such configuration file"),
    ],
)
def test_settings_that_cannot_be(tiny_corpus: Path, out: Path, options: list[str], message: str) -> None:
    done = run("train", "pos", tiny_corpus, "--out", out, "--quiet", *options)
    assert done.code == 1
    assert message in done.message
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[encoder]\nhiden_size = 3\n",
            "run.toml: unknown setting 'encoder.hiden_size'; did you mean 'encoder.hidden_size'?",
        ),
        ("[encoder]\nlayers = 'two'\n", "run.toml: 'encoder.layers' is 'two'; expected a whole number"),
        ("[encoder\n", "run.toml: not a readable TOML file: "),
    ],
)
def test_files_of_settings_that_cannot_be(tiny_corpus: Path, tmp_path: Path, content: str, message: str) -> None:
    path = write(tmp_path / "run.toml", content)
    done = run("train", "pos", tiny_corpus, "--out", tmp_path / "m", "--config", path, "--quiet")
    assert done.code == 1
    assert message in done.message


def test_training_without_a_dev_split_says_so(quick: Path, out: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "all.conllu", conllu(sentences(60, 1)))
    done = run("train", "pos", path, "--config", quick, "--out", out, "--threads", 1)
    assert done.code == 0
    assert "dev" in done.err
    assert "test" in done.err
    assert "random" in done.err
    assert {"dev", "test"} <= set(json.loads((out / "metrics.json").read_text()))


@pytest.mark.parametrize(("column", "said"), [("lemma", True), ("upos", False)])
def test_a_closed_list_of_labels_is_named(tiny_corpus: Path, quick: Path, out: Path, column: str, said: bool) -> None:
    done = run("train", "pos", tiny_corpus, "--out", out, "--config", quick, "--threads", 1, "--column", column)
    assert done.code == 0
    assert ("column lemma: the model learns a closed list of 33 labels" in done.err) == said


def test_words_without_a_label_are_shown_as_such(quick: Path, out: Path, tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.tsv", "they\tPRON\nfish\t-100\n.\tPUNCT\n\n" * 5)
    done = run(
        "train", "pos", "--train", corpus, "--column", "tag", "--config", quick, "--epochs", "1", "--threads", "1",
        "--out", out,
    )  # fmt: skip
    assert done.code == 0
    assert "they/PRON fish/_ ./PUNCT" in done.err + done.out
    assert "5 words without tag (_)" in done.err + done.out


def test_counts_of_one_have_the_noun_of_one() -> None:
    from tagger.cli.train_commands.pos import describe
    from tagger.corpora.read_corpus import read_corpus

    lines = describe(read_corpus([(["it", "rains"], ["PRON", "VERB"])])).splitlines()
    assert lines[1].split() == ["train", "1", "sentence", "2", "words", "2", "types"]
    several = describe(read_corpus()).splitlines()[1]
    assert several == "  train     1,192 sentences      15,964 words     2,740 types"
