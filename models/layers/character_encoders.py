"""A vector for a word from its characters: LSTM (Ling et al. 2015) or CNN (Ma and Hovy 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tagger.models.layers.embedding import make_embedding


def trimmed(char_ids: Tensor) -> Tensor:
    """Cut padding that no word of the batch needs: (N, C) to (N, longest), at least (N, 1)."""
    longest = int((char_ids != 0).sum(1).max()) if len(char_ids) else 0
    return char_ids[:, : max(1, longest)]


class CharacterLSTM(nn.Module):
    """The last states of a forward and a backward LSTM over the characters of a word.

    Args:
        num_characters: rows of the character embedding; id 0 is padding.
        embedding_size: E of a character.
        output_size: size of a word's vector; each direction gives half.
    """

    def __init__(self, *, num_characters: int, embedding_size: int, output_size: int) -> None:
        super().__init__()
        self.embedding = make_embedding(num_characters, embedding_size, padding_idx=0)
        self.forward_lstm = nn.LSTM(embedding_size, output_size // 2)
        self.backward_lstm = nn.LSTM(embedding_size, output_size - output_size // 2)
        self.output_size = output_size

    def forward(self, char_ids: Tensor) -> Tensor:
        """Encode words: (N, output_size) from (N, C) int64, padded on the right with 0."""
        char_ids = trimmed(char_ids)
        lengths = (char_ids != 0).sum(1)  # (N,)
        steps = torch.arange(char_ids.shape[1], device=char_ids.device)
        flip = (lengths.unsqueeze(1) - 1 - steps).clamp(min=0)  # (N, C)
        last = (lengths - 1).clamp(min=0)
        rows = torch.arange(len(char_ids), device=char_ids.device)
        forwards, _ = self.forward_lstm(self.embedding(char_ids).transpose(0, 1))  # (C, N, H)
        backwards, _ = self.backward_lstm(self.embedding(char_ids.gather(1, flip)).transpose(0, 1))
        return torch.cat([forwards[last, rows], backwards[last, rows]], dim=-1)


class CharacterCNN(nn.Module):
    """The maximum over positions of convolutions of several widths over the characters of a word.

    Args:
        num_characters: rows of the character embedding; id 0 is padding.
        embedding_size: E of a character.
        output_size: size of a word's vector, shared out among the widths.
        widths: characters seen by a filter.
    """

    def __init__(
        self,
        *,
        num_characters: int,
        embedding_size: int,
        output_size: int,
        widths: tuple[int, ...] = (2, 3, 4),
    ) -> None:
        super().__init__()
        self.embedding = make_embedding(num_characters, embedding_size, padding_idx=0)
        sizes = [output_size // len(widths)] * len(widths)
        sizes[-1] += output_size - sum(sizes)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(embedding_size, size, width, padding=width - 1) for size, width in zip(sizes, widths, strict=True)
        )
        self.output_size = output_size

    def forward(self, char_ids: Tensor) -> Tensor:
        """Encode words: (N, output_size) from (N, C) int64, padded on the right with 0.

        Filters that see only padding are left out, so padding changes nothing.
        """
        char_ids = trimmed(char_ids)
        embedded = self.embedding(char_ids).transpose(1, 2)  # (N, E, C)
        lengths = (char_ids != 0).sum(1, keepdim=True)  # (N, 1)
        outputs = []
        for convolution in self.convolutions:
            filtered = convolution(embedded)  # (N, size, C + width - 1)
            positions = torch.arange(filtered.shape[2], device=filtered.device)
            padding = positions >= lengths + convolution.kernel_size[0] - 1  # type: ignore[index]
            outputs.append(filtered.masked_fill(padding.unsqueeze(1), float("-inf")).amax(2))
        return torch.relu(torch.cat(outputs, dim=1))
