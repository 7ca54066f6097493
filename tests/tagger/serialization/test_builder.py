"""Configuration into modules: every setting arrives where it belongs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest
import torch
from torch import nn

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import Config
from tagger.corpora.encoding.affixes import AffixFeatures
from tagger.corpora.encoding.characters import Characters
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.models.layers.character_encoders import CharacterCNN, CharacterLSTM
from tagger.models.layers.dropout import Dropout
from tagger.serialization.builder import build_tagger
from tagger.training.objective import word_tensors
from tests.tiny import SETTINGS, sentences

COUNTS = Counter(chain.from_iterable(words for words, _ in sentences(40, 1)))


def config(**settings: object) -> Config:
    chosen = {name.replace("__", "."): value for name, value in settings.items()}
    return resolve(Config().with_settings({**SETTINGS, **chosen}), Facts(200, 0.0, {}))


def features(characters: str = "affix", has_vectors: bool = False) -> WordFeatures:
    return WordFeatures(
        Vocabulary.from_counts(COUNTS, min_count=3),
        AffixFeatures.fit(COUNTS) if "affix" in characters else None,
        Characters.fit(COUNTS) if characters not in ("affix", "none") else None,
        has_vectors=has_vectors,
    )


@pytest.mark.parametrize(("cell", "kind"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)])
@pytest.mark.parametrize("layers", [1, 3])
def test_cells_layers_and_sizes(cell: str, kind: type[nn.Module], layers: int) -> None:
    model = build_tagger(config(encoder__cell=cell, encoder__layers=layers), features(), {"tag": 5})
    for stack in (model.encoder.forward_rnn, model.encoder.backward_rnn):
        assert stack is not None
        assert [type(layer) for layer in stack.layers] == [kind] * layers
        assert [layer.hidden_size for layer in stack.layers] == [12] * layers
    assert model.encoder.output_size == 24
    assert model.heads["tag"].get_parameter("weight").shape == (5, 24)


@pytest.mark.parametrize(
    ("characters", "kind"),
    [
        ("affix", type(None)),
        ("lstm", CharacterLSTM),
        ("cnn", CharacterCNN),
        ("affix+lstm", CharacterLSTM),
        ("affix+cnn", CharacterCNN),
        ("none", type(None)),
    ],
)
def test_sub_word_models(characters: str, kind: type) -> None:
    known = features(characters)
    words = build_tagger(config(words__characters=characters), known, {"tag": 5}).words
    assert isinstance(words.characters, kind)
    assert (words.affixes is not None) == ("affix" in characters)
    assert words.embedding.weight.shape == (known.vocabulary.embedded, 12)
    found = words(*word_tensors(known.encode(["the", "dogs", "zzz"]), torch.device("cpu")))
    assert found.shape == (3, 16)
    assert found.isfinite().all()


def test_vectors_stand_beside_the_embedding() -> None:
    vectors = torch.randn(len(COUNTS) + 1, 6)
    plain = build_tagger(config(), features(), {"tag": 5}).words.get_submodule("projection")
    model = build_tagger(config(), features(has_vectors=True), {"tag": 5}, vectors)
    assert model.words.get_parameter("projection.weight").shape[1] == plain.get_parameter("weight").shape[1] + 6
    assert model.words.get_buffer("vectors") is vectors


@pytest.mark.parametrize("kind", ["locked", "plain"])
def test_dropout(kind: str) -> None:
    model = build_tagger(config(training__dropout=0.3, training__dropout_kind=kind), features(), {"tag": 5})
    assert model.encoder.backward_rnn is not None
    found = [model.before, model.after, model.encoder.forward_rnn.dropout, model.encoder.backward_rnn.dropout]
    assert all(isinstance(dropout, Dropout) for dropout in found)
    assert [(dropout.p, dropout.locked) for dropout in found] == [(0.3, kind == "locked")] * 4


def test_heads_keep_their_order() -> None:
    assert list(build_tagger(config(), features(), {"tag": 5, "xpos": 7, "feats": 2}).heads) == ["tag", "xpos", "feats"]


def test_the_seed_decides_the_weights() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(torch.cat([p.flatten() for p in build_tagger(config(), features(), {"tag": 5}).parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_an_unresolved_configuration_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match=r"not resolved; call tagger\.config\.defaults\.resolve first"):
        build_tagger(replace(config(), encoder=Config().encoder), features(), {"tag": 5})
