"""Model card of a language model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from tagger.evaluation.perplexity import LanguageScores, score_rows
from tagger.model_cards import card
from tagger.model_cards.card import CardFacts, escaped, percent

TASK: Final = "text-generation"
_USAGE: Final = """\
from tagger import LanguageModel

model = LanguageModel.load({})
print(model.generate(max_tokens=30)[0])"""


def language_model_card(facts: CardFacts, scores: Mapping[str, LanguageScores]) -> str:
    """Write the card from measured facts alone; no sentence of the text is quoted.

    Args:
        facts: of the model.
        scores: by split; the last one is taken for the most telling.
    """
    results = [
        card.result(
            facts, (TASK, "language modelling"), split, ("perplexity", f"perplexity per {one.unit}"), one.perplexity
        )
        for split, one in scores.items()
        if math.isfinite(one.perplexity)
    ]
    commands = ["tagger generate --model {}", "tagger score --model {} text.txt"]
    sections = [
        card.title(facts, _summary(facts, scores)),
        card.usage(facts, commands, _USAGE),
        _measured(scores),
        card.limits(_limits(facts, scores)),
    ]
    return card.render_card(facts, TASK, [TASK, "language modelling"], results, sections)


def _summary(facts: CardFacts, scores: Mapping[str, LanguageScores]) -> str:
    head = facts.config["head"]
    kind = {"word": "words", "bpe": "BPE pieces", "char": "characters"}[head["unit"]]
    corpus = escaped(facts.corpus_name)
    summary = f"A recurrent language model of {head['vocabulary_size']:,} {kind}, trained on {corpus}."
    if scores:
        split, last = list(scores.items())[-1]
        summary += (
            f" On {escaped(split)} its perplexity is **{last.perplexity:.2f}** per {last.unit}, with"
            f" {percent(last.unknown_rate)} of the tokens unknown."
        )
    return summary


def _measured(scores: Mapping[str, LanguageScores]) -> str:
    if not scores:
        return card.NOT_MEASURED
    rows = score_rows(list(scores.values()))
    return "## Scores\n\n" + card.table(("", *map(escaped, scores)), rows)


def _limits(facts: CardFacts, scores: Mapping[str, LanguageScores]) -> list[str]:
    lines = [
        f"Expects text like that of {escaped(facts.corpus_name)}; finds other text less probable than its writers do.",
        "Writes what is probable, not what is true, and may repeat what was offensive or wrong in its text.",
    ]
    if scores and list(scores.values())[-1].unit == "word":
        lines.append("Perplexities of models with other vocabularies cannot be compared with these.")
    return lines
