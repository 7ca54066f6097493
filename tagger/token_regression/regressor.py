"""Words in, numbers out: what ``tagger tag`` uses with a model that was trained on numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch

from tagger.corpora.encoding.batching import assemble, plan
from tagger.corpora.encoding.encoded_split import encode_split
from tagger.inference.tagger import TaggedSentence, TaggedText
from tagger.runtime.device import check_threads, choose_device
from tagger.serialization.bundled import find_model
from tagger.token_regression.checkpoint import SavedTokenRegressor, load_word_numbers
from tagger.token_regression.objective import EVALUATION_TOKENS, batch_numbers

SENTENCES_AHEAD = 500


class TokenRegressor:
    """A trained model that gives every word one number, or several.

    Args:
        saved: the contents of a model folder.
        device: "auto", "cpu" or "cuda".
        threads: checked; one is used.
    """

    def __init__(self, saved: SavedTokenRegressor, *, device: str = "auto", threads: int | None = None) -> None:
        check_threads(threads)
        self.saved = saved
        self.targets = saved.config.targets
        self.column = "_".join(self.targets)
        self.tokenizer = saved.tokenizer
        self.device = choose_device(device)
        self.network = saved.network.to(self.device).eval()

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto", threads: int | None = None) -> TokenRegressor:
        """Load a model folder.

        Raises:
            ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
        """
        return cls(load_word_numbers(find_model(path)), device=device, threads=threads)

    def numbers(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """(T, K) float64 for each sentence, in the unit of the training data."""
        encoded = encode_split(sentences, {}, self.saved.features, {})
        found = np.zeros((len(encoded.type_ids), len(self.targets)))
        with torch.inference_mode():
            for chosen in plan(encoded.lengths, EVALUATION_TOKENS):
                batch = assemble(encoded, chosen)
                found[batch.positions] = batch_numbers(self.network, encoded, batch, self.device).cpu().numpy()
        found = found * self.saved.spread + self.saved.mean
        return np.split(found, encoded.offsets[1:-1])

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[TaggedSentence]:
        """Numbers as tags, of four digits, several parted by commas: lazy in, lazy out, order kept.

        Args:
            sentences: token lists; an empty one gives an empty result.
            scores: not given; a number has no posterior.
        """
        stream = iter(sentences)
        while window := list(islice(stream, SENTENCES_AHEAD)):
            for tokens, rows in zip(window, self.numbers(window), strict=True):
                yield TaggedSentence(tokens, [",".join(f"{value:.4g}" for value in row) for row in rows])

    def tag(self, text: str) -> TaggedText:
        """Raw text, split by the model's rules."""
        sentences = [[token.text for token in sentence] for sentence in self.tokenizer.sentences(text)]
        return TaggedText(list(self.tag_sentences(sentences)))


def flat(arrays: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """(N, K) of arrays (T, K) one after the other."""
    return np.concatenate([np.zeros((0, columns), np.float32), *chain(arrays)])
