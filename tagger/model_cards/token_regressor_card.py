"""The README.md of the folder of a model that gives words numbers: what it is, what was measured, how to remake it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tagger.evaluation.forecast_scores import TargetScores
from tagger.model_cards.forecaster_card import measured, series_front_matter
from tagger.model_cards.markdown import escaped
from tagger.model_cards.tagger_card import remake, training_data


def token_regressor_card(
    *,
    name: str,
    config: Mapping[str, Any],
    scores: Mapping[str, Sequence[TargetScores]],
    corpus: Mapping[str, Any],
    told: Mapping[str, Any],
) -> str:
    """Writes the card from measured facts alone.

    Args:
        name: of the model, e.g. the name of its folder.
        config: every resolved setting, nested.
        scores: by split, of each target.
        corpus: name, source, sentences, words and fingerprint.
        told: of the command, the machine and the notes, see ``tagger.model_cards.provenance``.
    """
    what = ", ".join(map(escaped, config["targets"]))
    source = str(corpus.get("name"))
    sections = [
        series_front_matter(name, source, scores, kind="token-regression"),
        f"# {escaped(name)}\n\nGives every word a number: {what}. A recurrent network "
        f"({escaped(config['encoder']['cell'])}), trained on {escaped(source)}.",
        f"## How to use\n\nIn the folder that holds `{name}`:\n\n"
        f"```sh\ntagger tag --model {shlex.quote(name)} --text 'They can fish.'\n```",
        measured(scores, {}),
        "## Intended use and limits\n\n- Meant for text like the training data, and numbers measured as there.\n"
        "- A word that training never saw gets its number from its form and its neighbours alone.",
        training_data(corpus, told["notes"]),
        remake(told["command"], told["environment"], config),
    ]
    return "\n\n".join(sections) + "\n"
