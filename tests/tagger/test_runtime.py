"""Running out of memory ends in one line; other errors pass."""

from __future__ import annotations

import pytest
import torch

from tagger.errors import TrainingError
from tagger.runtime import intra_op_threads, memory_watched


def test_a_tensor_too_large_for_memory_is_one_line() -> None:
    with pytest.raises(TrainingError, match=r"not enough memory.*--hidden-size"), memory_watched():
        torch.empty(1 << 50)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), memory_watched():
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    with intra_op_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
