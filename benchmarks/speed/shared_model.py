"""One tagger that threads share, beside the same tagger in one thread.

Run: ``python -m benchmarks.speed.shared_model MODEL TEST.conllu``. Every round tags the same texts with one thread and
with several, in turn, through the public interface. Above 1, several threads tag more in the same time.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measuring import machine_facts, markdown, report
from tagger import Tagger

KINDS = {
    "a sentence a call": (1, 1),
    "5 to 50 sentences a call": (5, 50),
    "100 sentences a call": (100, 100),
    "mixed, 1 to 100": (1, 100),
}
"""Fewest and most sentences of a text."""


def main() -> None:
    """Measure, print a table."""
    arguments = _arguments()
    before = machine_facts()
    words = _sentences(arguments.test)
    rows, results = [], {}
    for kind, (fewest, most) in KINDS.items():
        texts = _texts(words, fewest, most, arguments.words)
        one, several = _seconds(arguments, texts)
        ratio = one / several
        results[kind] = {"one": one, "several": several, "ratio": ratio}
        number = sum(len(text.split()) for text in texts)
        rows.append((kind, str(len(texts)), f"{number / one:,.0f}", f"{number / several:,.0f}", f"{ratio:.2f}"))
    head = ("texts", "number", "words/s, one thread", f"words/s, {arguments.users} threads", "ratio")
    report("A tagger shared by threads", markdown(head, rows), results, arguments.out, before)


def _seconds(arguments: argparse.Namespace, texts: Sequence[str]) -> tuple[float, float]:
    """Return the median seconds of one thread and of several."""
    tagger = Tagger.load(arguments.model, threads=arguments.threads)
    right = [str(tagger.tag(text)) for text in texts]
    alone, shared = [], []
    for _ in range(arguments.rounds):
        started = time.perf_counter()
        for text in texts:
            tagger.tag(text)
        alone.append(time.perf_counter() - started)
        with ThreadPoolExecutor(arguments.users) as pool:
            started = time.perf_counter()
            found = list(pool.map(tagger.tag, texts))
            shared.append(time.perf_counter() - started)
        assert [str(tagged) for tagged in found] == right
    return statistics.median(alone), statistics.median(shared)


def _texts(sentences: Sequence[str], fewest: int, most: int, words: int) -> list[str]:
    """Draw texts of some sentences until they have so many words."""
    rng = random.Random(1)
    texts: list[str] = []
    while words > 0:
        texts.append(" ".join(rng.choices(sentences, k=rng.randint(fewest, most))))
        words -= len(texts[-1].split())
    return texts


def _sentences(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model folder, or a bundled model")
    parser.add_argument("test", type=Path, help="CoNLL-U with texts")
    parser.add_argument("--threads", type=int, help="of the tagger; all cores by default")
    parser.add_argument("--users", type=int, default=8, help="threads that share it")
    parser.add_argument("--words", type=int, default=40_000, help="of each kind of text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write NAME.md and NAME.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
