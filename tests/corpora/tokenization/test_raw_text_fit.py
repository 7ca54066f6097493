"""How well raw text is split, by hand; scripts without blanks."""

from __future__ import annotations

import pytest

from tagger.corpora.tokenization.raw_text_fit import raw_text_fit, splitting_note
from tagger.corpora.tokenization.tokenizer import WordTokenizer

GENERIC = WordTokenizer.from_rules("generic")


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["Il", "va", "bien", "."], "Il va bien.", 1.0),
        (["Il", "parle", "de", "le", "roi", "."], "Il parle du roi.", 2 * 4 / (5 + 6)),  # 4 of 5 found, of 6
        (["vista", "de", "los", "ojos"], None, 1.0),  # joined by blanks
        (["Tôi", "là", "sinh viên"], None, 2 * 2 / (4 + 3)),
        (["他", "喜欢", "红色", "苹果", "。"], None, 2 * 1 / (2 + 5)),  # joined without blanks
        (["ฉัน", "ชอบ", "แอปเปิล"], None, 0.0),
    ],
)
def test_the_fit_is_the_f1_of_the_words(words: list[str], text: str | None, expected: float) -> None:
    assert raw_text_fit(GENERIC, [text] * 30, [words] * 30) == pytest.approx(expected)


def test_without_sentences_nothing_is_measured() -> None:
    assert raw_text_fit(GENERIC, [], []) is None
    assert raw_text_fit(GENERIC, [None], [[]]) is None


@pytest.mark.parametrize(
    "text",
    ["我喜欢苹果。", "昨日は友達と映画を見ました。", "ฉันชอบกินแอปเปิลสีแดงมาก", "Anna said: 今天天气非常好我们出去吧"],
)
def test_a_script_without_blanks_is_named(text: str) -> None:
    note = splitting_note(None, [token.text for token in GENERIC.words(text)])
    assert note is not None
    assert "script without blanks" in note
    assert "--input tokens" in note


@pytest.mark.parametrize(
    "text",
    [
        "They can fish.",
        "나는 책을 읽었다.",
        "我 喜欢 红色 苹果 。",
        "The Chinese word 苹果 means apple.",
        "",
        "Он спит.",
    ],
)
def test_other_text_gets_no_note(text: str) -> None:
    assert splitting_note(1.0, [token.text for token in GENERIC.words(text)]) is None


@pytest.mark.parametrize(("fit", "said"), [(0.949, True), (0.951, False), (None, False)])
def test_what_training_measured_is_said(fit: float | None, said: bool) -> None:
    note = splitting_note(fit)
    assert ("word F1 94.9 %" in note if note else False) == said
