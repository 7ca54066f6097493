"""The vector of a word from its form, computed once for each distinct word."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tagger.models.layers.embedding import make_embedding


class WordRepresentation(nn.Module):
    """Word embedding, affix embeddings, character encoder and fixed vectors, joined and (usually) projected.

    Args:
        num_words: rows of the word embedding; id 0 is the unknown word.
        embedding_size: E of the word embedding.
        num_affixes: rows of the affix embedding, 0 for none.
        affixes_per_word: F, affix features of a word.
        affix_size: E of one affix feature.
        characters: module from character ids (N, C) to (N, size), with ``output_size``; None for none.
        vectors: (num_words, size) pre-trained vectors beside the embedding, kept as they are; None for none.
        output_size: D of the projected word vector; 0 for the joined vector as it is.
    """

    def __init__(
        self,
        *,
        num_words: int,
        embedding_size: int,
        num_affixes: int = 0,
        affixes_per_word: int = 0,
        affix_size: int = 0,
        characters: nn.Module | None = None,
        vectors: Tensor | None = None,
        output_size: int,
    ) -> None:
        super().__init__()
        self.embedding = make_embedding(num_words, embedding_size, spread=embedding_size**-0.5)
        joined_size = embedding_size
        self.affixes: nn.Embedding | None = None
        if num_affixes:
            self.affixes = make_embedding(num_affixes, affix_size, spread=affix_size**-0.5)
            joined_size += affixes_per_word * affix_size
        self.characters = characters
        if characters is not None:
            joined_size += int(characters.output_size)  # type: ignore[arg-type]
        self.register_buffer("vectors", vectors)
        if vectors is not None:
            joined_size += vectors.shape[1]
        self.projection = nn.Linear(joined_size, output_size) if output_size else None
        self.output_size = output_size or joined_size

    def forward(
        self,
        word_ids: Tensor,
        affix_ids: Tensor | None = None,
        char_ids: Tensor | None = None,
        vector_ids: Tensor | None = None,
    ) -> Tensor:
        """Represent N words as (N, D) vectors.

        Args:
            word_ids: (N,) int64, 0 for words that are unknown (or hidden by word dropout).
            affix_ids: (N, F) int64 rows of the affix embedding.
            char_ids: (N, C) int64.
            vector_ids: (N,) int64 rows of the fixed vectors; ``word_ids`` if None.
        """
        parts = [self.embedding(word_ids)]
        if self.affixes is not None:
            parts.append(self.affixes(affix_ids).flatten(1))
        if self.characters is not None:
            parts.append(self.characters(char_ids))
        if self.vectors is not None:
            parts.append(self.vectors[word_ids if vector_ids is None else vector_ids])  # type: ignore[index]
        joined = torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
        return joined if self.projection is None else torch.tanh(self.projection(joined))
