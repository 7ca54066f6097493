"""Sub-word features against a plain listing of the strings they stand for."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from tagger.corpora.encoding.affixes import AffixFeatures, shape
from tagger.corpora.tokenization.rules import is_hangul

PREFIXES, SUFFIXES = 2, 3


def fit(counts: dict[str, int], *, jamo: int = 0, min_types: int = 2) -> AffixFeatures:
    return AffixFeatures.fit(counts, prefixes=PREFIXES, suffixes=SUFFIXES, jamo=jamo, min_types=min_types)


def strings(word: str) -> list[tuple[str, str]]:
    """The features of a short word, by name."""
    lower = word.lower()
    prefixes = [(f"prefix {n}", lower[:n]) for n in range(1, PREFIXES + 1)]
    suffixes = [(f"suffix {n}", lower[max(0, len(lower) - n) :]) for n in range(1, SUFFIXES + 1)]
    return [*prefixes, *suffixes, ("shape", shape(word)), ("form", lower)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("McDonald's", "XxXxx'x"),
        ("B-52", "X-dd"),
        ("UNESCO", "XX"),
        ("running", "xx"),
        ("1990s", "ddx"),
        ("...", ".."),
        ("한국어", "oo"),
        ("Ⅳ½", "nn"),
        ("", ""),
        ("a" * 100_000, "xx"),
    ],
)
def test_shape(word: str, expected: str) -> None:
    assert shape(word) == expected


def test_words_share_a_row_exactly_where_they_share_a_string() -> None:
    counts = {"walking": 1, "talking": 3, "Walk": 1, "king": 1, "wax": 2, "ox": 1}
    affixes = fit(counts)
    words = [*counts, "waking", "zebra"]
    rows = affixes.encode(words)
    assert rows.shape == (len(words), affixes.size) == (len(words), PREFIXES + SUFFIXES + 2)
    assert rows.dtype == np.int64
    for feature in range(affixes.size):
        name = strings("x")[feature][0]
        for a, word in enumerate(words):
            text = strings(word)[feature][1]
            sharing = [other for other in counts if strings(other)[feature][1] == text]
            weight = sum(counts[other] for other in sharing) if name == "form" else len(sharing)
            owns = rows[a, feature] >= affixes.size
            assert owns == (weight >= 2), (name, word)
            if not owns:
                assert rows[a, feature] == feature, "the unknown row of the feature"
            for b, other in enumerate(words):
                if owns:
                    assert (rows[a, feature] == rows[b, feature]) == (strings(other)[feature][1] == text), (name, word)


def test_rows_of_the_table_are_all_used_and_never_exceeded() -> None:
    counts = {"walking": 1, "talking": 3, "Walk": 1, "king": 1}
    affixes = fit(counts, min_types=1)
    rows = affixes.encode(list(counts))
    assert affixes.num_rows == affixes.size + len(affixes.hashes)
    assert set(rows.ravel().tolist()) == set(range(affixes.size, affixes.num_rows))
    assert affixes.encode(["?!"]).max() < affixes.num_rows


def test_the_order_of_the_words_changes_nothing() -> None:
    counts = {"walking": 1, "talking": 3, "Walk": 1, "king": 1}
    assert fit(counts) == fit(dict(reversed(counts.items())))
    rows = fit(counts).encode(["walking", "king"])
    assert np.array_equal(fit(counts).encode(["king", "walking"]), rows[::-1])


def test_a_fitted_table_comes_back_from_its_hashes() -> None:
    affixes = fit({"walking": 1, "talking": 3, "Walk": 1, "king": 1})
    again = AffixFeatures(PREFIXES, SUFFIXES, 0, affixes.hashes)
    assert again == affixes
    assert np.array_equal(again.encode(["talks"]), affixes.encode(["talks"]))


def test_jamo_suffixes_see_inside_a_syllable() -> None:
    # Both end in the jamo ㄴ다, no syllable is shared but the last.
    words = ["간다", "온다", "먹자"]
    affixes = fit(dict.fromkeys(words, 1), jamo=3)
    assert affixes.size == PREFIXES + SUFFIXES + 3 + 2
    rows = affixes.encode(words)
    third = PREFIXES + SUFFIXES + 2  # the longest jamo suffix
    endings = [unicodedata.normalize("NFD", word)[-3:] for word in words]
    assert endings[0] == endings[1] != endings[2]
    assert rows[0, third] == rows[1, third] >= affixes.size
    assert rows[2, third] < affixes.size


def test_jamo_prefixes_see_inside_a_syllable_and_move_no_other_feature() -> None:
    words = ["간다", "감자", "돈"]  # the first two begin with the jamo ㄱㅏ, but with different syllables
    counts = dict.fromkeys(words, 1)
    affixes = AffixFeatures.fit(counts, prefixes=PREFIXES, suffixes=SUFFIXES, jamo=2, jamo_prefixes=3)
    assert affixes.size == PREFIXES + SUFFIXES + 2 + 3 + 2
    rows = affixes.encode(words)
    first = PREFIXES + SUFFIXES + 2  # after the jamo suffixes
    begun = [[unicodedata.normalize("NFD", word)[:n] for n in (1, 2, 3)] for word in words]
    for place in range(3):
        shared = begun[0][place] == begun[1][place]
        assert shared == (place < 2)
        assert (rows[0, first + place] == rows[1, first + place] >= affixes.size) == shared
        assert rows[2, first + place] == first + place, "the unknown row of the feature"
    assert rows[0, 0] < affixes.size, "no prefix of syllables is shared"
    before = fit(counts, jamo=2)
    assert [affixes.hash(word)[:first] for word in words] == [before.hash(word)[:first] for word in words]
    alone = AffixFeatures.fit(counts, prefixes=PREFIXES, suffixes=SUFFIXES, jamo_prefixes=1)
    assert alone.size == PREFIXES + SUFFIXES + 1 + 2
    assert alone.encode(words)[0, PREFIXES + SUFFIXES] >= alone.size


@pytest.mark.parametrize(
    ("word", "expected"), [("한", True), ("a한", True), ("漢字", False), ("", False), ("ㅋ", False)]
)
def test_is_hangul(word: str, expected: bool) -> None:
    assert is_hangul(word) is expected


@pytest.mark.parametrize("word", ["", "a" * 100_000, "\ud800", "İ" * 70, "\x00", "🙂"])
def test_odd_words_have_features_too(word: str) -> None:
    affixes = fit({"walking": 1, "king": 1}, jamo=2)
    assert affixes.encode([word, word]).shape == (2, affixes.size)


def test_long_words_differ_by_their_ends() -> None:
    middle = "x" * 100
    affixes = fit({f"ab{middle}ing": 1, f"ab{middle}ed": 1, f"ab{middle}s": 1})
    first, second = affixes.encode([f"ab{middle}ing", f"ab{middle}ed"])
    assert first[PREFIXES - 1] == second[PREFIXES - 1]
    assert first[PREFIXES] != second[PREFIXES] or affixes.size > second[PREFIXES]
