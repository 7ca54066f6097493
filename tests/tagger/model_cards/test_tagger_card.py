"""The card is read back by the hub's own code and by a YAML parser."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from huggingface_hub import ModelCard

from tagger.evaluation.scores import Confusion, Scores, SpanScores, TagScore
from tagger.model_cards.card import CardFacts, escaped, table
from tagger.model_cards.tagger_card import tagger_card

TEST = Scores(
    accuracy=0.95436,
    correct=23_949,
    tokens=25_094,
    sentences=2_077,
    sentence_accuracy=0.6312,
    interval=(0.9512, 0.95741),
    macro_f1=0.9123,
    weighted_f1=0.9541,
    per_tag=(
        TagScore("NOUN", 0.94, 0.96, 0.95, 4_123),
        TagScore("-LRB-", 0.99, 0.99, 0.99, 120),
        TagScore("X|Y", 0.6, 0.5, 0.5454, 42),
    ),
    confusions=(Confusion("NOUN", "X|Y", 163, "SECRET [sentence] of the corpus", ("sentence",)),),
    known_accuracy=0.9646,
    known_tokens=22_802,
    unknown_accuracy=0.8399,
    unknown_tokens=2_292,
    calibration_error=0.0123,
    unseen_labels={"SYM": 3},
)
CORPUS = {
    "name": "A Treebank",
    "source": "treebank/",
    "licence": "CC BY-SA 4.0",
    "sentences": {"train": 12_544, "test": 2_077},
    "words": 204_577,
    "fingerprint": "0123456789abcdef",
}


def card(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "name": "pos",
        "config": {"encoder": {"cell": "lstm", "layers": 1}, "seed": 1},
        "labels": ["NOUN", "-LRB-", "X|Y"],
        "scores": {"dev": replace(TEST, accuracy=0.96), "test": TEST},
        "corpus": CORPUS,
        "command": "tagger train pos treebank/ --out pos",
        "environment": {"python": "3.12.1"},
        "notes": ["dev: 10 % of train, split off at random (seed 1)"],
        **changes,
    }
    others = {name: arguments.pop(name) for name in ("scores", "labels", "task") if name in arguments}
    return tagger_card(CardFacts(**arguments), **others)


def metadata(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    return loaded


def hub_data(text: str) -> Any:
    return ModelCard(text).data


def test_the_hub_reads_the_measured_scores() -> None:
    data = hub_data(card())
    assert data.pipeline_tag == "token-classification"
    assert data.model_name == "pos"
    results = {(r.dataset_split, r.metric_type): r.metric_value for r in data.eval_results}
    assert results["dev", "accuracy"] == pytest.approx(0.96)
    assert results["test", "accuracy"] == pytest.approx(0.9544)
    assert results["test", "f1"] == pytest.approx(0.9123)
    assert {r.dataset_name for r in data.eval_results} == {"A Treebank"}


def test_a_corpus_of_the_hub_is_linked() -> None:
    assert "datasets" not in metadata(card())
    linked = metadata(card(corpus={**CORPUS, "hub_id": "owner/treebank"}))
    assert linked["datasets"] == ["owner/treebank"]
    assert linked["model-index"][0]["results"][0]["dataset"]["type"] == "owner/treebank"


@pytest.mark.parametrize("name", ["yes", "1e3", "a: b", "- x", "# no", "2026-01-01", "é 語 😀", 'q"\\', "a\nb\x85c"])
def test_any_name_survives_the_yaml(name: str) -> None:
    data = metadata(card(name=name))
    shown = "".join(c if c.isprintable() else " " for c in name)
    assert data["model-index"][0]["name"] == shown
    assert hub_data(card(name=name)).model_name == shown
    assert hub_data(card(name=name)).pipeline_tag == "token-classification"


def test_scores_stand_in_tables() -> None:
    text = card()
    assert "| Accuracy | 96.00 % of 25,094 | 95.44 % of 25,094 |" in text
    assert "| Accuracy on unknown words | 83.99 % of 2,292 | 83.99 % of 2,292 |" in text
    assert "| NOUN | 94.00 % | 96.00 % | 95.00 % | 4,123 |" in text
    assert "| X\\|Y | 60.00 % | 50.00 % | 54.54 % | 42 |" in text
    assert "ambiguous" not in text  # not measured


def test_limits_follow_from_the_scores() -> None:
    text = card()
    assert "labelled right in 83.99 % of the cases, known ones in 96.46 %" in text
    assert "Weak on X\\|Y (F1 54.54 %)." in text
    assert "fewer than 100 words, so uncertain: X\\|Y (42)." in text
    assert "Cannot give labels that training did not have: SYM (3)." in text
    assert "off by 1.23 % on average" in text


def test_it_says_how_to_use_and_to_remake_the_model() -> None:
    text = card(name="my model")
    assert "tagger tag --model 'my model' text.txt" in text
    assert 'Tagger.load("my model")' in text
    assert "```sh\ntagger train pos treebank/ --out pos\n```" in text
    assert '| encoder.cell | "lstm" |' in text
    assert "| python | 3.12.1 |" in text
    assert "| Sentences | train 12,544, test 2,077 |" in text
    assert "- dev: 10 % of train, split off at random (seed 1)" in text


def test_no_sentence_of_the_corpus_is_quoted() -> None:
    assert "SECRET" not in card()


def test_spans_replace_the_tags_where_there_are_some() -> None:
    spans = SpanScores(0.5, 0.6, 0.5454, 90, "conlleval", (TagScore("PER", 0.5, 0.6, 0.5454, 90),))
    text = card(task="ner", scores={"test": replace(TEST, spans=spans)})
    metrics = metadata(text)["model-index"][0]["results"][0]["metrics"]
    assert {m["type"]: m["value"] for m in metrics} == {
        "accuracy": 0.9544,
        "precision": 0.5,
        "recall": 0.6,
        "f1": 0.5454,
    }
    assert "| PER | 50.00 % | 60.00 % | 54.54 % | 90 |" in text
    assert "A model for ner" in text


def test_a_card_without_scores_and_facts_is_still_valid() -> None:
    text = card(scores={}, corpus={}, config={}, environment={}, notes=[], labels=[])
    data = hub_data(text)
    assert data.eval_results is None
    assert "Nothing was measured" in text


def test_lowest_scores_make_valid_yaml() -> None:
    low = replace(TEST, accuracy=1e-7, macro_f1=math.ulp(0.0))
    values = metadata(card(scores={"test": low}))["model-index"][0]["results"][0]["metrics"]
    assert [m["value"] for m in values] == [0.0, 0.0]


def test_escaping() -> None:
    assert escaped("``|_*<b>\n$") == "\\`\\`\\|\\_\\*\\<b\\> \\$"
    assert table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
