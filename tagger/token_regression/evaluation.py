"""How good numbers of words are: beside the mean of train, and the mean of the word there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tagger.corpora.series.token_values import TokenValueCorpus, TokenValueSplit
from tagger.evaluation.forecast_scores import NETWORK, TargetScores, score_target
from tagger.token_regression.regressor import TokenRegressor

MEAN, WORD_MEAN = "mean of train", "mean of the word"


def score_splits(tagger: TokenRegressor, corpus: TokenValueCorpus) -> Mapping[str, Sequence[TargetScores]]:
    """Scores of dev and test, where they are, for each target that has numbers there."""
    words = word_means(corpus.splits["train"], tagger.scaling.mean[0])
    return {name: _scores(tagger, corpus, name, words) for name in ("dev", "test") if name in corpus.splits}


def _scores(
    tagger: TokenRegressor, corpus: TokenValueCorpus, name: str, words: Mapping[str, np.ndarray]
) -> list[TargetScores]:
    split = corpus.splits[name]
    actual = split.flat_values()
    mean = tagger.scaling.mean[0]
    forecasts = {
        NETWORK: np.concatenate(tagger.predict(split.tokens)),
        MEAN: np.broadcast_to(mean, actual.shape),
        WORD_MEAN: np.array([words.get(word, mean) for sentence in split.tokens for word in sentence]),
    }
    found = [
        score_target(target, actual[:, [n]], {kind: values[:, [n]] for kind, values in forecasts.items()}, {})
        for n, target in enumerate(corpus.targets)
    ]
    return [one for one in found if one is not None]


def word_means(train: TokenValueSplit, mean: np.ndarray) -> dict[str, np.ndarray]:
    """(K,) the mean of each word of train; that of all where the word never has a number."""
    sums: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    for tokens, values in zip(train.tokens, train.values, strict=True):
        for word, row in zip(tokens, values, strict=True):
            known = ~np.isnan(row)
            sums[word] = sums.get(word, np.zeros(len(mean))) + np.where(known, row, 0.0)
            counts[word] = counts.get(word, np.zeros(len(mean))) + known
    return {word: np.where(counts[word] > 0, total / np.maximum(counts[word], 1), mean) for word, total in sums.items()}
