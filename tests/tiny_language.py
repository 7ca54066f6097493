"""Settings under which a language model of the tiny treebank's words is trained within a second."""

from __future__ import annotations

from typing import Any

LANGUAGE_SETTINGS: dict[str, Any] = {
    "head.min_count": 1,
    "words.embedding_size": 12,
    "words.affix_size": 4,
    "encoder.hidden_size": 12,
    "encoder.layers": 1,
    "streams.batch_size": 4,
    "streams.bptt": 8,
    "training.epochs": 3,
    "training.learning_rate": 2e-2,
    "training.average": 0.5,
    "training.precision": "float32",
}
OPTIONS = ["--min-count", "1", "--embedding-size", "12", "--hidden-size", "12", "--layers", "1", "--batch-size", "4"]
OPTIONS += ["--bptt", "8", "--epochs", "3", "--learning-rate", "0.02", "--threads", "1"]
"""Nearly the same for the command line."""
