"""One run over words with numbers: from sentences and settings to a scored model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from tagger.config.token_regressor import WordNumbersConfig
from tagger.corpora.encoding.encoded_split import encode_split
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.series.number_split import NumberSplit
from tagger.corpora.series.token_values import NumberCorpus
from tagger.corpora.tokenization.text_rules import rules_of_words
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import CorpusError
from tagger.evaluation.forecast_scores import TargetScores
from tagger.forecasting.series_fitting import fit
from tagger.runtime.device import choose_device, seed_everything
from tagger.sequence_labelling.preparation import TAG, word_features_of
from tagger.sequence_labelling.tagger_run import Machine
from tagger.serialization.builder import build_tagger
from tagger.token_regression.checkpoint import SavedWordNumbers
from tagger.token_regression.evaluation import score_splits
from tagger.token_regression.objective import NumberedSplit, WordNumbersObjective
from tagger.token_regression.regressor import NumberTagger, flat
from tagger.training.fingerprint import split_arrays


@dataclass(frozen=True, slots=True)
class WordNumbersRun:
    """One trained model.

    Args:
        tagger: ready to use.
        scores: of each target, by split.
        log: one entry an epoch.
        notes: how often it was interrupted, and what changed then.
    """

    tagger: NumberTagger
    scores: Mapping[str, Sequence[TargetScores]]
    log: Sequence[Mapping[str, Any]]
    notes: tuple[str, ...] = ()


def train_one(corpus: NumberCorpus, config: WordNumbersConfig, machine: Machine, folder: Path | None) -> WordNumbersRun:
    """Train and score one model.

    Args:
        corpus: columns as ``config.targets``.
        config: settings; those left None are decided from the corpus.
        machine: where and how.
        folder: that is being written, or None.

    Raises:
        CorpusError: a target tells nothing.
    """
    train = corpus.splits["train"]
    config = config.resolved(train.tokens)
    rng = seed_everything(config.training.seed)
    counts = Counter(chain.from_iterable(train.tokens))
    features, vectors = word_features_of(counts, config.as_tagger())
    mean, spread = _scale(corpus, flat(train.values, len(corpus.targets)))
    encoded = {name: _encoded(split, features, mean, spread) for name, split in corpus.splits.items()}
    network = build_tagger(config.as_tagger(), features, {TAG: len(corpus.targets)}, vectors)
    occurrences = np.array([counts[word] for word in encoded["train"].encoded.words], dtype=np.int64)
    device = choose_device(machine.device)
    objective = WordNumbersObjective(
        network.to(device), encoded["train"], encoded.get("dev"), occurrences, config, device=device
    )
    data = {name: _learnt_from(split) for name, split in encoded.items() if name != "test"}
    fitted = fit(network, objective, config, machine, folder, data=data, rng=rng, notes=corpus.notes)
    saved = SavedWordNumbers(config, features, network, _tokenizer(train), mean, spread)
    tagger = NumberTagger(saved, device=machine.device)
    return WordNumbersRun(tagger, score_splits(tagger, corpus), fitted.log, fitted.notes)


def _scale(corpus: NumberCorpus, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each target in train.

    Raises:
        CorpusError: a target never changes, or is never there.
    """
    mean, spread = [], []
    for number, target in enumerate(corpus.targets):
        known = values[:, number][~np.isnan(values[:, number])].astype(np.float64)
        if not len(known) or known.min() == known.max():
            what = "has no number" if not len(known) else f"is always {known[0]:g}"
            raise CorpusError(f"column {target!r} {what} in train; there is nothing to learn", path=corpus.source)
        mean.append(known.mean())
        spread.append(known.std())
    return np.array(mean), np.array(spread)


def _encoded(split: NumberSplit, features: WordFeatures, mean: np.ndarray, spread: np.ndarray) -> NumberedSplit:
    scaled = (flat(split.values, len(mean)) - mean) / spread
    return NumberedSplit(encode_split(split.tokens, {}, features, {}), scaled.astype(np.float32))


def _learnt_from(split: NumberedSplit) -> list[np.ndarray]:
    return [*split_arrays(split.encoded), split.targets]


def _tokenizer(train: NumberSplit) -> WordTokenizer:
    """Rules that split raw text as the training data are split."""
    name, _ = rules_of_words(train.texts[:2000], train.tokens[:2000])
    return WordTokenizer.from_rules(name)
