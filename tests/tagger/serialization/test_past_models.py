"""A model folder of every format there was, in tests/data: it loads for ever and gives what it gave."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tagger import LanguageModel, Tagger
from tagger.serialization.manifest import FORMAT_VERSION, read_verified_manifest, verify
from tagger.serialization.weights import read_tensors

DATA = Path(__file__).parents[2] / "data"
FOLDERS = sorted(DATA.glob("model-*"))


def test_every_format_is_there() -> None:
    assert {read_verified_manifest(folder)["format_version"] for folder in FOLDERS} == set(range(1, FORMAT_VERSION + 1))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_it_gives_what_it_gave(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    if folder.name.endswith("pos"):
        tagger = Tagger.load(folder, threads=1, precision="float32")
        for one in expected:
            assert tagger.tag(one["tokens"]).tags == one["tags"]
        return
    model = LanguageModel.load(folder, threads=1)
    units = torch.tensor(expected["units"]).unsqueeze(1)
    with torch.inference_mode():
        found, _ = model.engine.read(units[:-1], model.engine.start(1))
    given = [float(found[step, 0, unit]) for step, unit in enumerate(expected["units"][1:])]
    assert given == pytest.approx(expected["log_probabilities"], abs=0.03)  # in bfloat16, too


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_its_files_are_whole(folder: Path) -> None:
    found = verify(folder)
    assert [(file.name, file.problem) for file in found] == [("model.safetensors", None), ("tokenizer.json", None)]
    contents = [(folder / file.name).read_bytes() for file in found]
    assert [file.size for file in found] == [len(content) for content in contents]
    assert [file.sha256 for file in found] == [hashlib.sha256(content).hexdigest() for content in contents]


def test_former_names_of_weights_are_read_in_former_formats_alone(tmp_path: Path) -> None:
    save_file({"encoder.ahead.layers.0": torch.zeros(2), "words.words.weight": torch.ones(1)}, tmp_path / "weights")
    assert set(read_tensors(tmp_path / "weights", 2)) == {"encoder.forward_rnn.layers.0", "words.embedding.weight"}
    assert set(read_tensors(tmp_path / "weights", 3)) == {"encoder.ahead.layers.0", "words.words.weight"}
