"""NLTK's averaged perceptron (Honnibal 2013), as its documentation trains it."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import conllu_lines
from benchmarks.peers.conllu_lines import Sentences
from benchmarks.peers.worker import Data, Options, Tag, main

ITERATIONS = 5
"""NLTK's default."""


class Perceptron:
    """Timed: ``PerceptronTagger.train`` on sentences in memory."""

    name = "NLTK perceptron"

    def version(self) -> str:
        """Release of NLTK."""
        import nltk

        return str(nltk.__version__)

    def train(self, data: Data, out: Path, seed: int, options: Options) -> dict[str, Any]:
        """Train for ``iterations`` passes."""
        from nltk.tag.perceptron import PerceptronTagger

        tokens, tags = conllu_lines.read(data.train, data.column)
        sentences = [list(zip(*pair, strict=True)) for pair in zip(tokens, tags, strict=True)]
        random.seed(seed)
        tagger = PerceptronTagger(load=False)
        started = time.perf_counter()
        tagger.train(sentences, nr_iter=int(options.get("iterations", ITERATIONS)))
        seconds = time.perf_counter() - started
        (out / "perceptron.json").write_text(json.dumps(tagger.encode_json_obj()), encoding="utf-8")
        return {"train_seconds": seconds}

    def load(self, folder: Path, options: Options) -> Tag:
        """Load the weights."""
        from nltk.tag.perceptron import PerceptronTagger

        tagger = PerceptronTagger(load=False)
        tagger.decode_json_params(json.loads((folder / "perceptron.json").read_text(encoding="utf-8")))

        def tag(sentences: Sentences) -> Sentences:
            return [[label for _, label in tagger.tag(sentence)] for sentence in sentences]

        return tag


if __name__ == "__main__":
    main(Perceptron())
