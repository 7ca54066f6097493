"""Folders of models of numbers by someone who mends the checksums: refused in one line, or fit for use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.series.token_values import read_token_values
from tagger.errors import ModelError, TaggerError
from tagger.forecasting.forecaster import Forecaster
from tagger.forecasting.train import train_series
from tagger.serialization.manifest import CONFIG, TOKENIZER, WEIGHTS, describe_file, with_checksum, write_json
from tagger.token_regression.regressor import TokenRegressor
from tagger.token_regression.train import train_token_regressor
from tagger.training.task import RunOptions
from tests.model_mutations import ACCIDENTS, ATTACKS, mutant
from tests.tagger.forecasting.synthetic_series import QUICK, write_wave
from tests.tagger.token_regression.synthetic_values import QUICK as QUICK_WORDS
from tests.tagger.token_regression.synthetic_values import sentences, write_conllu

pytestmark = pytest.mark.slow

VALUES = ("configurations", "sizes", "tokenizers", "paths", "deep")
"""Attacks on what is read besides the weights."""
ROUNDS = 20
TERABYTE = 1 << 40
HUGE = 1e308


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table and a corpus, and a model of each: ``time`` and ``words``."""
    made = tmp_path_factory.mktemp("hostile")
    write_wave(made / "wave.csv", groups=("a", "b"))
    settings = {**QUICK, "data.horizon": 2, "data.group": "site"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "matplotlib.figure", None)
        train_series(
            str(made / "wave.csv"), targets=["load"], features=["wind"], out=made / "time", settings=settings, threads=1
        )
    corpus = read_token_values(str(write_conllu(made / "c.conllu", sentences())), ["rt"])
    train_token_regressor(
        corpus, TokenRegressorConfig().with_settings(QUICK_WORDS), RunOptions(out=made / "words", threads=1)
    )
    return made


def forecast(table: Path, place: Path) -> None:
    """All that may be done with a model over time."""
    model = Forecaster.load(place)
    model.forecast(str(table), steps=20)
    model.forecast(None, steps=3)


def tag(_: Path, place: Path) -> None:
    """All that may be done with a model over words."""
    tagger = TokenRegressor.load(place, threads=1)
    assert len(str(tagger.tag("The dog sees a river. It washes!")).split()) > 4
    assert [len(one) for one in tagger.tag_sentences([["the"], [], ["dog", "\0"]])] == [1, 0, 2]


USES: dict[str, Callable[[Path, Path], None]] = {"time": forecast, "words": tag}
LOADS: dict[str, Callable[[Path], object]] = {"time": Forecaster.load, "words": partial(TokenRegressor.load, threads=1)}


@pytest.mark.parametrize("kind", USES)
def test_what_loads_can_be_used(kind: str, folder: Path, tmp_path: Path) -> None:
    use = partial(USES[kind], folder / "wave.csv")
    use(folder / kind)
    used = refused = 0
    attacks = [place for place, attack in enumerate(ACCIDENTS + ATTACKS) if attack.__name__ in VALUES]
    assert len(attacks) == len(VALUES)
    for number in (place + len(ACCIDENTS + ATTACKS) * one for one in range(ROUNDS) for place in attacks):
        mutant(folder / kind, tmp_path / "m", number)
        refusal = refused_because(use, tmp_path / "m")
        used += refusal is None
        refused += refusal is not None
        assert refusal is None or ("\n" not in refusal and len(refusal) < 1000), number
    assert min(used, refused) > 5


def refused_because(use: Callable[[Path], None], place: Path) -> str | None:
    """Why a folder cannot be used; None if it can."""
    try:
        use(place)
    except TaggerError as error:
        return str(error)
    return None


def changed(model: Path, place: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of a folder with another configuration, sealed as if it were sound."""
    place.mkdir()
    for name in (CONFIG, TOKENIZER, WEIGHTS):
        shutil.copyfile(model / name, place / name)
    values = json.loads((place / CONFIG).read_text(encoding="utf-8"))
    change(values)
    write_json(
        place / CONFIG, with_checksum({**values, "files": {n: describe_file(place / n) for n in (TOKENIZER, WEIGHTS)}})
    )
    return place


def put(path: str, value: Any) -> Callable[[dict[str, Any]], object]:
    """Sets a value of a nested table."""

    def change(values: dict[str, Any]) -> None:
        *tables, last = path.split("/")
        target: Any = values
        for key in tables:
            target = target[int(key) if isinstance(target, list) else key]
        target[int(last) if isinstance(target, list) else last] = value

    return change


@pytest.mark.parametrize(
    ("kind", "path", "value", "message"),
    [
        ("time", "config/encoder/hidden_size", 99_999, r"has the shape .*, the configuration asks for \(399,996"),
        ("time", "config/encoder/layers", 99_999, "the configuration asks for 99,999 layers"),
        ("time", "config/head/embedding_size", 99_999, "the configuration asks for"),
        ("time", "config/data/horizon", 90_000, r"asks for \(90,000"),
        ("time", "config/data/horizon", TERABYTE, "expected more than 0 and at most 100,000"),
        ("time", "config/data/window", TERABYTE, "expected more than 0 and at most 100,000"),
        ("time", "config/encoder/output_size", TERABYTE, "expected at least 0 and at most 100,000"),
        ("time", "config/data/targets", ["load", "wind"], "column 'wind' is named twice"),
        ("time", "config/data/targets", [], "the scaling does not fit together"),
        ("time", "config/data/features", [f"x{n}" for n in range(5000)], "the scaling does not fit together"),
        ("time", "scaling/mean", [[0.0]] * 3, "the scaling does not fit together"),
        ("time", "scaling/mean/0/0", float("nan"), "the scaling does not fit together"),
        ("time", "scaling/spread/0/0", 0, "the scaling does not fit together"),
        ("time", "scaling/spread/0/0", HUGE, "the scaling does not fit together"),
        ("time", "scaling/groups", [], "the scaling does not fit together"),
        ("time", "intervals/widths", [], "the intervals do not fit together"),
        ("time", "intervals/widths/0/0", [1.0, 1.0], "damaged or not a model"),
        ("time", "intervals/widths/0/0/0", HUGE, "the intervals do not fit together"),
        ("time", "intervals/levels/0", 2.0, "the intervals do not fit together"),
        ("time", "step", -1, "rows are -1.0 apart; expected more than 0"),
        ("time", "step", 0, "rows are 0.0 apart"),
        ("time", "step", "1e999", "rows are inf apart"),
        ("time", "kind", "eternity", "times are 'eternity'; expected one of date, moment, number"),
        ("time", "kind", ["date"], "times are"),
        ("time", "kind", "number", "the configuration asks for"),
        ("time", "about", [], "'about' is no table"),
        ("time", "about/corpus", "x", "'about.corpus' is no table"),
        ("time", "about/corpus/source", ["/etc/passwd"], "'about.corpus.source' is no text"),
        ("time", "over", "space", "another kind; this version does not know what its steps are"),
        ("time", "over", {}, "another kind; this version does not know"),
        ("time", "over", "words", "another kind; it predicts a number for every word"),
        ("words", "config/encoder/hidden_size", 99_999, "the configuration asks for"),
        ("words", "config/encoder/layers", 99_999, "the configuration asks for 99,999 layers"),
        ("words", "config/targets", ["a", "b"], "the scaling does not fit together"),
        ("words", "config/targets", [], "the scaling does not fit together"),
        ("words", "vocabulary/embedded", TERABYTE, "the sizes of the vocabulary do not fit together"),
        ("words", "vocabulary/trained", TERABYTE, "the sizes of the vocabulary do not fit together"),
        ("words", "vocabulary/embedded", 0, "the sizes of the vocabulary do not fit together"),
        ("words", "vocabulary/embedded", 2, "the configuration asks for"),
        ("words", "scaling/mean", [1.0, 2.0], "the scaling does not fit together"),
        ("words", "scaling/spread/0", -1.0, "the scaling does not fit together"),
        ("words", "scaling/spread/0", None, "the scaling does not fit together"),
        ("words", "over", "time", "another kind; it forecasts time series"),
        ("words", "task", "chess", "holds a model for 'chess', which this version does not know"),
        ("words", "heads", ["chess"], "no head that predicts numbers; its heads: chess"),
    ],
)
def test_values_that_do_not_fit(kind: str, path: str, value: Any, message: str, folder: Path, tmp_path: Path) -> None:
    place = changed(folder / kind, tmp_path / "m", put(path, value))
    with pytest.raises(ModelError, match=message) as refusal:
        LOADS[kind](place)
    assert "\n" not in str(refusal.value)
    assert str(tmp_path / "m") in str(refusal.value)


def test_a_tokenizer_without_rules(folder: Path, tmp_path: Path) -> None:
    place = changed(folder / "words", tmp_path / "m", lambda values: None)
    tokenizer = json.loads((place / TOKENIZER).read_text(encoding="utf-8"))
    write_json(place / TOKENIZER, {**tokenizer, "pre_tokenizer": None})
    again = changed(place, tmp_path / "n", lambda values: None)
    with pytest.raises(ModelError, match=r"tokenizer\.json: damaged: it has no rules for raw text"):
        TokenRegressor.load(again)


@pytest.mark.parametrize("kind", USES)
@pytest.mark.parametrize("shape", [[TERABYTE], [TERABYTE, TERABYTE, TERABYTE], [0], [-1]])
def test_a_header_that_claims_a_terabyte(kind: str, shape: list[int], folder: Path, tmp_path: Path) -> None:
    place = changed(folder / kind, tmp_path / "m", lambda values: None)
    data = (place / WEIGHTS).read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    name = next(name for name in header if name != "__metadata__")
    header[name]["shape"] = shape
    text = json.dumps(header).encode()
    (place / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + data[end:])
    again = changed(place, tmp_path / "n", lambda values: None)
    with pytest.raises(ModelError, match=r"model\.safetensors: damaged: "):
        USES[kind](folder / "wave.csv", again)
