from __future__ import annotations

import itertools
import random

import pytest

from tagger.corpora.tokenization.rule_selection import choose_rules, word_f1
from tagger.corpora.tokenization.sentence_splitter import SentenceSplitter, Token
from tagger.corpora.tokenization.tokenizer import RULE_SETS, WordTokenizer
from tagger.errors import ConfigError, ModelError

ALPHABET = "aAbZn't’ 's.,!?…-\"“”()/:;_@1 25%$\n\n\r\t가나다中é́😀👍🏽\u200d\u00a0\u3000\u0085\x1c<>*=&+^~`"


def random_text(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(ALPHABET) for _ in range(length))


def words(name: str, text: str) -> list[str]:
    return [token.text for token in WordTokenizer.from_rules(name).words(text)]


def sentences(name: str, text: str) -> list[str]:
    return [" ".join(token.text for token in s) for s in WordTokenizer.from_rules(name).sentences(text)]


@pytest.mark.parametrize("name", RULE_SETS)
def test_offsets_point_at_the_words_and_nothing_but_white_space_is_lost(name: str) -> None:
    tokenizer, rng = WordTokenizer.from_rules(name), random.Random(7)
    for _ in range(150):
        text = random_text(rng, rng.randrange(120))
        tokens = [token for sentence in tokenizer.sentences(text) for token in sentence]
        assert [text[t.start : t.end] for t in tokens] == [t.text for t in tokens]
        assert "".join(t.text for t in tokens) == "".join(text.split())
        assert all(a.end <= b.start for a, b in itertools.pairwise(tokens))


@pytest.mark.parametrize("name", RULE_SETS)
def test_where_a_stream_is_cut_does_not_matter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.corpora.tokenization.tokenizer.CHUNK_CHARACTERS", 40)
    tokenizer, rng = WordTokenizer.from_rules(name), random.Random(8)
    for _ in range(40):
        text = random_text(rng, 400)
        pieces, position = [], 0
        while position < len(text):
            size = rng.choice([1, 2, 30, 90])
            pieces.append(text[position : position + size])
            position += size
        assert list(tokenizer.stream(pieces)) == list(tokenizer.sentences(text))


def test_a_window_of_another_size_gives_the_same_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The cat sat.\n\nIt slept,\nand dreamt. \n \n\t\nWhy? 'Nobody' knows (yet).  " * 30
    expected = list(WordTokenizer.from_rules("english").sentences(text))
    for size in (20, 33, 50, 101):
        monkeypatch.setattr("tagger.corpora.tokenization.tokenizer.CHUNK_CHARACTERS", size)
        assert list(WordTokenizer.from_rules("english").sentences(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They don't know it's hers.", "They do n't know it 's hers ."),
        ("I can’t, I won’t, I’ve said!", "I ca n’t , I wo n’t , I ’ve said !"),
        ("You cannot go, im gonna stay, dont ask", "You can not go , i m gon na stay , do nt ask"),
        ("DON'T! He'd've", "DO N'T ! He 'd 've"),
        ("O'Neil and the Ba'ath", "O'Neil and the Ba'ath"),
        ("Mr. Poe left the U.S. at 5 p.m. etc.", "Mr. Poe left the U.S. at 5 p.m. etc."),
        ("a well-known co-worker's e-mail", "a well - known co-worker 's e-mail"),
        (
            "See https://example.org/a_(b)?c=d, or www.example.org.",
            "See https://example.org/a_(b)?c=d , or www.example.org .",
        ),
        ("Write to jo.doe@example.org, please", "Write to jo.doe@example.org , please"),
        ("$1,250.50 (7.5%) at 5pm on 11/28/2000", "$ 1,250.50 ( 7.5 % ) at 5 pm on 11/28/2000"),
        ("the 20th, the 1970s, 713-555-0100", "the 20th , the 1970s , 713-555-0100"),
        ("Well... really?! No!!! --- “Yes” :-)", "Well ... really ?! No !!! --- “ Yes ” :-)"),
        ("cats/dogs, R&D, report_v2.doc", "cats / dogs , R&D , report_v2.doc"),
        ("'Tis said 'em all", "'Tis said 'em all"),
    ],
)
def test_english_words_follow_universal_dependencies(text: str, expected: str) -> None:
    assert " ".join(words("english", text)) == expected


def test_other_languages() -> None:
    assert words("generic", "L'été, c'est-à-dire «ici»: 3,5 km.") == [
        "L'été", ",", "c'est-à-dire", "«", "ici", "»", ":", "3,5", "km", ".",
    ]  # fmt: skip
    assert words("korean", "경기협의회(e-gima.com)가 1.2배, '우정'은 54만5천366명이다.") == [
        "경기협의회", "(", "e-gima.com", ")", "가", "1.2배", ",", "'", "우정", "'", "은", 
        "54만5천366명이다", ".",
    ]  # fmt: skip
    assert words("whitespace", " don't  stop,now\n") == ["don't", "stop,now"]


def test_a_number_is_one_word_with_what_is_attached_to_it() -> None:
    assert words("korean", "59,800원인데 12.5도까지 3:30에") == ["59,800원인데", "12.5도까지", "3:30에"]
    assert words("generic", "59,800원인데 12,5km 3:30Uhr 19th-century") == [
        "59,800원인데", "12,5km", "3:30Uhr", "19th-century",
    ]  # fmt: skip
    assert words("generic", "1990-2000, 3.5. 2.Mai") == ["1990", "-", "2000", ",", "3.5", ".", "2", ".", "Mai"]


def test_korean_smileys_and_initials_stay_whole() -> None:
    assert words("korean", "좋아요^^ 최고 :) 👍🏽 ♥♥") == ["좋아요", "^^", "최고", ":)", "👍🏽", "♥♥"]
    assert words("korean", "U.S.A.와 A.I.는 온다.그래서") == ["U.S.A.와", "A.I.는", "온다", ".", "그래서"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. It pours.", ["It rains .", "It pours ."]),
        ("Dr. Who met J. R. Smith. Fine.", ["Dr. Who met J. R. Smith .", "Fine ."]),
        ('"Go!" he said. (He meant it.) So?', ['" Go ! " he said .', "( He meant it . )", "So ?"]),
        ("Wait... what? ok. then go", ["Wait ... what ?", "ok .", "then go"]),
        ("Nice! :) Thanks.", ["Nice ! :)", "Thanks ."]),
        ("1. Wash it.\n2. Dry it.", ["1 . Wash it .", "2 . Dry it ."]),
        (
            "A hard\nline break. Then\n\nA title\n \nThe text",
            ["A hard line break .", "Then", "A title", "The text"],
        ),
        ("Windows line\r\nbreak\r\n\r\nnext", ["Windows line break", "next"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_english_sentences(text: str, expected: list[str]) -> None:
    assert sentences("english", text) == expected


def test_cjk_terminators_and_small_letters_of_generic_rules() -> None:
    assert sentences("generic", "今日は。 明日は？ そう") == ["今日は 。", "明日は ？", "そう"]
    assert sentences("generic", "Bzw. so. Und dann") == ["Bzw . so .", "Und dann"]


def test_one_sentence_per_line_is_a_rule() -> None:
    english = WordTokenizer.from_rules("english")
    tokenizer = WordTokenizer(english.pre_tokenizer(), {**english.rules(), "line_end": True})
    assert [len(s) for s in tokenizer.sentences("one two\nthree\n\n four. Five")] == [2, 1, 2, 1]


def test_a_sentence_without_end_is_cut_at_the_word_limit() -> None:
    tokenizer = WordTokenizer.from_rules("english")
    assert [len(s) for s in tokenizer.sentences("word " * 2500)] == [1000, 1000, 500]


def test_unknown_rules_are_refused() -> None:
    with pytest.raises(ConfigError, match="'klingon'; choose from english, generic, korean, whitespace"):
        WordTokenizer.from_rules("klingon")
    with pytest.raises(ModelError, match="unknown key 'terminator'; expected terminators, closers"):
        SentenceSplitter({"terminator": "."})


def test_word_rules_survive_a_tokenizer_file(tmp_path: object) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    rules = WordTokenizer.from_rules("english")
    saved = Tokenizer(WordLevel({"<unk>": 0}, unk_token="<unk>"))
    saved.pre_tokenizer = rules.pre_tokenizer()
    saved.save(f"{tmp_path}/tokenizer.json")
    loaded = Tokenizer.from_file(f"{tmp_path}/tokenizer.json")
    text = "They don't pay $5.00, do they? See a.b@example.org..."
    again = WordTokenizer(loaded.pre_tokenizer, rules.rules())
    assert list(again.sentences(text)) == list(rules.sentences(text))
    assert [word for word, _ in loaded.pre_tokenizer.pre_tokenize_str(text)] == words("english", text)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a", ".", "a.", "don't", "e-", "1,", "a@", "http://", "中", "(", "_"])
def test_text_without_spaces_is_no_trap(unit: str) -> None:
    tokenizer = WordTokenizer.from_rules("english")
    text = unit * (200_000 // len(unit))
    assert sum(len(t.text) for s in tokenizer.sentences(text) for t in s) == len(text)


def test_a_very_long_word_stays_whole_and_an_endless_one_is_cut() -> None:
    tokenizer = WordTokenizer.from_rules("english")
    assert [len(t.text) for s in tokenizer.sentences(f"x {'a' * 100_000} y") for t in s] == [1, 100_000, 1]
    lengths = [len(t.text) for s in tokenizer.stream("b" * 1000 for _ in range(2500)) for t in s]
    assert sum(lengths) == 2_500_000
    assert max(lengths) <= 1 << 20


def test_white_space_without_end_costs_no_memory_and_ends_a_paragraph() -> None:
    chunks = ["one\n", *([" \n" * 5000] * 100), "two"]
    assert [[t.text for t in s] for s in WordTokenizer.from_rules("english").stream(chunks)] == [
        ["one"],
        ["two"],
    ]


def test_rules_are_chosen_by_measurement() -> None:
    english = (
        ["I can't go.", "They don't, it's a well-known fact."],
        ["I ca n't go .", "They do n't , it 's a well - known fact ."],
    )
    korean = ["'우정'이라는 영화(映畵)가 좋다."], ["' 우정 ' 이라는 영화 ( 映畵 ) 가 좋다 ."]
    assert choose_rules(english[0], [t.split() for t in english[1]]) == ("english", 1.0)
    assert choose_rules(korean[0], [t.split() for t in korean[1]]) == ("korean", 1.0)
    assert choose_rules(["a, b"], [["a,", "b"]])[0] == "whitespace"
    assert choose_rules([None, "It 's fine ."], [["I", "ca", "n't"], ["It", "'s", "fine", "."]])[0] == "english"
    assert choose_rules([], []) == ("generic", 0.0)


def test_word_f1_counts_spans_and_falls_back_to_words() -> None:
    tokenizer = WordTokenizer.from_rules("whitespace")
    # spans: "ab c" against a|b|c has one common span of 2 + 3 words
    assert word_f1(tokenizer, [("ab c", ["a", "b", "c"])]) == pytest.approx(2 * 1 / 5)
    # "du" stands for "de le": two of four words occur
    assert word_f1(tokenizer, [("pres du lac", ["pres", "de", "le", "lac"])]) == pytest.approx(2 * 2 / 7)


def test_tokens_are_light() -> None:
    assert Token("a", 0, 1) == ("a", 0, 1)


@pytest.mark.parametrize("rules", ["generic", "korean", "english"])
@pytest.mark.parametrize("text", ["“정말이에요?”라고 물었다.", '"가자."라고 말했다.'])
def test_a_particle_after_a_closing_quote_does_not_begin_a_sentence(rules: str, text: str) -> None:
    assert len(list(WordTokenizer.from_rules(rules).sentences(text))) == 1
