from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.generation.generate import generate
from tagger.generation.prompts import make_prompt
from tests.tagger.generation.predictors import FadingPredictor, word_units

UNITS = word_units("a", "b", "c")
TOKENIZER = WordTokenizer.from_rules("english")


def search(seed: int, **settings: Any) -> list[Generated]:
    engine = FadingPredictor(UNITS.size, seed=seed, sharpness=1.0)
    return generate(engine, UNITS, make_prompt("a", TOKENIZER, UNITS), GenerationSettings(**settings))


def every_text(seed: int, length: int, sentences: int, no_unk: bool) -> dict[tuple[str, ...], float]:
    """All texts that are over, and their log-probability per unit."""
    engine = FadingPredictor(UNITS.size, seed=seed, sharpness=1.0)
    found = {}
    for ids in product(range(int(no_unk), UNITS.size), repeat=length):
        ends = [place for place, unit in enumerate(ids) if unit == UNITS.end]
        text = ids[: ends[sentences - 1] + 1] if len(ends) >= sentences else ids
        history = [UNITS.end, UNITS.vocabulary.ids["a"]]
        total = 0.0
        for unit in text:
            total += engine.log_probs(history)[unit]
            history.append(unit)
        found[tuple(UNITS.symbols(text))] = total / len(text)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_best_of_all_texts(seed: int) -> None:
    for sentences, no_unk in ((1, True), (2, True), (1, False)):
        truth = every_text(seed, 4, sentences, no_unk)
        best = sorted(truth, key=lambda text: -truth[text])[:100]
        made = search(seed, beam=700, max_tokens=4, sentences=sentences, no_unk=no_unk)
        assert len(made) == len(truth)
        assert [tuple(one.tokens) for one in made[:100]] == best
        for one in made:
            assert one.log_prob / len(one.tokens) == pytest.approx(truth[tuple(one.tokens)], abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_gives_so_many_texts_best_first(seed: int) -> None:
    truth = every_text(seed, 5, 1, True)
    made = search(seed, beam=3, max_tokens=5)
    scores = [truth[tuple(one.tokens)] for one in made]
    assert len({one.text for one in made}) == len(made) == 3
    assert scores == sorted(scores, reverse=True)
    assert made == search(seed, beam=3, max_tokens=5)


def test_the_texts_say_why_they_are_over() -> None:
    for one in search(1, beam=20, max_tokens=3):
        assert one.stopped_by == ("end" if one.tokens[-1] == "<eos>" else "length")
    stopped = search(1, beam=40, max_tokens=3, stop=("b",))
    assert {one.stopped_by for one in stopped} == {"end", "length", "stop"}
    assert not any("b" in one.text for one in stopped)
