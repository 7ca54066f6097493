from __future__ import annotations

import random
from pathlib import Path

import pytest

from tagger.corpora.tokenization.detokenizer import Detokeniser, detokenise_sentences

BUNDLED = Path(__file__).parents[3] / "corpora" / "bundled"


def detokenise_one(words: list[str], *, sentence_case: bool = False) -> str:
    return detokenise_sentences([words], sentence_case=sentence_case)


@pytest.mark.parametrize(
    "text",
    [
        "I ca|n't see it|, she said|.",
        "You 're gon|na like what they 've got|, wo|n't you|?!",
        "We|'ll see|; I|'m sure|: he|'d know|...",
        "The dogs|' owner|'s dog",
        '"|Stop|!|" he said|, "|or I|\'ll go|.|"',
        "“|Stop|,|” and ‘|go|’ and ``|so on|''",
        "He called it '|good|'|.",
        "5|'|10 tall",
        "( see [|1|] )",
        "It costs $|5|, £|1.50 or 20|%|.",
        "a well|-|known up|-|to|-|date thing",
        "al|-|Qaeda and 10|-|20",
        "This - it seems - is one",
        "and|/|or",
        "no one can|not know",
        "it|s time , do|nt go",
        "state|-|of|-|the|-|art",
        "<|http://a.org|>",
        "한국어 문장|, 그대로 둔다|.",
        "- a list",
        "Yours -",
    ],
)
def test_spaces_stand_where_they_should(text: str) -> None:
    text = text.replace("( ", "(|").replace(" )", "|)").replace(" ,", "|,").replace("You 're", "You|'re")
    text = text.replace("they 've", "they|'ve")
    assert detokenise_one(text.replace("|", " ").split()) == text.replace("|", "")


def test_marks_of_other_corpora() -> None:
    assert detokenise_one(["1", "@,@", "000", "well", "@-@", "known", "3", "@.@", "5"]) == "1,000 well-known 3.5"
    assert detokenise_one(["a", "-LRB-", "b", "-RRB-", "."]) == "a (b)."


def test_sentence_case() -> None:
    words = ['"', "it", "is", ",", "i", "think", ",", "a", "fish", ".", '"']
    assert detokenise_one(words, sentence_case=True) == '"It is, I think, a fish."'
    assert detokenise_sentences([["1", "é", "."], ["i", "'m", "x"]], sentence_case=True) == "1 É. I'm x"
    assert detokenise_one(["it"]) == "it"


def test_quotation_marks_cross_sentences() -> None:
    sentences = [s.split() for s in ('" I see .', 'You do not . "', '" No , " he said , " not I . "', 'No " a " b')]
    assert detokenise_sentences(sentences) == '"I see. You do not." "No," he said, "not I." No "a" b'


def test_nothing_but_white_space_is_added_or_lost() -> None:
    rng = random.Random(1)
    parts = ["a", "B", "10", "-", '"', "'", "(", ")", ".", "n't", "'s", "can", "not", "/", "$", "``", "''", "#", "하"]
    for _ in range(300):
        words = rng.choices(parts, k=rng.randint(0, 12))
        text = detokenise_one(words)
        assert text.replace(" ", "") == "".join(words)
        assert text == text.strip()
        assert "  " not in text


def test_one_word_is_held_back_and_pieces_join_to_the_text() -> None:
    rng = random.Random(2)
    parts = ["a", "Bo", "-", '"', "'", "(", ")", ".", "'s"]
    for _ in range(100):
        words = rng.choices(parts, k=9)
        writer = Detokeniser()
        pieces = []
        for number, word in enumerate(words):
            pieces.append(writer.push(word))
            assert "".join(pieces).replace(" ", "") == "".join(words[:number])
        pieces.append(writer.end())
        assert "".join(pieces) == detokenise_one(words)


def test_what_is_settled_is_out_and_the_sentence_goes_on() -> None:
    writer = Detokeniser()
    assert writer.push("well") + writer.settle() + writer.settle() == "well"
    assert writer.push(",") + writer.push("then") == ","
    assert writer.settle() + writer.end() + writer.push("So") + writer.end() == " then So"


@pytest.mark.parametrize(("language", "least"), [("en", 0.98), ("ko", 0.95)])
def test_the_bundled_treebanks_come_back_as_they_were_written(language: str, least: float) -> None:
    """The rules were not made from them."""
    exact = total = 0
    for path in sorted((BUNDLED / language).glob("*.conllu")):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            text = next((line[9:] for line in block.split("\n") if line.startswith("# text = ")), "")
            rows = [line.split("\t") for line in block.split("\n") if line[:1].isdigit()]
            words = [row[1] for row in rows if row[0].isdigit()]
            total += bool(words)
            exact += bool(words) and detokenise_one(words) == " ".join(text.split())
    assert total > 100
    assert exact / total > least
