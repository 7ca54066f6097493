"""Confidence interval of the accuracy, and calibration of the confidences."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

RESAMPLES = 1000
BINS = 10
FEW_ERRORS = 10
_DRAWS_AT_ONCE = 2_000_000  # sentence numbers held in memory at a time (16 MB)


def bootstrap_interval(correct: NDArray[np.int64], lengths: NDArray[np.int64], *, seed: int = 1) -> tuple[float, float]:
    """Compute the percentile bootstrap interval of token accuracy, resampling whole sentences.

    Errors cluster in sentences, so tokens are not independent draws but sentences nearly are
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).

    Args:
        correct: tokens tagged right in each sentence, shape (B,).
        lengths: tokens in each sentence, shape (B,), all positive.
        seed: fixes the resampling.

    Returns:
        Lower and upper end, between 0 and 1, of the middle 95 % of 1000 resampled accuracies.
    """
    sentences = len(lengths)
    rng = np.random.default_rng(seed)
    rows = max(1, _DRAWS_AT_ONCE // sentences)
    accuracies: list[NDArray[np.float64]] = []
    for start in range(0, RESAMPLES, rows):
        drawn = rng.integers(sentences, size=(min(rows, RESAMPLES - start), sentences))
        accuracies.append(correct[drawn].sum(axis=1) / lengths[drawn].sum(axis=1))
    tail = (1 - 0.95) / 2
    low, high = np.quantile(np.concatenate(accuracies), [tail, 1 - tail])
    return float(low), float(high)


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """Compute the 95 % score interval of a share (Wilson, JASA 22, 1927): of use without any error, too."""
    z2 = 1.959964**2
    share = right / total
    middle, half = share + z2 / (2 * total), math.sqrt(z2 * (share * (1 - share) + z2 / (4 * total)) / total)
    return max(0.0, (middle - half) / (1 + z2 / total)), min(1.0, (middle + half) / (1 + z2 / total))


def accuracy_interval(
    correct: NDArray[np.int64], lengths: NDArray[np.int64], *, seed: int = 1
) -> tuple[tuple[float, float], str]:
    """Choose the bootstrap, or Wilson's interval where fewer than 10 sentences differ from the rest.

    With few errors (or few right tokens) the resampled accuracies say next to nothing of what was not seen. There the
    wider of both ends is taken, as Wilson's takes the tokens for independent.

    Args:
        correct: as for `bootstrap_interval`.
        lengths: as for `bootstrap_interval`.
        seed: fixes the resampling.

    Returns:
        Lower and upper end, and "bootstrap" or "Wilson".
    """
    low, high = bootstrap_interval(correct, lengths, seed=seed)
    if min(int((correct < lengths).sum()), int((correct > 0).sum())) >= FEW_ERRORS:
        return (low, high), "bootstrap"
    other = wilson_interval(int(correct.sum()), int(lengths.sum()))
    return (min(low, other[0]), max(high, other[1])), "Wilson"


def expected_calibration_error(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Compute the mean gap between confidence and accuracy over 10 bins, weighted by size.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 3.

    Args:
        confidences: probability given to each chosen tag, shape (N,), 0 to 1.
        right: whether each chosen tag is right, shape (N,).

    Returns:
        The error, 0 (honest) to 1.
    """
    bin_ids = np.clip(np.ceil(confidences * BINS).astype(np.int64) - 1, 0, BINS - 1)  # bin 0 holds (0, 1 / BINS]
    gaps = np.bincount(bin_ids, weights=confidences - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidences))


def best_temperature(logits: Tensor, targets: Tensor) -> float:
    """Find the temperature that minimises the cross-entropy of ``logits / temperature``.

    Golden-section search over its logarithm: the cross-entropy is convex in the inverse of the temperature, so it has
    one minimum. N labels count as (N + 1) right ones of N + 2 (Platt 1999, section 2.2), so that few labels without
    an error do not make the scores certain.

    Args:
        logits: (N, K).
        targets: (N,) int64; negative where there is no label.

    Returns:
        A number from 0.1 to 10; 1 if there is no label at all.
    """
    known = targets >= 0
    if not bool(known.any()):
        return 1.0
    logits, targets = logits[known].double(), targets[known]
    number, labels = logits.shape
    smoothing = min(1.0, labels / (max(1, labels - 1) * (number + 2)))

    def nats(log_temperature: float) -> float:
        return float(cross_entropy(logits / math.exp(log_temperature), targets, label_smoothing=smoothing))

    low, high = math.log(0.1), math.log(10)
    for _ in range(40):
        width = (math.sqrt(5) - 1) / 2 * (high - low)
        if nats(high - width) < nats(low + width):
            high = low + width
        else:
            low = high - width
    return math.exp((low + high) / 2)


@torch.no_grad()
def apply_temperature(head: nn.Linear, temperature: float) -> None:
    """Divide the scores of a head by a temperature, for good."""
    head.weight.div_(temperature)
    head.bias.div_(temperature)
