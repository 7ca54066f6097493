"""spaCy's trainable tagger with the configuration of ``spacy init config -p tagger -o efficiency``.

Options: ``language`` (``en``; ``xx`` for languages whose class needs further packages), ``processes``
(``n_process`` of ``nlp.pipe``), ``max_steps`` (for a quick try).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.peers import conllu_lines
from benchmarks.peers.conllu_lines import Sentences
from benchmarks.peers.worker import Data, Options, Tag, main


class Spacy:
    """Timed: ``spacy train`` from DocBin files to the saved pipeline; converting to DocBin is not counted."""

    name = "spaCy efficiency"

    def version(self) -> str:
        """Release of spaCy."""
        import spacy

        return str(spacy.__version__)

    def train(self, data: Data, out: Path, seed: int, options: Options) -> dict[str, Any]:
        """Train with the generated configuration; only paths and the seed are filled in."""
        from spacy.cli.init_config import init_config
        from spacy.cli.train import train

        language = options.get("language", "en")
        for split, path in {"train": data.train, "dev": data.dev}.items():
            _to_docbin(path, data.column, language, out / f"{split}.spacy")
        init_config(lang=language, pipeline=["tagger"], optimize="efficiency").to_disk(out / "config.cfg")
        overrides: dict[str, Any] = {
            "paths.train": str(out / "train.spacy"),
            "paths.dev": str(out / "dev.spacy"),
            "system.seed": seed,
        }
        if "max_steps" in options:
            overrides["training.max_steps"] = int(options["max_steps"])
        started = time.perf_counter()
        train(out / "config.cfg", out, overrides=overrides)
        return {"train_seconds": time.perf_counter() - started}

    def load(self, folder: Path, options: Options) -> Tag:
        """Load the best pipeline; words go in as pre-tokenised Docs."""
        import spacy
        from spacy.tokens import Doc

        nlp = spacy.load(folder / "model-best")
        processes = int(options.get("processes", 1))

        def tag(sentences: Sentences) -> Sentences:
            docs = (Doc(nlp.vocab, words=words) for words in sentences)
            return [[token.tag_ for token in doc] for doc in nlp.pipe(docs, n_process=processes)]

        return tag


def _to_docbin(path: Path, column: str, language: str, out: Path) -> None:
    """One Doc a sentence, the labels as fine-grained tags (what spaCy's tagger learns)."""
    import spacy
    from spacy.tokens import Doc, DocBin

    vocab = spacy.blank(language).vocab
    tokens, tags = conllu_lines.read(path, column)
    docs = [Doc(vocab, words=words, tags=labels) for words, labels in zip(tokens, tags, strict=True)]
    DocBin(docs=docs, attrs=["TAG"]).to_disk(out)


if __name__ == "__main__":
    main(Spacy())
