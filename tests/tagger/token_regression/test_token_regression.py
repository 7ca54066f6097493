"""Numbers beside words: read from every format, learnt with the loss of a loop, given back beside the words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.series.token_values import TokenValueCorpus, read_token_values
from tagger.errors import CorpusError, ModelError
from tagger.forecasting.forecaster import Forecaster
from tagger.token_regression.regressor import TokenRegressor
from tagger.token_regression.train import train_token_regressor
from tagger.training.task import RunOptions
from tests.tagger.token_regression.synthetic_values import QUICK, WORDS, sentences, write_conllu


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers")
    corpus = read_token_values(str(write_conllu(folder / "c.conllu", sentences())), ["rt"])
    train_token_regressor(
        corpus, TokenRegressorConfig().with_settings(QUICK), RunOptions(out=folder / "model", threads=1)
    )
    return folder / "model"


def whole(corpus: TokenValueCorpus) -> list[tuple[tuple[str, ...], list[float]]]:
    pairs = [
        (tuple(tokens), values[:, 0].tolist())
        for split in corpus.splits.values()
        for tokens, values in zip(split.tokens, split.values, strict=True)
    ]
    return sorted(pairs)


def test_all_formats_hold_the_same_numbers(tmp_path: Path) -> None:
    made = sentences(10)
    expected = sorted((tuple(words), times) for words, times in made)
    records = [{"words": words, "rt": times} for words, times in made]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "c.parquet")
    rows = [
        "word,rt,sentence",
        *(f"{w},{t},{n}" for n, (ws, ts) in enumerate(made) for w, t in zip(ws, ts, strict=True)),
    ]
    (tmp_path / "c.csv").write_text("\n".join(rows) + "\n")
    write_conllu(tmp_path / "c.conllu", made)
    for name in ("c.jsonl", "c.parquet", "c.csv", "c.conllu"):
        assert whole(read_token_values(str(tmp_path / name), ["rt"])) == expected, name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"words": ["a", "b"], "rt": [1, "slow"]}', r"c.jsonl:2: column 'rt': 'slow' is not a number"),
        ('{"words": ["a", "b"], "rt": [1]}', r"c.jsonl:2: 1 'rt' for 2 words"),
        ('{"words": ["a", "b"]}', r"c.jsonl:2: no list of labels among the keys words"),
        ('{"rt": [1]}', r"c.jsonl:2: no list of words"),
        ('{"words": ["a"], "rt": [Infinity]}', r"c.jsonl:2: column 'rt': 'inf' is infinite"),
        ("{", r"c.jsonl:2: not JSON"),
    ],
)
def test_bad_lines_are_told(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "c.jsonl"
    good = '{"words": ["a", "b"], "rt": [1, 2.5]}'
    path.write_text("\n".join([good, line, good, good]) + "\n")
    with pytest.raises(CorpusError, match=message):
        read_token_values(str(path), ["rt"])
    corpus = read_token_values(str(path), ["rt"], ReadOptions(skip_invalid=True))
    assert sum(len(split.tokens) for split in corpus.splits.values()) == 3
    assert any("1 unreadable sentence was left out" in note for note in corpus.notes)


def test_words_without_a_number_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"words": ["a", "b"], "rt": [1, null]}\n' * 5)
    corpus = read_token_values(str(path), ["rt"])
    assert np.isnan(corpus.splits["train"].values[0][:, 0]).tolist() == [False, True]
    assert "5 words without a number, not learnt from" in corpus.notes


def test_nothing_to_learn(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"words": ["a", "b"], "rt": [3, 3]}\n' * 5)
    with pytest.raises(CorpusError, match="column 'rt' is always 3 in train"):
        train_token_regressor(read_token_values(str(path), ["rt"]), TokenRegressorConfig().with_settings(QUICK))


def test_a_model_learns_what_it_must_remember(trained: Path) -> None:
    """The number depends on the word before: a network without a state could not be right."""
    tagger = TokenRegressor.load(trained, threads=1)
    made = sentences(140)[90:]
    found = np.concatenate(tagger.predict([words for words, _ in made]))[:, 0]
    wanted = np.concatenate([times for _, times in made])
    by_word = {
        word: np.mean([t for ws, ts in made for w, t in zip(ws, ts, strict=True) if w == word]) for word in WORDS
    }
    plain = np.array([by_word[word] for words, _ in made for word in words])
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.5 * np.sqrt(np.mean((plain - wanted) ** 2))


def test_numbers_do_not_depend_on_company(trained: Path) -> None:
    tagger = TokenRegressor.load(trained, threads=1)
    made = [words[: 1 + n % 5] for n, (words, _) in enumerate(sentences(20))]
    together = tagger.predict(made)
    for words, values in zip(made, together, strict=True):
        np.testing.assert_allclose(tagger.predict([words])[0], values, atol=1e-3)
    assert [len(one) for one in tagger.tag_sentences([["the"], [], ["dog", "a"]])] == [1, 0, 2]


def test_the_number_stands_beside_the_word(trained: Path) -> None:
    tagger = TokenRegressor.load(trained, threads=1)
    (tagged,) = tagger.tag("the extraordinary dog")
    first = float(tagger.predict([["the", "extraordinary", "dog"]])[0][0, 0])
    assert str(tagged).split()[0] == f"the/{first:.4g}"
    assert (tagger.column, torch.is_grad_enabled()) == ("rt", True)


def test_it_does_not_forecast(trained: Path) -> None:
    with pytest.raises(
        ModelError, match=r"another kind; it predicts a number for every word: use `tagger tag --model`"
    ):
        Forecaster.load(trained)
