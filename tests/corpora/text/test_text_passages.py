"""Raw text is cut alike wherever it comes from: training files, documents to be scored, texts, prompts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tagger.corpora.documents.passages import read_passages
from tagger.corpora.text.text_corpus import read_text_split
from tagger.corpora.tokenization.passages import TextSegment
from tagger.corpora.tokenization.rule_selection import tokens_tokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.generation.prompts import make_prompt
from tagger.language_modelling.language_model import LanguageModel
from tests.corpora.conftest import Write
from tests.tagger.generation.predictors import word_units

ENGLISH = WordTokenizer.from_rules("english")
TEXTS = [
    "He _really_ did. So _ever\nso_ much!\n\nsnake_case and __init__ stay, _ too.",
    "\n\n _One_ line\r\nand another.\r\n",
    "no end _here",
    "x" * 70_000 + " _y_ z",
]


def everywhere(write: Write, text: str, tokenizer: WordTokenizer, unit: str) -> list[list[TextSegment]]:
    path = write("a.txt", text.encode())
    model = cast(Any, SimpleNamespace(tokenizer=tokenizer, subwords=SimpleNamespace(kind=unit)))
    found = [
        list(read_text_split(str(path), unit=unit, format="text", tokenizer=tokenizer)),
        list(read_passages(str(path), tokenizer, input_format="text", by_lines=unit != "word")),
        list(read_passages("", tokenizer, text=text, by_lines=unit != "word")),
        LanguageModel.passages(model, text.replace("\r\n", "\n")),
    ]
    return [[passage for passage in passages if passage.words] for passages in found]


@pytest.mark.parametrize("unit", ["word", "char"])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_training_and_scoring_read_the_same(write: Write, text: str, unit: str) -> None:
    training, *others = everywhere(write, text, ENGLISH, unit)
    assert training
    assert all(passages == training for passages in others)


def test_underscores_of_italics_are_no_words() -> None:
    found = list(read_passages("", ENGLISH, text=TEXTS[0]))
    assert [passage.text for passage in found] == [
        *("He really did.", "So ever so much!", "snake_case and __init__ stay, _ too."),
    ]


def test_they_stay_where_they_stayed_in_training(write: Write) -> None:
    tokenizer = tokens_tokenizer()
    expected = [("a", "_b_", "c."), ("d",)]
    assert [
        passage.words for passage in read_text_split(str(write("t.txt", "a _b_ c.\nd\n")), tokenised=True)
    ] == expected
    for passages in everywhere(write, "a _b_ c.\nd\n", tokenizer, "word"):
        assert [passage.words for passage in passages] == expected
    lines = list(read_passages("", ENGLISH, text="a _b_ c.", by_lines=True))
    assert [passage.text for passage in lines] == ["a _b_ c."]


def test_prompts_too() -> None:
    units = word_units("He", "really", "did", ".")
    prompt = make_prompt("He _really_ did.", ENGLISH, units)
    assert prompt.text == "He _really_ did."
    assert prompt.ids == (units.end, *units.vocabulary.encode(["He", "really", "did", "."]).tolist())
    assert prompt.unknown == ()
