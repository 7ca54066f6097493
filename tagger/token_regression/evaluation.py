"""Scores of token regressors beside two baselines: the mean of train, and the mean of the word there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from tagger.corpora.series.token_values import TokenValueCorpus, TokenValueSplit
from tagger.evaluation.forecast_scores import NETWORK, TargetScores, score_target
from tagger.token_regression.regressor import TokenRegressor

MEAN, WORD_MEAN = "mean of train", "mean of the word"


def score_splits(regressor: TokenRegressor, corpus: TokenValueCorpus) -> Mapping[str, Sequence[TargetScores]]:
    """Score dev and test, where the corpus has them, for each target that has numbers there."""
    mean = regressor.scaling.mean[0]
    words = word_means(corpus.splits["train"], mean)
    scores = {}
    for name in ("dev", "test"):
        if (split := corpus.splits.get(name)) is not None:
            actual = split.flat_values()
            predicted = {
                NETWORK: np.concatenate(regressor.predict(split.tokens)),
                MEAN: np.broadcast_to(mean, actual.shape),
                WORD_MEAN: np.array([words.get(word, mean) for sentence in split.tokens for word in sentence]),
            }
            targets = [
                score_target(target, actual[:, [n]], {kind: values[:, [n]] for kind, values in predicted.items()}, {})
                for n, target in enumerate(corpus.targets)
            ]
            scores[name] = [one for one in targets if one is not None]
    return scores


def word_means(train: TokenValueSplit, mean: np.ndarray) -> dict[str, np.ndarray]:
    """Average each word of train: (K,); ``mean`` where the word has no number."""
    sums: defaultdict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(mean)))
    counts: defaultdict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(mean)))
    for tokens, values in zip(train.tokens, train.values, strict=True):
        for word, row in zip(tokens, values, strict=True):
            sums[word] += np.nan_to_num(row)
            counts[word] += ~np.isnan(row)
    return {word: np.where(counts[word] > 0, total / np.maximum(counts[word], 1), mean) for word, total in sums.items()}
