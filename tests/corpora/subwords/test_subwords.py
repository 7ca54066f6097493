"""Units: text to ids and back for words, BPE pieces and characters, and through ``tokenizer.json``."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordLevel

from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.corpora.subwords.pretokenizers import find_word_rules
from tagger.corpora.subwords.registry import load_subwords
from tagger.corpora.subwords.word import count_words
from tagger.corpora.text.text_corpus import read_text_corpus, read_text_split
from tagger.corpora.tokenization.passages import TextSegment, joined, line
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError
from tests.corpora.conftest import Write
from tests.corpora.subwords.fitting import fit

ENGLISH = WordTokenizer.from_rules("english")
TEXT = [
    "The cat can't see the dog, and the dog can't see the cat.",
    "",
    "  Indented: 12 dogs in 1999; <unk> and <eos> are words too.",
    "Ümläute, 한국어, 日本語 and 😀👍🏽 are bytes as well. ",
] * 3
SYMBOLS = "abc XYZ019.,'!?\t\u00a0\u3000éßİΣς가힣日本😀👍🏽\u0301\u200d<unk><eos>_-\r\u2028\x85"


def passages(lines: list[str], tokenizer: WordTokenizer = ENGLISH) -> list[TextSegment]:
    return [line(text, tokenizer.words(text)) for text in lines]


def sentences(*texts: str) -> list[TextSegment]:
    return [joined(text.split()) for text in texts]


def fitted(kind: str, **options: object) -> SubwordTokenizer:
    return fit(kind, passages(TEXT), tokenizer=ENGLISH, **options)


def random_text(draw: random.Random) -> str:
    pieces = [
        draw.choice([*SYMBOLS, "<unk>", "<eos>", "the ", "dog", chr(draw.randrange(1, 0xD800))]) for _ in range(40)
    ]
    return "".join(pieces).replace("\n", " ")


def test_words_by_frequency_with_the_end_counted_once_a_sentence() -> None:
    subwords = fit("word", sentences("b a b", "b a c", "", "a"))
    assert subwords.vocabulary.words == ("<unk>", "<eos>", "a", "b", "c")
    assert (subwords.size, subwords.end, subwords.kind) == (5, 1, "word")
    assert subwords.encode(joined(["c", "z", "a"])) == ([4, 0, 2], [0, 1, 2])
    assert subwords.encode(joined([])) == ([], [])
    assert subwords.symbols([4, 0, 2, 1]) == ["c", "<unk>", "a", "<eos>"]


def test_a_literal_unk_is_the_unknown_word_and_a_literal_eos_the_end() -> None:
    subwords = fit("word", sentences("the <unk> sat <eos> the <unk> ran", "<unk>"))
    assert sorted(subwords.vocabulary.words) == sorted({"<unk>", "<eos>", "the", "sat", "ran"})
    assert subwords.vocabulary.words[0] == "<unk>"
    assert subwords.encode(joined(["<unk>", "<eos>", "the"]))[0] == [0, subwords.end, subwords.vocabulary.ids["the"]]


def test_sizes_and_counts_bound_the_vocabulary() -> None:
    text = sentences("a a a a b b b c c d", "a b")
    assert fit("word", text, max_size=4).vocabulary.words == ("<unk>", "a", "b", "<eos>")
    assert fit("word", text, min_count=3).vocabulary.words == ("<unk>", "a", "b", "<eos>")
    assert fit("word", text, max_size=5).size == 5
    assert fit("char", text, max_size=4).size == 4
    assert set(fit("word", sentences("a a b b"), min_count=2).vocabulary.words) == {"<unk>", "<eos>", "a", "b"}


@pytest.mark.parametrize("seed", range(5))
def test_the_vocabulary_is_that_of_a_counter(seed: int) -> None:
    draw = random.Random(seed)
    text = sentences(*(" ".join(draw.choice("abcdefgh") * draw.randrange(1, 4) for _ in range(9)) for _ in range(30)))
    counts = Counter(word for passage in text for word in passage.words) + Counter({"<eos>": 30})
    expected = sorted((word for word in counts if counts[word] >= 5), key=lambda word: (-counts[word], word))
    assert fit("word", text, min_count=5).vocabulary.words == ("<unk>", *expected)


def test_numbers_and_case_are_kept_or_folded() -> None:
    text = sentences("The 12 the 34 THE ٣")
    assert {"The", "the", "THE", "12", "34"} <= set(fit("word", text).vocabulary.words)
    subwords = fit("word", text, lowercase=True, digits=True)
    assert set(subwords.vocabulary.words) == {"<unk>", "<eos>", "the", "00", "0"}
    assert subwords.symbols(subwords.encode(joined(["tHe", "99", "٤", "7"]))[0]) == ["the", "00", "0", "0"]
    letters = fit("char", text, lowercase=True, digits=True)
    assert letters.decode(letters.encode(joined(["THE", "98"]))[0]) == "the 00"
    pieces = fit("bpe", text, lowercase=True, digits=True, max_size=270)
    assert pieces.decode(pieces.encode(joined(["THE", "98", "É"]))[0]) == "the 00 é"


def test_one_character_may_become_two() -> None:
    subwords = fit("char", passages(["İİ is it"]), lowercase=True)
    ids, whose = subwords.encode(passages(["İ i"])[0])
    assert subwords.decode(ids) == "i̇ i"
    assert whose == [0, 0, 1, 1]


@pytest.mark.parametrize("kind", ["bpe", "char"])
@pytest.mark.parametrize("seed", range(40))
def test_any_text_comes_back(kind: str, seed: int) -> None:
    draw = random.Random(seed)
    text = random_text(draw)
    passage = passages([text])[0]
    subwords = fitted("bpe", max_size=400) if kind == "bpe" else fit("char", [passage, *passages(TEXT)])
    ids, whose = subwords.encode(passage)
    assert subwords.decode(ids) == text
    assert subwords.decode([*ids, subwords.end, *ids]) == f"{text}\n{text}"
    assert subwords.end not in ids
    assert 0 not in ids
    assert max(ids) < subwords.size
    assert len(whose) == len(ids)
    assert whose == sorted(whose)
    assert subwords.encode_batch([passage, passage]) == [ids, ids]


@pytest.mark.parametrize("kind", ["bpe", "char"])
def test_a_unit_belongs_to_the_word_it_spells(kind: str) -> None:
    subwords = fitted(kind, **({"max_size": 300} if kind == "bpe" else {}))
    for passage in passages([*TEXT, " a  b ", " ", "a"]):
        ids, whose = subwords.encode(passage)
        for number, (start, end) in enumerate([*passage.spans, (len(passage.text), len(passage.text))]):
            before = passage.spans[number - 1][1] if number else 0
            spelled = subwords.decode([unit for unit, owner in zip(ids, whose, strict=True) if owner == number])
            assert spelled == passage.text[before:end]
            assert spelled.strip() == passage.text[start:end]


def test_rare_characters_are_unknown() -> None:
    subwords = fit("char", passages(["aab", "abq"]), min_count=2)
    assert subwords.encode(passages(["qab"])[0])[0] == [0, subwords.vocabulary.ids["a"], subwords.vocabulary.ids["b"]]


def test_frequent_words_are_one_piece_that_ends_with_the_word() -> None:
    subwords = fit("bpe", passages(["the cat can't see the cat"] * 50), tokenizer=ENGLISH, max_size=300)
    assert subwords.symbols(subwords.encode(passages(["the cat can't"])[0])[0]) == ["the", " cat", " ca", "n't"]


def test_bytes_that_are_no_character_are_shown() -> None:
    subwords = fitted("bpe", max_size=258)
    ids = subwords.encode(passages(["aé"])[0])[0]
    assert subwords.symbols(ids) == ["a", "<0xC3>", "<0xA9>"]
    assert subwords.symbols(subwords.encode(passages([" \t\x7f"])[0])[0]) == [" ", "\t", "\x7f"]
    assert subwords.decode(ids[:2]) == "a\ufffd"


def test_pieces_never_spell_the_marks() -> None:
    text = passages(["<eos> <unk>", "<eos>x<unk>"] * 200, WordTokenizer.from_rules("whitespace"))
    subwords = fit("bpe", text, tokenizer=WordTokenizer.from_rules("whitespace"), max_size=400)
    for passage in text[:2]:
        ids = subwords.encode(passage)[0]
        assert not {0, subwords.end} & set(ids)
        assert subwords.decode(ids) == passage.text


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("kind", ["word", "bpe", "char"])
def test_saved_and_loaded_units_are_the_same(kind: str, folded: bool, tmp_path: Path) -> None:
    subwords = fitted(kind, lowercase=folded, digits=folded, **({"max_size": 350} if kind == "bpe" else {}))
    subwords.to_tokenizer(ENGLISH).save(str(tmp_path / "tokenizer.json"))
    saved = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    loaded = load_subwords(saved)
    assert (loaded.kind, loaded.vocabulary, loaded.end) == (subwords.kind, subwords.vocabulary, subwords.end)
    more = [random_text(random.Random(seed)) for seed in range(20)]
    for passage in passages([*TEXT, *more, "UNSEEN words 123"]):
        assert loaded.encode(passage) == subwords.encode(passage)
    rules = WordTokenizer(find_word_rules(saved), ENGLISH.rules())
    for text in [*TEXT, *more]:
        assert rules.words(text) == ENGLISH.words(text)


@pytest.mark.parametrize("kind", ["word", "bpe", "char"])
def test_other_programs_find_the_same_ids_in_the_file(kind: str) -> None:
    subwords = fitted(kind, **({"max_size": 350} if kind == "bpe" else {}))
    saved = Tokenizer.from_str(subwords.to_tokenizer(ENGLISH).to_str())
    for passage in passages(TEXT):
        assert saved.encode(passage.text).ids == [*subwords.encode(passage)[0], subwords.end]


def test_words_become_text() -> None:
    subwords = fit("word", sentences("He did n't go .", "She did , too ."))
    ids = subwords.encode(joined(["He", "did", "n't", "go", "."]))[0]
    more = subwords.encode(joined(["She", "did", ",", "too", "."]))[0]
    assert subwords.decode([*ids, subwords.end, *more]).split() == ["He", "didn't", "go.", "She", "did,", "too."]


@pytest.mark.parametrize(
    ("kind", "text", "options", "message"),
    [
        ("word", ["the the", "the"], {}, "too few different words: one, 'the'; expected running text"),
        ("word", ["<unk> <unk>"], {}, "too few different words: none"),
        ("char", ["aaa", "a"], {}, "too few different characters: one, 'a'"),
        ("bpe", ["aaa", "a"], {}, "too few different characters to learn pieces from: only 'a'"),
        (
            "word",
            ["a b c", "a b"],
            {"min_count": 3},
            "0 words of 3 occurring 3 times or more, all others would be <unk>; "
            "the most frequent, 'b', occurs 2 times: lower --min-count",
        ),
        ("char", ["ab ab", "a"], {"min_count": 3}, "1 character of 3 occurring 3 times or more.*lower --min-count"),
    ],
)
def test_a_vocabulary_of_nothing_is_refused(kind: str, text: list[str], options: dict[str, int], message: str) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        fit(kind, sentences(*text), **options)
    assert "\n" not in str(caught.value)


def test_the_file_is_named(write: Write) -> None:
    corpus = read_text_corpus(str(write("a.txt", "the the the the")))
    assert corpus.train is not None
    with pytest.raises(CorpusError, match=r"a\.txt: the vocabulary has too few different words: one, 'the'"):
        fit("word", corpus.train)


@pytest.mark.parametrize(
    ("kind", "size", "message"),
    [
        ("word", 3, "a vocabulary of 3, expected at least 4: <unk>, <eos> and two words"),
        ("char", 1, "a vocabulary of 1, expected at least 4"),
        ("bpe", 257, "a BPE vocabulary of 257, expected at least 258: all bytes, <unk>, <eos>"),
        ("letter", 9, "no unit 'letter'; there are: word, bpe, char"),
    ],
)
def test_wrong_settings(kind: str, size: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fitted(kind, max_size=size)


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (Tokenizer(WordLevel({"a": 0, "<unk>": 1, "<eos>": 2}, unk_token="<unk>")), "ids do not run from <unk> = 0"),
        (Tokenizer(WordLevel({"<unk>": 0, "<eos>": 2}, unk_token="<unk>")), "without gaps"),
        (Tokenizer(WordLevel({"<unk>": 0, "a": 1}, unk_token="<unk>")), "has no <eos>"),
        (Tokenizer(Unigram([("<unk>", 0.0), ("<eos>", -1.0)], 0, False)), "is a Unigram, expected a WordLevel or BPE"),
    ],
)
def test_tokenizers_of_another_make(tokenizer: Tokenizer, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_subwords(tokenizer)
    with pytest.raises(ConfigError, match="holds no rules that find words"):
        find_word_rules(tokenizer)


def test_only_a_stretch_is_looked_at() -> None:
    text = sentences(*("a b c",) * 10, *("d e f",) * 10)
    seen: list[TextSegment] = []

    def noted() -> Iterator[TextSegment]:
        for passage in text:
            seen.append(passage)
            yield passage

    for kind in ("word", "char", "bpe"):
        seen.clear()
        subwords = fit(kind, noted(), max_words=12)
        assert 12 <= sum(len(passage.words) for passage in seen) <= 15
        assert kind == "bpe" or "d" not in subwords.vocabulary.ids


def test_the_rarest_words_are_forgotten_when_there_are_too_many() -> None:
    text = [joined([f"w{number % 1000}", "often", "often", f"x{number % 7}"]) for number in range(2000)]
    counts, passages = count_words(text, max_types=100)
    assert len(counts) <= 100
    assert counts["often"] == 4000
    assert sum(counts[f"x{number}"] for number in range(7)) == 2000
    assert passages == 2000


def test_the_tokenised_rules_travel_too(write: Write) -> None:
    split = read_text_split(str(write("a.txt", "didn't go .\nwon't go .\n")), tokenised=True)
    for kind in ("word", "char", "bpe"):
        saved = fit(kind, split).to_tokenizer(split.tokenizer)
        rules = WordTokenizer(find_word_rules(saved), split.tokenizer.rules())
        found = [[token.text for token in sentence] for sentence in rules.sentences("didn't go . <unk>\nno")]
        assert found == [["didn't", "go", ".", "<unk>"], ["no"]]
