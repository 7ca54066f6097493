from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tagger.corpora.tokenization.passages import TextSegment, joined, line
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError
from tagger.language_modelling import surprisal
from tagger.language_modelling.surprisal import ScoredPassage, ScoreTotals, score_words
from tests.tagger.generation.predictors import FadingPredictor, character_units, word_units

WORDS = word_units("a", "b", "c", ".")
CHARACTERS = character_units("ab. c")
SENTENCES = ["a b c .", "zzz a", "c", "", "b . b . b a a a c", "a", "c . a zzz ."]


def word_passages() -> list[TextSegment]:
    return [joined(sentence.split()) for sentence in SENTENCES]


def character_passages() -> list[TextSegment]:
    tokenizer = WordTokenizer.from_rules("whitespace")
    return [line(text, [t for s in tokenizer.sentences(text) for t in s]) for text in (*SENTENCES, " ab  c ")]


def truth(subwords: Any, passages: list[TextSegment], context: str) -> list[list[tuple[float, int, float]]]:
    """(surprisal, rank, entropy) of each unit by definition."""
    engine = FadingPredictor(subwords.size)
    found, history = [], [subwords.end]
    for passage in passages:
        history = [subwords.end] if context == "sentence" else history
        rows = []
        for unit in [*subwords.encode(passage)[0], subwords.end]:
            chances = [math.exp(value) for value in engine.log_probs(history)]
            rank = 1 + sum(chance > chances[unit] for chance in chances)
            rows.append((-math.log2(chances[unit]), rank, -sum(p * math.log2(p) for p in chances)))
            history.append(unit)
        found.append(rows)
    return found


def scores(subwords: Any, passages: list[TextSegment], context: str) -> list[ScoredPassage]:
    return list(score_words(FadingPredictor(subwords.size), subwords, iter(passages), context=context))


@pytest.mark.parametrize("context", ["text", "sentence"])
@pytest.mark.parametrize("steps", [1024, 5, 1])
def test_words(context: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surprisal, "MOST_STEPS", steps)
    monkeypatch.setattr(surprisal, "MOST_LOG_PROBS", steps * WORDS.size)
    passages = word_passages()
    made = scores(WORDS, passages, context)
    assert [one.passage for one in made] == passages
    for one, rows in zip(made, truth(WORDS, passages, context), strict=True):
        assert [*one.surprisals, one.end_surprisal] == pytest.approx([bits for bits, _, _ in rows], abs=1e-4)
        assert one.ranks == [rank for _, rank, _ in rows[:-1]]
        assert one.entropies == pytest.approx([entropy for _, _, entropy in rows[:-1]], abs=1e-4)
        assert one.known == [word != "zzz" for word in one.passage.words]
        assert one.tokens == len(rows)


@pytest.mark.parametrize("context", ["text", "sentence"])
def test_characters_are_summed_to_words(context: str) -> None:
    passages = character_passages()
    made = scores(CHARACTERS, passages, context)
    for one, rows in zip(made, truth(CHARACTERS, passages, context), strict=True):
        text, spans = one.passage.text, one.passage.spans
        before = 0
        for place, (_, end) in enumerate(spans):
            part = rows[before:end]
            assert one.surprisals[place] == pytest.approx(sum(bits for bits, _, _ in part), abs=1e-4)
            assert one.ranks[place] == part[0][1]
            assert one.entropies[place] == pytest.approx(part[0][2], abs=1e-4)
            assert one.known[place] == ("z" not in text[before:end])
            before = end
        assert one.end_surprisal == pytest.approx(sum(bits for bits, _, _ in rows[before:]), abs=1e-4)
        assert one.bits == pytest.approx(sum(bits for bits, _, _ in rows), abs=1e-4)


def test_companions_do_not_matter() -> None:
    passages = word_passages()
    alone = [scores(WORDS, [passage], "sentence")[0] for passage in passages]
    for one, together in zip(alone, scores(WORDS, passages, "sentence"), strict=True):
        assert together.surprisals == pytest.approx(one.surprisals, abs=1e-6)
        assert together.end_surprisal == pytest.approx(one.end_surprisal, abs=1e-6)


def test_sentences_of_like_length_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surprisal, "MOST_STEPS", 10)
    engine = FadingPredictor(WORDS.size)
    list(score_words(engine, WORDS, word_passages(), context="sentence"))
    assert engine.batches == [1, 1, 2, 4 - 1]  # 10 units, 6, twice 5 at most, the three short ones


def test_scores_come_as_sentences_do() -> None:
    """Nothing is read that is not needed: the first thousand units are enough for the first score."""
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield joined(["a", "b"])

    for context in ("text", "sentence"):
        taken = 0
        next(score_words(FadingPredictor(WORDS.size), WORDS, endless(), context=context))
        assert taken <= 600


def test_measures_where_a_unit_is_impossible() -> None:
    log_probs = torch.tensor([[[0.5, 0.5, 0.0]], [[1.0, 0.0, 0.0]]]).log()
    bits, rank, entropy = surprisal.token_surprisal(log_probs, torch.tensor([[1], [0]]))
    assert bits.tolist() == [[1.0], [0.0]]
    assert rank.tolist() == [[1], [1]]
    assert entropy.tolist() == [[1.0], [0.0]]


def test_totals() -> None:
    totals = ScoreTotals()
    for one in scores(WORDS, word_passages(), "text"):
        totals.add(one)
    every = [bits for rows in truth(WORDS, word_passages(), "text") for bits, _, _ in rows]
    assert (totals.sentences, totals.words, totals.unknown) == (7, 22, 2)
    assert totals.perplexity == pytest.approx(2 ** (sum(every) / len(every)), rel=1e-4)
    assert ScoreTotals(words=1, bits=1e9).perplexity == math.inf
    assert ScoreTotals().perplexity == 1


def test_no_text_and_no_such_context() -> None:
    assert scores(WORDS, [], "text") == scores(WORDS, [], "sentence") == []
    with pytest.raises(ConfigError, match="context is 'page'; expected text or sentence"):
        scores(WORDS, [], "page")
