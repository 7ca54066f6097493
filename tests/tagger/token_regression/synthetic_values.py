"""Small corpora with numbers beside words that tests train on."""

from __future__ import annotations

import random
from pathlib import Path

WORDS = ["the", "dog", "river", "stones", "washes", "slowly", "extraordinary", "a"]
QUICK = {
    "targets": ["rt"],
    "words.embedding_size": 8,
    "words.characters": "affix",
    "words.affix_size": 4,
    "words.output_size": 12,
    "encoder.hidden_size": 8,
    "training.epochs": 12,
    "training.batch_tokens": 60,
    "training.learning_rate": 2e-2,
    "training.dropout": 0.0,
    "training.word_dropout": 0.0,
    "training.average": 0.5,
}


def sentences(number: int = 90) -> list[tuple[list[str], list[float]]]:
    """A reading time is 200 and 10 for each letter of the word and of the one before."""
    rng = random.Random(1)
    made = []
    for _ in range(number):
        words = [rng.choice(WORDS) for _ in range(5)]
        before = ["", *words]
        made.append((words, [200.0 + 10 * len(w) + 10 * len(b) for w, b in zip(words, before, strict=False)]))
    return made


def write_conllu(path: Path, made: list[tuple[list[str], list[float]]]) -> Path:
    blocks = []
    for words, times in made:
        pairs = enumerate(zip(words, times, strict=True), 1)
        blocks.append("".join(f"{n}\t{w}\t_\tX\t_\t_\t0\tdep\t_\trt={t}|X=1\n" for n, (w, t) in pairs) + "\n")
    path.write_text("".join(blocks), encoding="utf-8")
    return path
