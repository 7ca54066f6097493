"""The token regressor that people use: words in, numbers out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from tagger.config.tagger import TAG
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.batching import assemble, plan
from tagger.corpora.encoding.encoded_split import encode_split
from tagger.errors import ModelError
from tagger.inference.arguments import split_text
from tagger.inference.tagged_text import TaggedSentence, TaggedText
from tagger.runtime.device import check_threads, choose_device
from tagger.sequence_labelling.objective import EVALUATION_TOKENS, SplitTensors, score_batch
from tagger.serialization.checkpoint import REGRESSION, SavedModel, load_model
from tagger.serialization.manifest import find_model

SENTENCES_AHEAD = 500


class TokenRegressor:
    """A trained model that gives every word one number, or several.

    Args:
        saved: the contents of a model folder.
        device: "auto", "cpu" or "cuda".
        threads: checked; one is used.
    """

    def __init__(self, saved: SavedModel, *, device: str = "auto", threads: int | None = None) -> None:
        if saved.scaling is None or not isinstance(saved.config, TokenRegressorConfig):
            raise ModelError(f"the model has no head that predicts numbers; its heads: {', '.join(saved.heads)}")
        check_threads(threads)
        self.saved = saved
        self.scaling = saved.scaling
        self.targets = saved.config.targets
        self.column = "_".join(self.targets)
        self.tokenizer = saved.tokenizer
        self.device = choose_device(device)
        self.network = saved.model.to(self.device).eval()

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto", threads: int | None = None) -> TokenRegressor:
        """Load a model folder.

        Raises:
            ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
        """
        return cls(load_model(find_model(path), REGRESSION), device=device, threads=threads)

    @torch.inference_mode()
    def predict(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Predict the numbers of each sentence: (T, K) float64, in the unit of the training data."""
        split = SplitTensors.on(self.device, encode_split(sentences, {}, self.saved.features, {}))
        encoded = split.encoded
        scaled = np.zeros((len(encoded.type_ids), len(self.targets)))
        for chosen in plan(encoded.lengths, EVALUATION_TOKENS):
            batch = assemble(encoded, chosen)
            scaled[batch.positions] = score_batch(self.network, split, batch)[TAG].cpu().numpy()
        return np.split(scaled * self.scaling.std + self.scaling.mean, encoded.offsets[1:-1])

    def tag_sentences(self, sentences: Iterable[Sequence[str]], *, scores: bool = False) -> Iterator[TaggedSentence]:
        """Write numbers as tags, with four digits, several separated by commas: lazy in, lazy out, order kept.

        Args:
            sentences: token lists; an empty one gives an empty result.
            scores: ignored, as a number has no posterior.
        """
        stream = iter(sentences)
        while window := list(islice(stream, SENTENCES_AHEAD)):
            for tokens, rows in zip(window, self.predict(window), strict=True):
                yield TaggedSentence(tokens, [",".join(f"{value:.4g}" for value in row) for row in rows])

    def tag(self, text: str) -> TaggedText:
        """Tag a raw text that the model's rules split."""
        sentences = [[token.text for token in sentence] for sentence in split_text(text, self.tokenizer, "text")]
        return TaggedText(list(self.tag_sentences(sentences)))
