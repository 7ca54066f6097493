"""Words without a label: however they are written, they are neither learnt nor scored, and the others are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import TAG, Config
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.corpora.sources.corpus import Split
from tagger.models.networks.multi_head_network import Network
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.sequence_labelling.preparation import prepare
from tagger.serialization.builder import build_tagger
from tests.tiny import SETTINGS, sentences

SENTENCES = sentences(40, 5)
PLACES = [(row, place) for row, (words, _) in enumerate(SENTENCES) for place in range(len(words)) if (row + place) % 4]
"""The words that keep their labels; every sentence has one."""


def partial(none: object) -> list[tuple[list[str], list[object]]]:
    """The sentences with only some labels; ``none`` stands for the others."""
    return [
        (words, [tag if (row, place) in PLACES else none for place, tag in enumerate(tags)])
        for row, (words, tags) in enumerate(SENTENCES)
    ]


def as_json(path: Path, none: object) -> Path:
    rows = [json.dumps({"tokens": words, "upos": tags}) for words, tags in partial(none)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def as_conllu(path: Path) -> Path:
    blocks = (
        "".join(f"{n}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n" for n, (word, tag) in enumerate(zip(*row, strict=True), 1))
        for row in partial("_")
    )
    path.write_text("\n".join(blocks) + "\n", encoding="utf-8")
    return path


def as_columns(path: Path) -> Path:
    blocks = ("".join(f"{word}\t{tag}\n" for word, tag in zip(*row, strict=True)) for row in partial("_"))
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def as_table(path: Path) -> Path:
    rows = [
        f"{row},{word},{tag}"
        for row, (words, tags) in enumerate(partial(""))
        for word, tag in zip(words, tags, strict=True)
    ]
    path.write_text("\n".join(["sentence_id,token,upos", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("notation", ["_", "null", "NaN", "-100", "conllu", "columns", "csv"])
def test_every_notation_reads_the_same(tmp_path: Path, notation: str) -> None:
    writers = {"conllu": as_conllu, "columns": as_columns, "csv": as_table}
    if notation in writers:
        path = writers[notation](tmp_path / f"a.{notation}")
    else:
        none = "_" if notation == "_" else json.loads(notation)
        path = as_json(tmp_path / "a.jsonl", none)
    split = read_split(str(path))
    assert split.tokens() == [words for words, _ in SENTENCES]
    assert split.tags() == [tags for _, tags in partial("")]


def loss_and_count(network: Network, objective: TaggingObjective) -> tuple[float, int]:
    """The summed loss of an epoch, and its number of steps."""
    _, batches = objective.epoch(np.random.default_rng(1))
    network.eval()
    parts = [objective.loss(batch) for batch in batches]
    assert [float(part.loss) for part in parts] == pytest.approx([float(part.loss_sum) / part.steps for part in parts])
    return sum(float(part.loss_sum) for part in parts), sum(part.steps for part in parts)


def test_the_loss_is_that_of_the_labelled_words_alone(tmp_path: Path) -> None:
    corpus = read_corpus(
        train=str(as_json(tmp_path / "train.jsonl", None)), dev=str(as_json(tmp_path / "d.jsonl", "_"))
    )
    settings = {**SETTINGS, "training.word_dropout": 0.0, "training.label_smoothing": 0.0}
    config = resolve(Config().with_settings(settings), Facts.of(corpus))
    prepared = prepare(corpus, config)
    assert "" not in prepared.labels[TAG].names
    torch.manual_seed(1)
    network = build_tagger(config, prepared.features, {TAG: len(prepared.labels[TAG])})
    objective = TaggingObjective(network, prepared, config.training, device=torch.device("cpu"))
    with torch.no_grad():
        summed, count = loss_and_count(network, objective)
        gold = [SENTENCES[row][1][place] for row, place in PLACES]
        log_probs = dict(zip(PLACES, by_hand(network, corpus.train, objective), strict=True))
        expected = -sum(
            float(log_probs[place][prepared.labels[TAG].ids[tag]]) for place, tag in zip(PLACES, gold, strict=True)
        )
        right = sum(
            int(log_probs[place].argmax()) == prepared.labels[TAG].ids[tag]
            for place, tag in zip(PLACES, gold, strict=True)
        )
        score = objective.evaluate()
    assert count == len(PLACES)
    assert summed == pytest.approx(expected, rel=1e-4)
    assert score is not None
    assert score.accuracy == pytest.approx(right / len(PLACES))


def by_hand(network: Network, split: Split | None, objective: TaggingObjective) -> list[torch.Tensor]:
    """The log-probabilities of the tags at each labelled word, a sentence at a time."""
    from tagger.corpora.encoding.batching import assemble
    from tagger.sequence_labelling.objective import score_batch

    assert split is not None
    rows = []
    for number, words in enumerate(split.tokens()):
        scores = score_batch(network, objective.train, assemble(objective.train.encoded, np.array([number])))[TAG]
        rows += [scores[place].log_softmax(0) for place in range(len(words)) if (number, place) in PLACES]
    return rows
