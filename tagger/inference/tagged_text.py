"""Results of tagging: a sentence with its tags, and the sentences of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(slots=True, eq=False, repr=False)
class TaggedSentence:
    """A sentence of T words with their tags.

    Args:
        tokens: the T words.
        tags: the T tags.
        scores: posterior probability of each tag, or None if not requested.
        offsets: start and end of each word in the raw text, in code points, or None for pre-tokenised input.
    """

    tokens: Sequence[str]
    tags: list[str]
    scores: list[float] | None = None
    offsets: list[tuple[int, int]] | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of word and tag."""
        return iter(zip(self.tokens, self.tags, strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaggedSentence):
            return NotImplemented
        return list(self.tokens) == list(other.tokens) and self.tags == other.tags

    def __str__(self) -> str:
        return " ".join(f"{token}/{tag}" for token, tag in self)

    __repr__ = __str__


class TaggedText(Sequence[TaggedSentence]):
    """The tagged sentences of a raw text, in order."""

    def __init__(self, sentences: list[TaggedSentence]) -> None:
        self.sentences = sentences

    @property
    def tokens(self) -> list[str]:
        """The words of all sentences."""
        return [token for sentence in self.sentences for token in sentence.tokens]

    @property
    def tags(self) -> list[str]:
        """The tags of all sentences."""
        return [tag for sentence in self.sentences for tag in sentence.tags]

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        """One sentence, or a list of them for a slice."""
        return self.sentences[index]

    def __len__(self) -> int:
        return len(self.sentences)

    def __str__(self) -> str:
        return "\n".join(map(str, self.sentences))

    __repr__ = __str__
