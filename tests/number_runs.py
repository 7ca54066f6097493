"""Commands that learn numbers within a second, over time and over words, with all that is drawn at random."""

from __future__ import annotations

import random
from pathlib import Path

from tests.tagger.forecasting.synthetic_series import write_wave

Command = list[str | Path]
OPTIONS: Command = ["--hidden-size", "8", "--epochs", "6", "--dropout", "0.3", "--threads", "1", "--quiet"]
WORDS = ["the", "dog", "sees", "a", "cat"]


def series_command(folder: Path) -> Command:
    """Learn two series of days, with holes."""
    table = write_wave(folder / "wave.csv", 200, ("a", "b"))
    rows = table.read_text(encoding="utf-8").splitlines()
    for place in (30, 31, 150, 260):
        day, _, *rest = rows[place].split(",")
        rows[place] = ",".join([day, "", *rest])
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    columns: Command = ["--targets", "load", "--features", "wind", "--group", "site", "--horizon", "2"]
    return ["train", "series", table, *columns, *OPTIONS, "--batch-tokens", "160", "--window", "16"]


def words_command(folder: Path) -> Command:
    """Learn a number for every word."""
    chance = random.Random(4)
    sentences = [
        "".join(
            f"{n}\t{word}\t_\t_\t_\t_\t_\t_\t_\tRT={300 + 20 * len(word) + chance.random():.2f}\n"
            for n, word in enumerate(chance.sample(WORDS, 4), 1)
        )
        for _ in range(200)
    ]
    path = folder / "numbers.conllu"
    path.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    return ["train", "series", path, "--targets", "RT", *OPTIONS, "--batch-tokens", "40"]
