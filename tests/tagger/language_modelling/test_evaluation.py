"""Perplexities against a loop over units, a neural cache against its equation, scores by hand."""

from __future__ import annotations

import json
import math
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from tagger.config.language_model import LanguageConfig, resolve
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.subwords.base import TokenStream
from tagger.evaluation.perplexity import CacheScore, LanguageScores
from tagger.generation.decoder import LanguageEngine
from tagger.language_modelling import evaluation as evaluation
from tagger.language_modelling.evaluation import CacheSettings, choose_cache, evaluate
from tagger.serialization.builder import build_language_model
from tests import reference

V, END = 9, 1
SETTINGS: dict[str, Any] = {
    "head.softmax": "full",
    "words.min_count": 1,
    "words.affix_size": 8,
    "words.character_size": 4,
    "words.jamo": 0,
    "words.characters": "none",
    "words.embedding_size": 5,
    "words.output_size": 0,
    "encoder.hidden_size": 7,
    "encoder.layers": 2,
}


def engine(**changes: Any) -> LanguageEngine:
    words = ("<unk>", "<eos>", *(f"w{n}" for n in range(2, V)))
    features = WordFeatures(Vocabulary(words, V, V))
    chosen = {name.replace("__", "."): value for name, value in changes.items()}
    config = resolve(LanguageConfig().with_settings({**SETTINGS, **chosen}), 1_000, V)
    torch.manual_seed(5)
    network = build_language_model(config, features, V).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    network.requires_grad_(False)
    return LanguageEngine(network, features, V, device=torch.device("cpu"), dtype=torch.float64)


def stream(size: int = 60, seed: int = 1) -> TokenStream:
    ids = np.random.default_rng(seed).integers(0, V, size).astype(np.int32)
    words = int((ids != END).sum())
    return TokenStream(ids, words, 5 * words, int((ids == 0).sum()), int((ids == END).sum()))


def states_by_loop(model: LanguageEngine, text: TokenStream) -> list[np.ndarray]:
    """The state before each unit; the first one has read an end of sentence."""
    weights = reference.stack_weights(
        {f"forward_rnn.{n}": p for n, p in model.stack.named_parameters()}, "forward_rnn", 2
    )
    read = [END, *text.ids.tolist()[:-1]]
    states = reference.run_stack("lstm", list(model.table[read]), weights, backwards=False)
    return [state.detach().numpy() for state in states]


def nats_by_loop(model: LanguageEngine, text: TokenStream) -> list[float]:
    projection, bias = model.predict.projection, model.predict.bias
    assert projection is not None
    found = []
    for state, unit in zip(states_by_loop(model, text), text.ids.tolist(), strict=True):
        scores = model.table @ (projection @ torch.from_numpy(state)) + bias
        found.append(reference.step_loss(scores.tolist(), unit))
    return found


def cached_by_loop(model: LanguageEngine, text: TokenStream, cache: CacheSettings) -> list[float]:
    """Grave et al. 2017, equations 2 and 3, unit by unit.

    p(w) = (1 - lambda) p_model(w) + lambda p_cache(w), where p_cache(w) is proportional to the sum of exp(theta h_t .
    h_i) over the remembered i whose next unit was w.
    """
    states, nats, units = states_by_loop(model, text), nats_by_loop(model, text), text.ids.tolist()
    found = []
    for t, unit in enumerate(units):
        remembered = range(max(0, t - cache.window), t)
        mixed = math.exp(-nats[t])
        if remembered:
            weights = {i: math.exp(cache.theta * float(states[t] @ states[i])) for i in remembered}
            cached = sum(weight for i, weight in weights.items() if units[i] == unit) / sum(weights.values())
            mixed = (1 - cache.weight) * mixed + cache.weight * cached
        found.append(-math.log(mixed))
    return found


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_perplexity_is_that_of_a_loop_over_units(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream from the first unit to the last, whatever is computed at a time."""
    monkeypatch.setattr(evaluation, "LONGEST_BLOCK", block)
    model, text = engine(), stream()
    nats = nats_by_loop(model, text)
    scores = evaluate(model, text, "word", END)
    assert scores.units == len(text) == 60
    assert scores.nats == pytest.approx(sum(nats), rel=1e-12)
    assert scores.perplexity == pytest.approx(math.exp(sum(nats) / 60), rel=1e-12)
    assert scores.unknown == int((text.ids == 0).sum()) > 0
    unknown = [n for n, unit in zip(nats, text.ids.tolist(), strict=True) if unit == 0]
    assert scores.unknown_nats == pytest.approx(sum(unknown), rel=1e-12)
    known = (sum(nats) - sum(unknown)) / (60 - len(unknown))
    assert scores.perplexity_without_unknown == pytest.approx(math.exp(known), rel=1e-12)
    assert scores.bits_per_character == pytest.approx(sum(nats) / math.log(2) / text.characters, rel=1e-12)
    assert (scores.words, scores.characters, scores.cache) == (text.words, text.characters, None)
    assert scores.perplexity_per_word == pytest.approx(scores.perplexity, rel=1e-12), "ends are predicted, too"


def test_few_log_probabilities_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "BLOCK_SCORES", 4 * V)
    model = engine()
    sizes: list[int] = []
    whole = model.log_probabilities

    def noting(states: torch.Tensor) -> torch.Tensor:
        sizes.append(len(states))
        return whole(states)

    monkeypatch.setattr(model, "log_probabilities", noting)
    evaluate(model, stream(10), "word", END)
    assert sizes == [4, 4, 2]


@pytest.mark.parametrize("changes", [{"head__softmax": "adaptive", "head__cutoffs": [3, 6]}, {"head__tied": False}])
@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_all_heads_and_cells_read_as_their_engine(cell: str, changes: dict[str, Any]) -> None:
    """Unit by unit through ``next``, the state handed on."""
    model, text = engine(encoder__cell=cell, **changes), stream()
    state, before, total = model.start(1), END, 0.0
    for unit in text.ids.tolist():
        log_probs, state = model.next(torch.tensor([[before]]), state)
        assert float(log_probs.exp().sum()) == pytest.approx(1.0, abs=1e-12)
        total -= float(log_probs[0, unit])
        before = unit
    assert evaluate(model, text, "word", END).nats == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("block", [1, 7, 1024])
@pytest.mark.parametrize("window", [1, 10, 500])
@pytest.mark.parametrize(("theta", "weight"), [(0.3, 0.1), (2.0, 0.5), (0.0, 0.9)])
def test_the_cache_is_its_equation(
    theta: float, weight: float, window: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "LONGEST_BLOCK", block)
    model, text = engine(), stream()
    cache = CacheSettings(window, theta, weight)
    expected = math.exp(sum(cached_by_loop(model, text, cache)) / len(text))
    plain, scores = evaluate(model, text, "word", END), evaluate(model, text, "word", END, cache)
    assert scores.cache is not None
    assert scores.cache.perplexity == pytest.approx(expected, rel=1e-5)
    assert (scores.cache.window, scores.cache.theta, scores.cache.weight) == (window, theta, weight)
    assert scores.perplexity == plain.perplexity, "the plain figure stays as it is"
    assert scores.cache.perplexity != pytest.approx(plain.perplexity, rel=1e-4)


def test_the_cache_that_is_chosen_is_the_best_of_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LONGEST_BLOCK", 16)
    for name, values in (("WINDOWS", (3, 20)), ("THETAS", (0.0, 0.5, 2.0)), ("WEIGHTS", (0.1, 0.4))):
        monkeypatch.setattr(evaluation, name, values)
    model = engine()
    for seed in (1, 2):
        text = stream(seed=seed)
        text.ids[30:] = text.ids[:30]  # something to be remembered
        grid = {
            settings: sum(cached_by_loop(model, text, CacheSettings(*settings)))
            for settings in product((3, 20), (0.0, 0.5, 2.0), (0.1, 0.4))
        }
        assert choose_cache(model, text, END) == CacheSettings(*min(grid, key=lambda settings: grid[settings]))


def test_a_cache_needs_something_to_remember() -> None:
    model, text = engine(), stream(1)
    scores = evaluate(model, text, "word", END, CacheSettings(500, 0.3, 0.2))
    assert scores.cache is not None
    assert scores.cache.perplexity == pytest.approx(scores.perplexity, rel=1e-12)
    assert choose_cache(model, text, END) in {
        CacheSettings(*s) for s in product(evaluation.WINDOWS, evaluation.THETAS, evaluation.WEIGHTS)
    }


LN2 = math.log(2)


def scores(**changes: Any) -> LanguageScores:
    """Six words and two ends; a bit each, and two of the words are unknown and cost a bit more."""
    values: dict[str, Any] = {
        "unit": "word", "units": 8, "words": 6, "characters": 40, "nats": 10 * LN2, "unknown": 2,
        "unknown_nats": 4 * LN2, "ends": 2,
    }  # fmt: skip
    return LanguageScores(**{**values, **changes})


def test_figures_by_hand() -> None:
    found = scores()
    assert found.perplexity == pytest.approx(2 ** (10 / 8))
    assert found.perplexity_without_unknown == pytest.approx(2.0)
    assert found.bits_per_character == pytest.approx(0.25)
    assert found.unknown_rate == 0.25
    assert found.perplexity_per_word == found.perplexity, "ends of sentences are predicted, too"


def test_the_perplexity_per_word_of_pieces_by_hand() -> None:
    """Twelve pieces, two ends among them, of six words: the ten bits are shared as they are among words as units."""
    found = scores(unit="bpe", units=12, unknown=0, unknown_nats=0.0)
    assert found.perplexity == pytest.approx(2 ** (10 / 12))
    assert found.perplexity_per_word == pytest.approx(2 ** (10 / 8)) == scores().perplexity_per_word


def test_nothing_to_score_is_no_division_by_zero() -> None:
    found = scores(units=0, words=0, ends=0, characters=0, nats=0.0, unknown=0, unknown_nats=0.0)
    assert (found.perplexity, found.bits_per_character, found.unknown_rate) == (1.0, 0.0, 0.0)
    assert scores(unknown=8, unknown_nats=10 * LN2).perplexity_without_unknown == 1.0


def test_scores_as_json_have_the_names_that_scripts_rely_on() -> None:
    values = json.loads(json.dumps(scores(cache=CacheScore(1.5, 500, 0.3, 0.1)).to_dict(), allow_nan=False))
    assert values["perplexity"] == pytest.approx(2 ** (10 / 8))
    assert values["unit"] == "word"
    assert values["cache"] == {"perplexity": 1.5, "window": 500, "theta": 0.3, "weight": 0.1}
    assert {"perplexity_without_unknown", "perplexity_per_word", "bits_per_character", "unknown_rate"} <= set(values)
    assert "cache" not in scores().to_dict()


def test_a_perplexity_that_overflows_is_infinite_and_null_in_json() -> None:
    """JSON has no infinity; Python would write a word that no other program reads."""
    found = scores(nats=8 * 800.0, unknown_nats=2 * 800.0, cache=CacheScore(math.inf, 500, 0.3, 0.1))
    assert found.perplexity == found.perplexity_without_unknown == found.perplexity_per_word == math.inf
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["perplexity"] is None
    assert values["perplexity_without_unknown"] is None
    assert values["cache"]["perplexity"] is None
    assert values["nats"] == 6400.0
    assert values["bits_per_character"] == pytest.approx(6400 / LN2 / 40)
