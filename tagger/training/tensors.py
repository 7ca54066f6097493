"""Arrays of words as tensors on a device."""

from __future__ import annotations

import torch
from torch import Tensor

from tagger.corpora.encoding.word_features import WordArrays


def word_tensors(arrays: WordArrays, device: torch.device) -> tuple[Tensor | None, ...]:
    """Word arrays as tensors, in the order that ``WordRepresentation.forward`` takes them."""
    columns = (arrays.word_ids, arrays.affix_ids, arrays.char_ids, arrays.vector_ids)
    return tuple(None if column is None else torch.from_numpy(column).to(device) for column in columns)
