"""Character encoders against one word at a time; padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tagger.models.layers.character_encoders import CharacterCNN, CharacterLSTM
from tests import reference

WORDS = [[2, 5, 6, 7, 5, 3], [2, 9, 3], [2, 3], [2, 1, 4, 4, 3]]


def padded(words: list[list[int]], extra: int = 0) -> Tensor:
    width = max(map(len, words)) + extra
    return torch.tensor([word + [0] * (width - len(word)) for word in words])


def lstm(output_size: int = 5) -> CharacterLSTM:
    torch.manual_seed(5)
    return CharacterLSTM(num_characters=10, embedding_size=3, output_size=output_size).double()


def cnn(output_size: int = 8) -> CharacterCNN:
    torch.manual_seed(5)
    return CharacterCNN(num_characters=10, embedding_size=3, output_size=output_size).double()


@pytest.mark.parametrize("encoder", [lstm(), cnn()], ids=["lstm", "cnn"])
@pytest.mark.parametrize("extra", [0, 1, 7])
def test_padding_and_companions_change_nothing(encoder: nn.Module, extra: int) -> None:
    together = encoder(padded(WORDS, extra))
    for row, word in zip(together, WORDS, strict=True):
        torch.testing.assert_close(row, encoder(torch.tensor([word]))[0], rtol=0, atol=1e-12)


def test_lstm_is_the_last_state_of_either_direction() -> None:
    encoder = lstm()
    vectors = encoder(padded(WORDS, 2))
    assert vectors.shape == (4, encoder.output_size) == (4, 5)
    weights = [dict(layer.named_parameters()) for layer in (encoder.forward_lstm, encoder.backward_lstm)]
    for vector, word in zip(vectors, WORDS, strict=True):
        characters = list(encoder.embedding(torch.tensor(word)))
        forward = reference.run_layer("lstm", characters, weights[0])[-1]
        backward = reference.run_layer("lstm", characters[::-1], weights[1])[-1]
        torch.testing.assert_close(vector, torch.cat([forward, backward]), rtol=0, atol=1e-12)


def test_cnn_is_the_largest_response_over_the_word() -> None:
    encoder = cnn()
    vectors = encoder(padded(WORDS, 3)).detach().numpy()
    assert vectors.shape == (4, encoder.output_size) == (4, 8)
    for vector, word in zip(vectors, WORDS, strict=True):
        characters = encoder.get_parameter("embedding.weight")[word].detach().numpy()
        responses = np.concatenate(
            [
                reference.convolve(characters, *(parameter.detach().numpy() for parameter in layer.parameters()))
                for layer in encoder.convolutions
            ]
        )
        np.testing.assert_allclose(vector, np.maximum(responses, 0), rtol=0, atol=1e-12)
        assert (responses > 0).any()


@pytest.mark.parametrize("encoder", [lstm(), cnn()], ids=["lstm", "cnn"])
def test_padding_learns_nothing_and_all_else_does(encoder: nn.Module) -> None:
    encoder.zero_grad()
    encoder(padded(WORDS, 2)).pow(2).sum().backward()
    embedding = encoder.get_parameter("embedding.weight")
    assert embedding.grad is not None
    assert not embedding[0].any()
    assert not embedding.grad[0].any()
    used = sorted({character for word in WORDS for character in word})
    assert all(embedding.grad[character].any() for character in used)


@pytest.mark.parametrize("size", [3, 7, 100])
def test_any_output_size_is_shared_out_without_loss(size: int) -> None:
    assert lstm(size)(padded(WORDS)).shape == cnn(size)(padded(WORDS)).shape == (4, size)
