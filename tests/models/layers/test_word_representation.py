"""The joined and projected vector of a word, against the sum written out."""

from __future__ import annotations

import torch
from torch import nn

from tagger.models.layers.character_encoders import CharacterLSTM
from tagger.models.layers.word_representation import WordRepresentation

WORD_IDS = torch.tensor([3, 0, 1])
AFFIX_IDS = torch.tensor([[0, 4], [2, 2], [5, 1]])
CHAR_IDS = torch.tensor([[2, 4, 3], [2, 3, 0], [2, 5, 3]])
VECTOR_IDS = torch.tensor([3, 5, 1])


def everything() -> WordRepresentation:
    torch.manual_seed(2)
    words = WordRepresentation(
        num_words=4,
        embedding_size=3,
        num_affixes=6,
        affixes_per_word=2,
        affix_size=2,
        characters=CharacterLSTM(num_characters=6, embedding_size=2, output_size=4),
        vectors=torch.randn(6, 5),
        output_size=7,
    )
    return words.double().eval()


def test_parts_are_joined_projected_and_squashed() -> None:
    words = everything()
    assert words.affixes is not None
    assert words.characters is not None
    assert words.projection is not None
    found = words(WORD_IDS, AFFIX_IDS, CHAR_IDS, VECTOR_IDS)
    assert found.shape == (3, words.output_size) == (3, 7)
    for n in range(3):
        joined = torch.cat(
            [
                words.embedding.weight[WORD_IDS[n]],
                words.affixes.weight[AFFIX_IDS[n, 0]],
                words.affixes.weight[AFFIX_IDS[n, 1]],
                words.characters(CHAR_IDS[n : n + 1])[0],
                words.get_buffer("vectors")[VECTOR_IDS[n]],
            ]
        )
        expected = torch.tanh(words.projection.weight @ joined + words.projection.bias)
        torch.testing.assert_close(found[n], expected, rtol=0, atol=1e-12)


def test_a_word_does_not_depend_on_the_others() -> None:
    words = everything()
    together = words(WORD_IDS, AFFIX_IDS, CHAR_IDS, VECTOR_IDS)
    for n in range(3):
        row = slice(n, n + 1)
        alone = words(WORD_IDS[row], AFFIX_IDS[row], CHAR_IDS[row], VECTOR_IDS[row])
        torch.testing.assert_close(together[row], alone, rtol=0, atol=1e-12)


def test_vectors_stay_as_they_are_and_all_else_learns() -> None:
    words = everything()
    words(WORD_IDS, AFFIX_IDS, CHAR_IDS, VECTOR_IDS).pow(2).sum().backward()
    assert "vectors" not in dict(words.named_parameters())
    assert "vectors" in words.state_dict()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in words.parameters())


def test_the_embedding_alone_is_enough() -> None:
    words = WordRepresentation(num_words=4, embedding_size=3, output_size=2)
    assert isinstance(words.projection, nn.Linear)
    expected = torch.tanh(words.projection(words.embedding.weight[WORD_IDS]))
    torch.testing.assert_close(words(WORD_IDS), expected)


def test_vectors_are_found_by_the_word_where_no_other_rows_are_given() -> None:
    vectors = torch.randn(4, 2)
    words = WordRepresentation(num_words=4, embedding_size=3, vectors=vectors, output_size=2)
    torch.testing.assert_close(words(WORD_IDS), words(WORD_IDS, vector_ids=WORD_IDS))
    assert not torch.equal(words(WORD_IDS), words(WORD_IDS, vector_ids=torch.tensor([1, 1, 2])))


def test_a_size_of_nothing_leaves_the_parts_as_they_are() -> None:
    vectors = torch.randn(4, 2)
    words = WordRepresentation(num_words=4, embedding_size=3, vectors=vectors, output_size=0)
    assert words.projection is None
    assert words.output_size == 5
    assert torch.equal(words(WORD_IDS), torch.cat([words.embedding.weight[WORD_IDS], vectors[WORD_IDS]], 1))
