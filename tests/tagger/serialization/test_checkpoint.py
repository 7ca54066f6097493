"""Saving and loading: the same tagger comes back, or one line says why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tagger import ModelError, OutputError, Tagger, train_pos
from tagger.serialization import manifest
from tagger.serialization.atomic_folder import writing
from tagger.serialization.checkpoint import AFFIX_HASHES, LEXICON, load_model, save_model, stored
from tests.tiny import SETTINGS, sentences

TOKENS = [words for words, _ in sentences(20, 9)] + [["unheard", "words", "can", "follow"], ["Ünïcödé", "한국어"]]
VECTORS = "the 0.1 0.2 0.3\ndog 0.4 0.5 0.6\nunheard 0.7 0.8 0.9\n"


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def reseal(folder: Path, **changes: Any) -> None:
    """Change the configuration, and the checksums with it, as another program might."""
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    listed = {name: manifest.describe_file(folder / name) for name in values["files"]}
    manifest.write_json(folder / "config.json", manifest.with_checksum({**values, "files": listed, **changes}))


def assert_same(first: Tagger, second: Tagger) -> None:
    ours, theirs = first.saved.model.state_dict(), second.saved.model.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert first.saved.features == second.saved.features
    assert first.saved.config == second.saved.config
    assert (first.labels, first.column) == (second.labels, second.column)
    assert first.saved.lexicon is not None
    assert second.saved.lexicon is not None
    assert dict(first.saved.lexicon) == dict(second.saved.lexicon)
    assert first.tokenizer.rules() == second.tokenizer.rules()
    for one, two in zip(*(list(t.tag_sentences(TOKENS, scores=True)) for t in (first, second)), strict=True):
        assert (one.tokens, one.tags, one.scores) == (two.tokens, two.tags, two.scores)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"words.characters": "lstm", "encoder.cell": "gru", "encoder.layers": 2},
        {"words.characters": "affix+cnn", "encoder.cell": "rnn", "words.jamo": 3},
        {"words.characters": "none", "training.auxiliary": ["xpos", "feats"]},
        {"words.vectors": "VECTORS", "words.min_count": 3},
    ],
    ids=["affixes", "characters", "both", "words alone", "vectors"],
)
@pytest.mark.usefixtures("no_curves")
def test_what_was_trained_comes_back(tiny_corpus: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    (tmp_path / "vectors.txt").write_text(VECTORS)
    if "words.vectors" in settings:
        settings = {**settings, "words.vectors": str(tmp_path / "vectors.txt")}
    settings = {**SETTINGS, "training.epochs": 2, **settings}
    trained = train_pos(str(tiny_corpus), out=tmp_path / "m", settings=settings, threads=1)
    (tmp_path / "vectors.txt").unlink()
    assert_same(trained, Tagger.load(tmp_path / "m", threads=1))


def test_a_loaded_tagger_may_be_saved_again(tiny_model: Path, tmp_path: Path) -> None:
    first = load_model(tiny_model)
    save_model(tmp_path, first)
    assert_same(Tagger(first, threads=1), Tagger.load(tmp_path, threads=1))
    for name in (manifest.WEIGHTS, manifest.TOKENIZER, manifest.CONFIG):
        assert (tmp_path / name).read_bytes() == (tiny_model / name).read_bytes(), name


@pytest.mark.parametrize("full_at", ["weights", "words", "card"])
def test_a_full_disk(tiny_model: Path, tmp_path: Path, full_at: str) -> None:
    resource = pytest.importorskip("resource")
    weights = (tiny_model / manifest.WEIGHTS).stat().st_size
    room = {"words": 100, "weights": weights - 1, "card": 15_000}[full_at]  # bytes that a file may have
    saved = load_model(tiny_model)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def save() -> None:
        with writing(tmp_path / "m", overwrite=False) as partial:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
            save_model(partial, saved)
            (partial / "README.md").write_text("x" * 20_000)

    try:
        with pytest.raises(OutputError, match="cannot write the model folder: File too large"):
            save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "m").exists()


def test_numbers_are_stored_in_half_precision(tiny_model: Path) -> None:
    from safetensors.torch import load_file

    tensors = load_file(tiny_model / manifest.WEIGHTS)
    kinds = {name: tensor.dtype for name, tensor in tensors.items()}
    assert kinds.pop(LEXICON) == torch.uint8
    assert kinds.pop(AFFIX_HASHES) == torch.int64
    assert set(kinds.values()) == {torch.float16}
    for name, tensor in load_model(tiny_model).model.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(stored(tensor), tensors[name])


def test_using_bfloat16_leaves_the_weights_alone(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.runtime.device.has_fast_bfloat16", lambda: True)
    saved = load_model(tiny_model)
    before = {name: tensor.clone() for name, tensor in saved.model.state_dict().items()}
    tagger = Tagger(saved, threads=1, precision="bfloat16")
    assert tagger.precision == "bfloat16"
    tagger.tag(["They", "can"])
    assert all(torch.equal(before[name], tensor) for name, tensor in saved.model.state_dict().items())
    recurrent = before["encoder.forward_rnn.layers.0.weight_hh_l0"]
    assert not torch.equal(recurrent, recurrent.bfloat16().float()), "training rounded them"


def test_the_lexicon_knows_the_tags_of_training(tiny_model: Path) -> None:
    expected: dict[str, set[str]] = {}
    for words, tags in sentences(60, 1):
        for word, tag in zip(words, tags, strict=True):
            expected.setdefault(word, set()).add(tag)
    lexicon = load_model(tiny_model).lexicon
    assert lexicon is not None
    assert {word: set(tags) for word, tags in lexicon.items()} == expected
    assert len(lexicon) == len(expected)
    assert "unheard" not in lexicon
    assert lexicon["can"] == {"AUX", "NOUN"}
    for stranger in ("unheard", "<unk>"):
        with pytest.raises(KeyError):
            lexicon[stranger]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("fault", ["missing", "empty", "cut", "flipped"])
def test_damaged_files(model: Path, name: str, fault: str) -> None:
    data = (model / name).read_bytes()
    middle = len(data) // 2
    damaged = {
        "empty": b"",
        "cut": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 0x04]) + data[middle + 1 :],
    }
    (model / name).unlink()
    if fault != "missing":
        (model / name).write_bytes(damaged[fault])
    with pytest.raises(ModelError, match=name.replace(".", r"\.")) as caught:
        Tagger.load(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"{}", b'{"version": "1.0"}'])
def test_files_of_another_kind(model: Path, name: str, content: bytes) -> None:
    (model / name).write_bytes(content)
    reseal(model)
    with pytest.raises(ModelError, match=r"damaged") as caught:
        Tagger.load(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "parse"}, r"holds a model for 'parse', which this version does not know$"),
        ({"heads": ["language"]}, r"no head that tags; its heads: language; .*--init-from"),
        ({"format_version": 99}, "format version 99 is newer than"),
        ({"config": {"encoder": {"cells": 2}}}, r"unknown setting 'encoder\.cells'; did you mean 'encoder\.cell'"),
        ({"config": {}}, "not resolved"),
        ({"config": None}, "damaged or not a model"),
        ({"labels": ["A", "B"]}, r"'heads\.tag\.weight' has the shape \(7, 24\), the configuration asks for \(2, "),
        ({"labels": None}, "damaged or not a model"),
        ({"vocabulary": {"trained": 3}}, "damaged or not a model"),
        ({"characters": {"alphabet": "abc", "no": 1}}, "damaged or not a model"),
        ({"sentence_rules": None}, "damaged or not a model"),
    ],
)
def test_configurations_of_another_kind(model: Path, changes: dict[str, Any], message: str) -> None:
    reseal(model, **changes)
    with pytest.raises(ModelError, match=message) as caught:
        Tagger.load(model)
    assert "\n" not in str(caught.value)


def test_what_is_not_needed_may_be_missing(model: Path) -> None:
    for path in model.iterdir():
        if path.name not in ("config.json", "model.safetensors", "tokenizer.json"):
            path.unlink()
    assert Tagger.load(model, threads=1).tag(["they"]).tags == ["PRON"]


def test_the_weights_are_finite(tiny_model: Path) -> None:
    assert all(np.isfinite(tensor.numpy()).all() for tensor in load_model(tiny_model).model.state_dict().values())
