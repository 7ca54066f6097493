"""Damaged and hostile model folders: refused in one line, or the same model."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch

from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.series.token_values import read_token_values
from tagger.errors import ModelError
from tagger.forecasting.checkpoint import load_any
from tagger.forecasting.train import train_series
from tagger.serialization.checkpoint import load_model
from tagger.serialization.manifest import CONFIG, TOKENIZER, describe_file, with_checksum, write_json
from tagger.token_regression.train import train_token_regressor
from tagger.training.task import RunOptions
from tests.model_mutations import ACCIDENTS, ATTACKS, mutant
from tests.tagger.forecasting.synthetic_series import QUICK, write_wave
from tests.tagger.token_regression.synthetic_values import QUICK as QUICK_WORDS
from tests.tagger.token_regression.synthetic_values import sentences, write_conllu

pytestmark = pytest.mark.slow

MUTANTS = 8 * len(ACCIDENTS + ATTACKS)
MAY_LOAD = {"configurations", "tokenizers", "sizes"}
"""What can be changed with mended checksums so that another valid model of the same weights is left."""


Weights = dict[str, torch.Tensor]
KINDS = ("tags", "numbers over time", "numbers over words")


def load(folder: Path) -> Weights:
    """The weights of a model of any kind."""
    return load_any(folder)[1].state_dict()


@pytest.fixture(scope="module")
def models(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound model of each kind."""
    folder = tmp_path_factory.mktemp("numbers")
    table = write_wave(folder / "wave.csv")
    train_series(str(table), targets=["load"], out=folder / "time", settings=QUICK, threads=1)
    corpus = read_token_values(str(write_conllu(folder / "c.conllu", sentences())), ["rt"])
    train_token_regressor(
        corpus, TokenRegressorConfig().with_settings(QUICK_WORDS), RunOptions(out=folder / "words", threads=1)
    )
    return {"tags": tiny_model, "numbers over time": folder / "time", "numbers over words": folder / "words"}


def weights_or_refusal(folder: Path) -> Weights | str:
    """What a folder holds, or why it is refused."""
    try:
        return load(folder)
    except ModelError as error:
        return str(error)


@pytest.mark.parametrize("what", KINDS)
def test_damaged_folders(what: str, models: dict[str, Path], tmp_path: Path) -> None:
    sound = load(models[what])
    loaded: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for number in range(MUTANTS):
        kind = mutant(models[what], tmp_path / "m", number)
        kinds[kind] += 1
        found = weights_or_refusal(tmp_path / "m")
        if isinstance(found, str):
            assert "\n" not in found, (number, kind)
            assert len(found) < 1000, (number, kind)
            continue
        loaded[kind] += 1
        assert list(found) == list(sound), (number, kind)
        assert all(torch.equal(found[name], sound[name]) for name in sound), (number, kind)
    assert len(kinds) == len(ACCIDENTS + ATTACKS)
    unread = {"deep"} if what == "numbers over time" else set()  # which has no use for its tokenizer
    assert set(loaded) <= MAY_LOAD | unread | {"blank", "flip_bits"}  # which may hit white space of the configuration
    assert sum(loaded.values()) < MUTANTS / 4


@pytest.mark.parametrize("seed", range(3))
def test_a_terabyte_is_never_asked_for(tiny_model: Path, tmp_path: Path, seed: int) -> None:
    """The network of such a configuration would not fit: it is never built."""
    number = next(
        n for n in range(seed * 100, 10_000) if mutant(tiny_model, tmp_path / "m", n) == "sizes"
        and "99999" in (tmp_path / "m" / "config.json").read_text(encoding="utf-8")
    )  # fmt: skip
    mutant(tiny_model, tmp_path / "m", number)
    with pytest.raises(ModelError, match=r"the configuration asks for|is 99999|expected|sizes of the vocabulary"):
        load_model(tmp_path / "m")


def test_the_heads_of_a_model_of_any_kind(models: dict[str, Path], tmp_path: Path) -> None:
    assert {what: load_any(folder)[0] for what, folder in models.items()} == {
        "tags": ("tag",), "numbers over time": ("number",), "numbers over words": ("number",),
    }  # fmt: skip
    with pytest.raises(ModelError, match="no such model folder"):
        load_any(tmp_path / "none")


def test_a_tokenizer_without_rules_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """Checksums fit, and the weights too; raw text could not be split."""
    folder = Path(shutil.copytree(tiny_model, tmp_path / "m"))
    tokenizer = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
    (folder / TOKENIZER).write_text(json.dumps({**tokenizer, "pre_tokenizer": None}), encoding="utf-8")
    values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    listed = {**values["files"], TOKENIZER: describe_file(folder / TOKENIZER)}
    write_json(folder / CONFIG, with_checksum({**values, "files": listed}))
    with pytest.raises(ModelError, match="no rules for raw text"):
        load_model(folder)
