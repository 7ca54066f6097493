"""Every kind of card is read back by the hub's own code, with its scores."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub import ModelCard

from tagger.config.forecaster import ForecasterConfig
from tagger.config.language_model import LanguageConfig
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.evaluation.forecast_scores import NETWORK, PERSISTENCE, Comparison, ErrorMetrics, TargetScores
from tagger.evaluation.perplexity import LanguageScores
from tagger.model_cards.card import CardFacts
from tagger.model_cards.language_model_card import language_model_card
from tagger.model_cards.regression_cards import forecaster_card, token_regressor_card

ERRORS = {kind: ErrorMetrics(1.0, 1.5, 0.5, (1.5,)) for kind in (NETWORK, PERSISTENCE)}
TARGET = TargetScores("load", 10, ERRORS, {PERSISTENCE: Comparison(0.0, 0.0)})
SCORES = LanguageScores("word", 100, 90, 500, 300.0, 5, 20.0, 10)
FACTS = {
    "corpus": {"name": "A *corpus*", "hub_id": "owner/corpus", "words": {"train": 1_000}},
    "command": "tagger train",
    "environment": {"python": "3.12.1"},
    "notes": ["dev: split off"],
}


def hub_data(text: str) -> Any:
    return ModelCard(text).data


def cards() -> dict[str, str]:
    forecaster = ForecasterConfig().with_settings({"data.targets": ["load"]}).to_dict()
    regressor = TokenRegressorConfig().with_settings({"targets": ["load"]}).to_dict()
    language = LanguageConfig().with_settings({"head.vocabulary_size": 20}).to_dict()
    return {
        "rmse": forecaster_card(CardFacts.from_about("m", forecaster, FACTS), {"test": [TARGET]}, {0.8: 0.79}),
        "token": token_regressor_card(CardFacts.from_about("m", regressor, FACTS), {"test": [TARGET]}),
        "perplexity": language_model_card(CardFacts.from_about("m", language, FACTS), {"test": SCORES}),
    }


@pytest.mark.parametrize("kind", ["rmse", "token", "perplexity"])
def test_the_hub_reads_every_card(kind: str) -> None:
    text = cards()[kind]
    data = hub_data(text)
    (result,) = data.eval_results
    assert (data.model_name, data.datasets, data.library_name) == ("m", ["owner/corpus"], "sequence-tagger")
    assert (result.dataset_name, result.dataset_split) == ("A *corpus*", "test")
    assert result.metric_type == {"token": "rmse"}.get(kind, kind)
    assert result.metric_value == pytest.approx(SCORES.perplexity if kind == "perplexity" else 1.5, abs=1e-4)
    for section in ("# m", "## How to use", "## Scores", "## Intended use and limits", "## Training data"):
        assert f"\n{section}\n" in text
    assert "trained on A \\*corpus\\*." in text
    assert "| Words | train 1,000 |" in text
    assert "- dev: split off" in text
    assert "```sh\ntagger train\n```" in text


def test_cards_without_scores_say_so() -> None:
    config = TokenRegressorConfig().with_settings({"targets": ["load"]}).to_dict()
    text = token_regressor_card(CardFacts("m", config), {})
    assert hub_data(text).eval_results is None
    assert "Nothing was measured" in text
