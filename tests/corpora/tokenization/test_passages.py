"""Passages: the words of a sentence or line lie where their spans say."""

from __future__ import annotations

import random

import pytest

from tagger.corpora.tokenization.passages import TextSegment, aligned, joined, line, sentence
from tagger.corpora.tokenization.tokenizer import WordTokenizer

LETTERS = "ab '-.,!?\t\u00a0\u3000é가 0😀_"


def lie_in_their_text(passage: TextSegment) -> bool:
    found = tuple(passage.text[start:end] for start, end in passage.spans)
    return found == passage.words and all(word and not any(map(str.isspace, word)) for word in passage.words)


def test_words_joined_by_spaces() -> None:
    passage = joined(["The", "cat", "sat"])
    assert passage == TextSegment("The cat sat", ("The", "cat", "sat"), ((0, 3), (4, 7), (8, 11)))


@pytest.mark.parametrize("words", [[], [""], [" "]])
def test_no_words(words: list[str]) -> None:
    assert joined(words) == TextSegment("", (), ())


def test_white_space_parts_a_word() -> None:
    assert joined(["New York", "", "is\u00a0big"]).words == ("New", "York", "is", "big")


def test_words_in_their_raw_text() -> None:
    passage = aligned("I can't,  she said.", ["I", "ca", "n't", ",", "she", "said", "."])
    assert passage.text == "I can't, she said."
    assert passage.spans == ((0, 1), (2, 4), (4, 7), (7, 8), (9, 12), (13, 17), (17, 18))


@pytest.mark.parametrize("text", [None, "Il va au marché", "Il va à le marché noir", "Il va à le"])
def test_words_that_do_not_spell_their_text_stand_alone(text: str | None) -> None:
    passage = aligned(text, ["Il", "va", "à", "le", "marché"])
    assert passage.text == "Il va à le marché"
    assert lie_in_their_text(passage)


def test_white_space_of_raw_text_is_folded() -> None:
    tokenizer = WordTokenizer.from_rules("english")
    found = [sentence(tokens) for tokens in tokenizer.sentences("He  did\nn't (so\nthey say). She\tdid.")]
    assert [passage.text for passage in found] == ["He did n't (so they say).", "She did."]
    assert all(map(lie_in_their_text, found))


@pytest.mark.parametrize("seed", range(20))
def test_any_text(seed: int) -> None:
    draw = random.Random(seed)
    text = "".join(draw.choice(LETTERS) for _ in range(draw.randrange(200)))
    tokenizer = WordTokenizer.from_rules(draw.choice(["english", "generic", "korean", "whitespace"]))
    sentences = [sentence(tokens) for tokens in tokenizer.sentences(text)]
    whole = line(text, tokenizer.words(text))
    again = aligned(text, whole.words)
    assert all(map(lie_in_their_text, [*sentences, whole, again, joined([text])]))
    assert whole.text == text
    assert again.text == " ".join(text.split())
    assert "".join("".join(passage.words) for passage in sentences) == "".join(text.split())
