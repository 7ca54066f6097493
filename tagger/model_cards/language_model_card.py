"""Model card of a language model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from tagger.evaluation.perplexity import LanguageScores, score_rows
from tagger.model_cards.card import (
    NOT_MEASURED,
    CardFacts,
    escaped,
    limits,
    percent,
    render_card,
    result,
    table,
    title,
    usage,
)

TASK: Final = "text-generation"
_USAGE: Final = """\
from tagger import LanguageModel

model = LanguageModel.load({})
print(model.generate("The river", max_tokens=30)[0])"""


def language_model_card(facts: CardFacts, scores: Mapping[str, LanguageScores]) -> str:
    """Write the card from measured facts alone; no sentence of the text is quoted.

    Args:
        facts: of the model; its corpus as ``tagger.language_modelling.train.text_facts`` describes it.
        scores: by split; the last one is taken for the most telling.

    Returns:
        Markdown with a YAML head that the Hugging Face hub understands.
    """
    results = [
        result(facts, (TASK, "language modelling"), split, ("perplexity", f"perplexity per {one.unit}"), one.perplexity)
        for split, one in scores.items()
        if math.isfinite(one.perplexity)
    ]
    commands = ["tagger generate 'The river' --model {}", "tagger score --model {} --text 'They can fish.'"]
    sections = [
        title(facts, _summary(facts, scores)),
        usage(facts, commands, _USAGE),
        _measured(scores),
        limits(_limits(facts, scores)),
    ]
    return render_card(facts, TASK, [TASK, "language modelling"], results, sections)


def _summary(facts: CardFacts, scores: Mapping[str, LanguageScores]) -> str:
    head = facts.config["head"]
    kind = {"word": "words", "bpe": "BPE pieces", "char": "characters"}[head["unit"]]
    lines = (
        f"A recurrent language model of {head['vocabulary_size']:,} {kind}, trained on {escaped(facts.corpus_name)}."
    )
    if scores:
        split, last = list(scores.items())[-1]
        lines += (
            f" On {escaped(split)} its perplexity is **{last.perplexity:.2f}** per {last.unit}, with"
            f" {percent(last.unknown_rate)} of the tokens unknown."
        )
    return lines


def _measured(scores: Mapping[str, LanguageScores]) -> str:
    if not scores:
        return NOT_MEASURED
    rows = score_rows(list(scores.values()))
    return "## Scores\n\n" + table(("", *map(escaped, scores)), rows)


def _limits(facts: CardFacts, scores: Mapping[str, LanguageScores]) -> list[str]:
    lines = [
        f"Expects text like that of {escaped(facts.corpus_name)}; finds other text less probable than its writers do.",
        "Writes what is probable, not what is true, and may repeat what was offensive or wrong in its text.",
    ]
    if scores and list(scores.values())[-1].unit == "word":
        lines.append("Perplexities of models with other vocabularies cannot be compared with these.")
    return lines
