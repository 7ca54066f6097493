"""The model that ships: small, whole, with both heads; and how names become folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger import LanguageModel, Tagger, read_corpus
from tagger.serialization.manifest import bundled_folder, bundled_names, find_model

LARGEST = 20_000_000


def test_it_ships_small_and_with_its_card() -> None:
    assert bundled_names() == ["en"]
    folder = bundled_folder() / "en"
    assert sum(path.stat().st_size for path in folder.iterdir()) < LARGEST
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "CC BY-SA" in card
    assert "benchmarks.bundled.build_english" in card


def test_it_tags_what_it_never_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", _no_network)
    test = read_corpus("bundled").test
    assert test is not None
    tagger = Tagger.load("en", threads=1)
    assert tagger.evaluate(test).accuracy > 0.94
    assert str(tagger.tag("They can fish.")) == "They/PRON can/AUX fish/VERB ./PUNCT"


def test_it_scores_and_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", _no_network)
    model = LanguageModel.load("en", threads=1)
    likely, unlikely = (model.score(text)[0].bits for text in ("He went to the door.", "Door the to went he."))
    assert likely + 10 < unlikely
    written = model.generate("The river", max_tokens=20, seed=1)[0]
    assert written.text.startswith("The river ")
    assert len(written.tokens) == 20
    told = json.loads((bundled_folder() / "en" / "metrics.json").read_text(encoding="utf-8"))
    assert told["language"]["test"]["perplexity"] < 200


def test_a_folder_that_holds_a_model_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_model("en") == bundled_folder() / "en"
    (tmp_path / "en").mkdir()
    assert find_model("en") == bundled_folder() / "en"
    (tmp_path / "en" / "config.json").write_text("{}", encoding="utf-8")
    assert find_model("en") == Path("en")
    assert find_model("other") == Path("other")


def _no_network(*_: object) -> None:
    raise AssertionError("a connection was tried")
