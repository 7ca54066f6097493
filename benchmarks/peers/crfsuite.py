"""CRFsuite (Okazaki 2007) through sklearn-crfsuite, with word, affix, shape and window templates.

Trained by L-BFGS; the penalties c1 (L1) and c2 (L2) are chosen on dev from a grid. The features that depend on
a word alone are made once a type, as a careful user would do: it doubles the speed of tagging.
Options: ``grid`` (``c1:c2,c1:c2,...``), ``iterations``.
"""

from __future__ import annotations

import re
import time
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.peers import conllu_lines
from benchmarks.peers.conllu_lines import Sentences
from benchmarks.peers.worker import Data, Options, Tag, main, score

GRID = "0.02:0.02,0.05:0.05,0.1:0.01,0.2:0.1,0.5:0.01,0:0.5"
ITERATIONS = 150
PREFIXES = 4
SUFFIXES = 5
EDGE = "\0"
"""Stands before the first and behind the last word."""


class CrfSuite:
    """Time making the features and training with the chosen penalties, without the search for them."""

    name = "CRFsuite"

    def version(self) -> str:
        """Releases of the wrapper and of python-crfsuite."""
        from importlib.metadata import version

        return f"{version('python-crfsuite')} (sklearn-crfsuite {version('sklearn-crfsuite')})"

    def train(self, data: Data, out: Path, seed: int, options: Options) -> dict[str, Any]:
        """Train one model a grid point; the best on dev is kept. Deterministic: ``seed`` is not used."""
        started = time.perf_counter()
        tokens, tags = conllu_lines.read(data.train, data.column)
        features = list(map(sentence_features, tokens))
        preparing = time.perf_counter() - started
        dev_tokens, dev_tags = conllu_lines.read(data.dev, data.column)
        dev_features = list(map(sentence_features, dev_tokens))
        tried: list[dict[str, float]] = []
        for point in options.get("grid", GRID).split(","):
            c1, c2 = map(float, point.split(":"))
            started = time.perf_counter()
            crf = _crf(out / f"{len(tried)}.crfsuite", c1, c2, int(options.get("iterations", ITERATIONS)))
            crf.fit(features, tags)
            seconds = time.perf_counter() - started
            accuracy = score(dev_tokens, dev_tags, crf.predict(dev_features), set())["accuracy"]
            tried.append({"c1": c1, "c2": c2, "dev_accuracy": accuracy, "train_seconds": seconds})
        best = max(range(len(tried)), key=lambda i: tried[i]["dev_accuracy"])
        _keep(out, best)
        return {
            **tried[best],
            "train_seconds": preparing + tried[best]["train_seconds"],
            "search_seconds": sum(run["train_seconds"] for run in tried),
            "tried": tried,
        }

    def load(self, folder: Path, options: Options) -> Tag:
        """Open the model; the caches of word features start empty."""
        import sklearn_crfsuite

        for cached in (_own, _near, _far):
            cached.cache_clear()
        crf = sklearn_crfsuite.CRF(model_filename=str(_model(folder)))

        def tag(sentences: Sentences) -> Sentences:
            return [list(crf.predict_single(sentence_features(sentence))) for sentence in sentences]

        return tag


def _crf(path: Path, c1: float, c2: float, iterations: int) -> Any:
    import sklearn_crfsuite

    return sklearn_crfsuite.CRF(
        algorithm="lbfgs",
        c1=c1,
        c2=c2,
        max_iterations=iterations,
        all_possible_transitions=True,
        model_filename=str(path),
    )


def _keep(out: Path, best: int) -> None:
    """Name the best of the numbered models as the model, delete the others."""
    (out / f"{best}.crfsuite").replace(_model(out))
    for path in out.glob("[0-9]*.crfsuite"):
        path.unlink()


def sentence_features(words: list[str]) -> list[list[str]]:
    """The features of each of T words."""
    around = [EDGE, EDGE, *words, EDGE, EDGE]
    return [_features(*around[i : i + 5]) for i in range(len(words))]


def _features(before2: str, before: str, word: str, after: str, after2: str) -> list[str]:
    bigrams = (f"-1|0={before.lower()}|{word.lower()}", f"0|+1={word.lower()}|{after.lower()}")
    near = chain(_near("-1", before), _near("+1", after))
    return [*_own(word), *near, *_far("-2", before2), *_far("+2", after2), *bigrams]


@cache
def _own(word: str) -> list[str]:
    """What a word says of itself."""
    lower = word.lower()
    affixes = [f"p{n}={lower[:n]}" for n in range(1, PREFIXES + 1) if len(lower) >= n]
    affixes += [f"s{n}={lower[-n:]}" for n in range(1, SUFFIXES + 1) if len(lower) >= n]
    shape = _shape(word)
    kinds = {
        "title": word.istitle(),
        "upper": word.isupper(),
        "hyphen": "-" in word,
        "digit": any(map(str.isdigit, word)),
    }
    return [
        "bias",
        f"w={word}",
        f"l={lower}",
        f"shape={shape}",
        f"short={_short(shape)}",
        *affixes,
        *(kind for kind, holds in kinds.items() if holds),
    ]


@cache
def _near(place: str, word: str) -> list[str]:
    """What a direct neighbour says."""
    if word == EDGE:
        return [f"{place}:edge"]
    lower = word.lower()
    return [
        f"{place}:l={lower}",
        f"{place}:s2={lower[-2:]}",
        f"{place}:s3={lower[-3:]}",
        f"{place}:short={_short(_shape(word))}",
    ]


@cache
def _far(place: str, word: str) -> list[str]:
    """What a neighbour two words away says."""
    return [f"{place}:l={word.lower()}"]


def _shape(word: str) -> str:
    """``Xxxx-dd`` for ``Word-12``, at most 12 characters."""
    return "".join(map(_kind, word[:12]))


def _kind(character: str) -> str:
    if character.isdigit():
        return "d"
    if character.isupper():
        return "X"
    return "x" if character.isalpha() else character


def _short(shape: str) -> str:
    """A shape with repetitions taken out: ``Xx-d``."""
    return re.sub(r"(.)\1+", r"\1", shape)


def _model(folder: Path) -> Path:
    return folder / "model.crfsuite"


if __name__ == "__main__":
    main(CrfSuite())
