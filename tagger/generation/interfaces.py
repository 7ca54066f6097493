"""What generation and scoring need of a language model, whatever network is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from torch import Tensor

from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.tokenization.passages import TextSegment

State: TypeAlias = Any
"""What the network remembers of B streams; only the predictor looks inside."""


class TokenPredictor(Protocol):
    """Reads units and predicts the next one. Before the first sentence callers read one ``<eos>``."""

    @property
    def size(self) -> int:
        """V."""

    def start(self, batch: int) -> State:
        """The state of B streams that have read nothing."""

    def read(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read (T, B) ids; (T, B, V) float32 log-probabilities (nats) of the unit after each, and the new state."""

    def next(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read (T, B) ids; (B, V) log-probabilities after the last of them, and the new state."""

    def pick(self, state: State, rows: Tensor) -> State:
        """The state of the streams ``rows`` (B'), which may repeat."""


class TokenCodec(Protocol):
    """The part of ``tagger.corpora.subwords.base.SubwordTokenizer`` that is needed here.

    Attributes:
        vocabulary: words, pieces or characters by id.
        kind: "word", "bpe" or "char".
        end: id of ``<eos>``.
    """

    @property
    def vocabulary(self) -> Vocabulary:
        """See class."""

    @property
    def kind(self) -> str:
        """See class."""

    @property
    def end(self) -> int:
        """See class."""

    def encode(self, passage: TextSegment) -> tuple[list[int], list[int]]:
        """Unit ids without the end, and the number of the word that each belongs to."""

    def symbols(self, ids: Sequence[int]) -> list[str]:
        """The units as strings."""

    def decode(self, ids: Sequence[int]) -> str:
        """Readable text."""
