"""Features over decomposed Hangul: from the settings through transfer into a saved model and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tagger import Tagger, train_pos
from tagger.config.tagger import WordsConfig
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.subwords.base import VocabularyOptions, build_vocabulary
from tagger.corpora.subwords.word import WordLevelTokenizer
from tagger.language_modelling.preparation import token_features
from tagger.sequence_labelling.transfer import merged_features
from tagger.serialization import manifest
from tagger.serialization.checkpoint import load_model
from tests.tiny import SETTINGS, conllu

WORDS = ["나는", "학교에", "갔다", "너는", "집에", "온다", "간다", "먹는다"]
TAGS = ["PRON", "ADV", "VERB", "PRON", "ADV", "VERB", "VERB", "VERB"]
SENTENCES = [
    ([WORDS[i], WORDS[j], WORDS[k]], [TAGS[i], TAGS[j], TAGS[k]]) for i in (0, 3) for j in (1, 4) for k in (2, 5, 6, 7)
]


def train(folder: Path, **settings: Any) -> Tagger:
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conllu").write_text(conllu(SENTENCES), encoding="utf-8")
    chosen = {**SETTINGS, "training.epochs": 2, **{f"words.{name}": value for name, value in settings.items()}}
    return train_pos(str(folder), out=folder / "model", settings=chosen, threads=1)


@pytest.mark.usefixtures("no_curves")
def test_a_saved_model_keeps_its_prefixes_and_suffixes_over_jamo(tmp_path: Path) -> None:
    trained = train(tmp_path, jamo=3, jamo_prefixes=2, prefixes=1, suffixes=1)
    affixes = trained.saved.features.affixes
    assert affixes is not None
    assert (affixes.jamo, affixes.jamo_prefixes, affixes.size) == (3, 2, 1 + 1 + 3 + 2 + 2)
    loaded = Tagger.load(tmp_path / "model", threads=1)
    assert loaded.saved.features == trained.saved.features
    assert loaded.saved.config == trained.saved.config
    words = ["나도", "학교는", "먹었다", "x"]
    assert torch.equal(
        torch.from_numpy(loaded.saved.features.encode(words).affix_ids),
        torch.from_numpy(trained.saved.features.encode(words).affix_ids),
    )
    assert loaded.tag(words) == trained.tag(words)


@pytest.mark.usefixtures("no_curves")
def test_a_folder_from_before_there_were_prefixes_over_jamo(tmp_path: Path) -> None:
    trained = train(tmp_path, jamo=2)
    path = tmp_path / "model" / manifest.CONFIG
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["config"]["words"].pop("jamo_prefixes") == 0
    manifest.write_json(path, manifest.with_checksum(values))
    loaded = load_model(tmp_path / "model")
    assert loaded.features == trained.saved.features
    assert loaded.config == trained.saved.config


def test_a_language_model_hands_its_prefixes_over_jamo_on() -> None:
    vocabulary = build_vocabulary(dict.fromkeys(WORDS, 2), 1, VocabularyOptions())
    start = token_features(
        WordLevelTokenizer(vocabulary),
        WordsConfig(characters="affix", jamo=2, jamo_prefixes=3),
        np.arange(len(vocabulary)),
    )
    assert start.affixes is not None
    assert (start.affixes.jamo, start.affixes.jamo_prefixes) == (2, 3)
    counts = {"새는": 2, "샌다": 2}  # they begin alike in jamo alone
    merged = merged_features(start, counts, WordsConfig(min_count=1)).affixes
    assert merged is not None
    assert merged.size == start.affixes.size
    assert merged.hashes[: len(start.affixes.hashes)] == start.affixes.hashes
    alone = AffixFeatures.fit(counts, jamo=2, jamo_prefixes=3)
    assert set(merged.hashes) == set(start.affixes.hashes) | set(alone.hashes)
    place = merged.size - 2 - 3 + 1  # the prefix of two jamo
    first, second = merged.encode(list(counts))[:, place]
    assert first == second >= merged.size
