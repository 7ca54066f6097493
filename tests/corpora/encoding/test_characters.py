"""Words as character ids."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from tagger.corpora.encoding.characters import END, PADDING, START, UNKNOWN, Characters


def test_the_alphabet_holds_characters_of_enough_words() -> None:
    characters = Characters.fit(["abba", "cab", "xx", "b"], min_types=2)
    assert characters.alphabet == "ab"  # x occurs twice, but in one word
    assert len(characters) == 6


def test_words_are_spelled_between_marks() -> None:
    characters = Characters("ab")
    assert characters.spell("ab?") == [START, 4, 5, UNKNOWN, END]
    assert characters.spell("") == [START, END]


def test_padding_stands_on_the_right() -> None:
    rows = Characters("ab").encode(["a", "abb", ""])
    assert rows.dtype == np.int64
    assert rows.tolist() == [
        [START, 4, END, PADDING, PADDING],
        [START, 4, 5, 5, END],
        [START, END, PADDING, PADDING, PADDING],
    ]
    assert Characters("ab").encode([]).shape[0] == 0


@pytest.mark.parametrize("length", [8, 9, 100_000])
def test_long_words_keep_their_ends(length: int) -> None:
    characters = Characters("abc", longest=8)
    word = "a" * 4 + "b" * (length - 8) + "c" * 4
    assert characters.spell(word) == [START, *[4] * 4, *[6] * 4, END]


def test_composed_and_decomposed_spellings_are_one() -> None:
    characters = Characters.fit(["café", "é"])
    assert characters.spell(unicodedata.normalize("NFD", "café")) == characters.spell("café")


def test_jamo_spell_a_syllable_out() -> None:
    characters = Characters.fit(["한", "할"], jamo=True)
    assert len(characters.spell("한")) == 3 + 2
    assert characters.spell("한")[:3] == characters.spell("할")[:3]
    assert UNKNOWN in characters.spell("한")  # its last jamo occurs in one word alone


def test_no_word_is_longer_than_the_limit_even_in_jamo() -> None:
    characters = Characters.fit(["한" * 50, "한"], longest=10, jamo=True)
    assert len(characters.spell("한" * 50)) == 10 + 2
    assert len(characters.spell("한" * 10)) == 10 + 2
