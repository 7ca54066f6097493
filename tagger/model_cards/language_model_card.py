"""The README.md of a language model's folder: what it is, what was measured, how to use and to remake it."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tagger.evaluation.perplexity import LanguageScores
from tagger.model_cards.markdown import escaped, percent, table, yaml_lines
from tagger.model_cards.tagger_card import remake, training_data


def language_card(
    *,
    name: str,
    config: Mapping[str, Any],
    scores: Mapping[str, LanguageScores],
    corpus: Mapping[str, Any],
    command: str,
    environment: Mapping[str, str],
    notes: Sequence[str] = (),
) -> str:
    """Writes the card from measured facts alone; no sentence of the text is quoted.

    Args:
        name: of the model, e.g. the name of its folder.
        config: every resolved setting, nested.
        scores: by split; the last one is taken for the most telling.
        corpus: facts of the text as ``tagger.language_modelling.results.text_facts`` gives them.
        command: what was typed to train it.
        environment: versions of Python and of the libraries, processor.
        notes: what else must be known.

    Returns:
        Markdown with a YAML head that the Hugging Face hub understands.
    """
    corpus_name = str(corpus.get("name") or "unnamed text")
    head = config["head"]
    sections = [
        _front_matter(name, corpus_name, scores),
        f"# {escaped(name)}\n\n{_summary(head, corpus_name, scores)}",
        _use(name),
        measured(scores),
        _limits(scores, corpus_name),
        training_data(corpus, notes),
        remake(command, environment, config),
    ]
    return "\n\n".join(sections) + "\n"


def _front_matter(name: str, dataset: str, scores: Mapping[str, LanguageScores]) -> str:
    results = [
        {
            "task": {"type": "text-generation", "name": "language modelling"},
            "dataset": {"type": dataset, "name": dataset, "split": split},
            "metrics": [
                {"type": "perplexity", "name": f"perplexity per {one.unit}", "value": round(one.perplexity, 2)}
            ],
        }
        for split, one in scores.items()
        if math.isfinite(one.perplexity)
    ]
    values: dict[str, Any] = {
        "pipeline_tag": "text-generation",
        "library_name": "sequence-tagger",
        "tags": ["sequence-tagger", "text-generation", "language modelling"],
    }
    if results:
        values |= {"metrics": ["perplexity"], "model-index": [{"name": name, "results": results}]}
    return "\n".join(["---", *yaml_lines(values), "---"])


def _summary(head: Mapping[str, Any], corpus_name: str, scores: Mapping[str, LanguageScores]) -> str:
    what = {"word": "words", "bpe": "BPE pieces", "char": "characters"}[head["unit"]]
    lines = f"A recurrent language model of {head['vocabulary_size']:,} {what}, trained on {escaped(corpus_name)}."
    if scores:
        split, last = list(scores.items())[-1]
        lines += (
            f" On {escaped(split)} its perplexity is **{last.perplexity:.2f}** per {last.unit}, with"
            f" {percent(last.unknown_rate)} of the units unknown."
        )
    return lines


def _use(name: str) -> str:
    quoted = json.dumps(name, ensure_ascii=False)
    return "\n".join(
        [
            "## How to use",
            "",
            f"In the folder that holds `{name}`:",
            "",
            "```sh",
            f"tagger generate 'The river' --model {shlex.quote(name)}",
            f"tagger score --model {shlex.quote(name)} --text 'They can fish.'",
            "```",
            "",
            "```python",
            "from tagger import LanguageModel",
            "",
            f"model = LanguageModel.load({quoted})",
            'print(model.generate("The river", max_tokens=30)[0])',
            "```",
        ]
    )


def measured(scores: Mapping[str, LanguageScores]) -> str:
    """The section on perplexity, every figure with its unit."""
    if not scores:
        return "## Scores\n\nNothing was measured: training had neither dev nor test text."
    unit = next(iter(scores.values())).unit
    rows = [
        (f"Perplexity per {unit}", *(_number(one.perplexity) for one in scores.values())),
        ("... over known units alone", *(_number(one.perplexity_without_unknown) for one in scores.values())),
        ("Unknown units", *(percent(one.unknown_rate) for one in scores.values())),
        ("Perplexity per word", *(_number(one.perplexity_per_word) for one in scores.values())),
        ("Bits per character", *(f"{one.bits_per_character:.3f}" for one in scores.values())),
        ("Units", *(f"{one.units:,}" for one in scores.values())),
    ]
    cached = [one.cache for one in scores.values()]
    if any(cached):
        rows.insert(1, ("... with a neural cache", *(_number(one.perplexity) if one else "" for one in cached)))
    return "## Scores\n\n" + table(("", *map(escaped, scores)), rows)


def _number(perplexity: float) -> str:
    return f"{perplexity:,.2f}" if math.isfinite(perplexity) else "too large for a number"


def _limits(scores: Mapping[str, LanguageScores], corpus_name: str) -> str:
    lines = [
        f"Expects text like that of {escaped(corpus_name)}; other text is less probable to it than to its writers.",
        "Writes what is probable, not what is true, and may repeat what was offensive or wrong in its text.",
    ]
    if scores and list(scores.values())[-1].unit == "word":
        lines.append("Perplexities of models with other vocabularies cannot be compared with these.")
    return "\n".join(["## Intended use and limits", "", *(f"- {line}" for line in lines)])
