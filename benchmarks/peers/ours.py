"""This toolkit with its default settings, in the calling environment.

Options: ``threads``, ``precision`` (tagging), and any dotted setting such as ``encoder.layers`` (training).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.peers.conllu_lines import Sentences
from benchmarks.peers.worker import Data, Options, Tag, main
from benchmarks.settings import parse_value


class Ours:
    """Timed from the files to the finished model folder: reading, training, scoring dev and test, saving."""

    name = "ours"

    def version(self) -> str:
        """Release of the package."""
        import tagger

        return tagger.__version__

    def train(self, data: Data, out: Path, seed: int, options: Options) -> dict[str, Any]:
        """Train one model with ``train_runs``."""
        from tagger.config.tagger import Config
        from tagger.corpora.read_corpus import read_corpus
        from tagger.sequence_labelling.train import train_runs
        from tagger.training.task import RunOptions

        dotted = {name: parse_value(value) for name, value in options.items() if "." in name}
        config = Config(column=data.column).with_settings(dotted).with_seed(seed)
        train, dev, test = map(str, (data.train, data.dev, data.test))
        started = time.perf_counter()
        corpus = read_corpus(train=train, dev=dev, test=test, column=data.column, offline=True)
        run = RunOptions(out=out, overwrite=True, device="cpu", threads=_threads(options))
        best = train_runs(corpus, config, run).best
        return {
            "train_seconds": time.perf_counter() - started,
            "fit_seconds": best.log[-1]["seconds"],
            "epochs": len(best.log),
            "dev_accuracy": best.scores["dev"].accuracy,
            "settings": best.model.saved.config.to_dict(),
        }

    def load(self, folder: Path, options: Options) -> Tag:
        """Load with ``Tagger.load``."""
        from tagger.inference.tagger import Tagger

        precision = options.get("precision", "auto")
        tagger = Tagger.load(folder, device="cpu", threads=_threads(options), precision=precision)

        def tag(sentences: Sentences) -> Sentences:
            return [sentence.tags for sentence in tagger.tag_sentences(sentences)]

        return tag


def _threads(options: Options) -> int | None:
    return int(options["threads"]) if "threads" in options else None


if __name__ == "__main__":
    main(Ours())
