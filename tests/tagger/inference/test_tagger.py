"""The tagger that people use."""

from __future__ import annotations

import itertools
import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from tagger import ConfigError, CorpusError, TaggedSentence, TaggedText, Tagger
from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.runtime.device import available_cores
from tagger.serialization.checkpoint import load_model
from tests.tiny import conllu, sentences

THEY_CAN_FISH = ["they", "can", "fish", "."]


@pytest.fixture(scope="module")
def tagger(tiny_model: Path) -> Tagger:
    return Tagger.load(tiny_model, threads=1)


def test_tokens(tagger: Tagger) -> None:
    tagged = tagger.tag(THEY_CAN_FISH)
    assert isinstance(tagged, TaggedSentence)
    assert tagged.tags == ["PRON", "AUX", "VERB", "PUNCT"]
    assert tagged.tokens == THEY_CAN_FISH
    assert str(tagged) == repr(tagged) == "they/PRON can/AUX fish/VERB ./PUNCT"
    assert list(tagged)[1] == ("can", "AUX")
    assert len(tagged) == 4
    assert (tagged.scores, tagged.offsets) == (None, None)
    assert tagged == TaggedSentence(THEY_CAN_FISH, ["PRON", "AUX", "VERB", "PUNCT"])
    assert tagged != TaggedSentence(THEY_CAN_FISH, ["PRON", "AUX", "NOUN", "PUNCT"])
    assert tagged != "they/PRON"


def test_the_sentence_around_a_word_decides(tagger: Tagger) -> None:
    places = [
        (given, gold)
        for words, tags in sentences(100, 12)
        for word, given, gold in zip(words, tagger.tag(words).tags, tags, strict=True)
        if word in ("can", "fish")
    ]
    assert {gold for _, gold in places} == {"AUX", "NOUN", "VERB"}
    assert sum(given == gold for given, gold in places) > 0.75 * len(places)


def test_text_is_split_and_keeps_its_offsets(tagger: Tagger) -> None:
    text = "they can fish .\n\nthe dog  sees a cat!"
    tagged = tagger.tag(text)
    assert isinstance(tagged, TaggedText)
    assert len(tagged) == 2
    assert tagged.tokens == ["they", "can", "fish", ".", "the", "dog", "sees", "a", "cat", "!"]
    assert tagged.tags == [tag for sentence in tagged for tag in sentence.tags]
    assert tagged[1].tags == ["DET", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]
    assert str(tagged).splitlines()[0] == "they/PRON can/AUX fish/VERB ./PUNCT"
    for sentence in tagged:
        assert sentence.offsets is not None
        assert [text[start:end] for start, end in sentence.offsets] == list(sentence.tokens)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t"])
def test_no_text(tagger: Tagger, text: str) -> None:
    tagged = tagger.tag(text)
    assert (len(tagged), tagged.tokens, tagged.tags, str(tagged)) == (0, [], [], "")


def test_no_tokens(tagger: Tagger) -> None:
    tagged = tagger.tag([], scores=True)
    assert (tagged.tokens, tagged.tags, tagged.scores, str(tagged)) == ([], [], [], "")
    assert list(tagger.tag_sentences([])) == []
    assert [s.tags for s in tagger.tag_sentences([[], []])] == [[], []]


def test_scores_are_probabilities(tagger: Tagger) -> None:
    for words, _ in sentences(20, 4):
        tagged = tagger.tag(words, scores=True)
        assert tagged.scores is not None
        assert len(tagged.scores) == len(words)
        assert all(1 / len(tagger.labels) <= score <= 1.000001 for score in tagged.scores)
    assert tagger.tag("they can fish .", scores=True)[0].scores is not None


def test_scores_are_no_more_certain_than_the_words_they_were_calibrated_on(tagger: Tagger) -> None:
    words = sum(len(words) for words, _ in sentences(15, 2))  # of dev
    assert tagger.saved.about["calibration_words"] == words
    scores = [score for one in tagger.tag_sentences([THEY_CAN_FISH] * 3, scores=True) for score in one.scores or []]
    assert max(scores) <= (words + 1) / (words + 2) + 1e-7


def test_streams_are_lazy_and_keep_their_order(tagger: Tagger) -> None:
    stream = tagger.tag_sentences([str(n), "dog"] for n in itertools.count())
    assert [tagged.tokens[0] for tagged in itertools.islice(stream, 9000)] == [str(n) for n in range(9000)]


@pytest.mark.parametrize("seed", range(3))
def test_companions_change_no_tag(tagger: Tagger, seed: int) -> None:
    made = [words for words, _ in sentences(80, seed)] + [[], ["unheard"], ["of", "Zebra"] * 40]
    alone = [tagger.tag(words).tags for words in made]
    order = list(range(len(made)))
    random.Random(seed).shuffle(order)
    together = list(tagger.tag_sentences([made[i] for i in order]))
    assert [tagged.tags for tagged in together] == [alone[i] for i in order]


@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_threads_change_no_tag(tiny_model: Path, tagger: Tagger) -> None:
    made = [words for words, _ in sentences(3000, 6)]
    other = Tagger.load(tiny_model, threads=2)
    assert [t.tags for t in other.tag_sentences(made)] == [t.tags for t in tagger.tag_sentences(made)]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_sentence_of_fifty_thousand_words(tiny_model: Path, threads: int) -> None:
    if threads > available_cores():
        pytest.skip("needs two cores")
    tagger = Tagger.load(tiny_model, threads=threads)
    short = THEY_CAN_FISH
    long = short * 12_500
    before, tagged, after = tagger.tag_sentences([short, long, short], scores=True)
    assert len(tagged.tags) == len(tagged.scores or []) == 50_000
    assert tagged.tags[20_000:20_400] == tagged.tags[25_000:25_400], "the same words, far from either end"
    assert before.tags == after.tags == tagger.tag(short).tags


def test_a_token_of_a_hundred_thousand_characters(tagger: Tagger) -> None:
    for character in ("a", "한", "İ", "\U0001f642", "1"):
        assert len(tagger.tag(["they", character * 100_000, "."]).tags) == 3
    assert len(tagger.tag("x" * 100_000).tokens) >= 1


@pytest.mark.parametrize("word", ["", " ", "\x00", "a b", "\n", "<unk>", "é\u0301"])
def test_odd_tokens_are_tagged(tagger: Tagger, word: str) -> None:
    assert len(tagger.tag(["they", word, "fish"]).tags) == 3


def test_tuples_are_sentences_too(tagger: Tagger) -> None:
    assert tagger.tag(tuple(THEY_CAN_FISH)).tags == tagger.tag(THEY_CAN_FISH).tags


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, r"text is None \(NoneType\); expected a text \(str\) or the tokens of a sentence"),
        (math.nan, r"text is nan \(float\); expected a text \(str\) or the tokens"),
        (7, r"text is 7 \(int\)"),
        (b"they fish", r"text is b'they fish' \(bytes\)"),
        ((word for word in ["they"]), r"text is <generator .* \(generator\)"),
        ({"they", "fish"}, r"\(set\); expected"),
        ({"they": 1}, r"\(dict\); expected"),
        ("a \ud83d b", "text has U\\+D83D at 2, half of a surrogate pair"),
        ([["they", "can"]], r"text\[0\] is \['they', 'can'\] \(list\).*for many sentences use tag_sentences\(\)"),
        (["they", "a\ud83d"], r"text\[1\] has U\+D83D at 1, half of a surrogate pair"),
        (["they", 2], r"text\[1\] is 2 \(int\); expected a token"),
        (["they", "can", None], r"text\[2\] is None"),
        (["they", math.nan], r"text\[1\] is nan \(float\)"),
        ([b"they"], r"text\[0\] is b'they' \(bytes\)"),
        (
            ["they can fish.", "it sees"],
            r"'they can fish.' \(str\) in the list is a text; .* many texts use tag_texts\(\)",
        ),
        (["never", "they can fish ."], r"'they can fish .' \(str\) in the list is a text"),
        (["they fish"], r"'they fish' \(str\) in the list is a text"),
        (["it sees", "they fish", "we like"], r"'it sees' \(str\) in the list is a text"),
        (["they\ncan fish", "fish"], "is a text"),
        (["我喜欢苹果。", "他来了！"], "'我喜欢苹果。'"),
    ],
)
def test_what_is_neither_text_nor_tokens(tagger: Tagger, wrong: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tagger.tag(wrong)
    if not isinstance(wrong, list):
        with pytest.raises(TypeError, match=r"sentence (is|has) "):
            tagger.gates(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("they can fish", r"sentences\[1\] is the text 'they can fish'; .*tag_texts\(\)"),
        (None, r"sentences\[1\] is None"),
        (math.nan, r"sentences\[1\] is nan"),
        (b"they", r"sentences\[1\] is b'they'"),
        ((word for word in ["they"]), r"sentences\[1\] is <generator"),
        ({"they"}, r"sentences\[1\] is {'they'} \(set\)"),
        (["they", None], r"sentences\[1\]\[1\] is None"),
        (["they", "\udc00"], r"sentences\[1\]\[1\] has U\+DC00 at 0, half of a surrogate pair"),
        (np.array([1.5, 2]), r"sentences\[1\]\[0\] is "),
        (pd.DataFrame({"word": ["they"]}), r"sentences\[1\] is .*\(DataFrame\)"),
    ],
)
def test_what_is_no_sentence(tagger: Tagger, wrong: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        list(tagger.tag_sentences([["they"], wrong]))


@pytest.mark.parametrize("given", [tuple, np.array, pd.Series, lambda w: pd.Series(w, index=[7, 5, 1, 0]), deque])
def test_sequences_that_are_sentences(tagger: Tagger, given: Any) -> None:
    expected = ["PRON", "AUX", "VERB", "PUNCT"]
    assert tagger.tag(given(THEY_CAN_FISH)).tags == expected
    assert [tagged.tags for tagged in tagger.tag_sentences([given(THEY_CAN_FISH)] * 2)] == [expected] * 2


def test_tokens_that_hold_white_space(tiny_model: Path, tagger: Tagger) -> None:
    """They are tagged where they stand among others, or where the model's own words hold it."""
    assert len(tagger.tag(["they", "10 000", "fish"]).tags) == 3
    assert len(tagger.tag(["1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000", "x"]).tags) == 2
    assert [len(tagged) for tagged in tagger.tag_sentences([["they can fish", "it sees"]])] == [2]
    words = ("<unk>", *(f"{a} {b}" for a in "ab" for b in "cd"), "they")
    saved = load_model(tiny_model)
    vietnamese = replace(saved, features=replace(saved.features, vocabulary=Vocabulary(words, len(words), 1)))
    tagged = Tagger(vietnamese, threads=1)
    assert len(tagged.tag(["chủ nghĩa xã hội", "a c"]).tags) == 2


def test_many_texts(tagger: Tagger) -> None:
    texts = ["they can fish.", "", "the dog sees a cat! it likes fish.", " \n", "we fish.", ""]
    alone = [tagger.tag(text, scores=True) for text in texts]
    for given in (texts, tuple(texts), iter(texts), pd.Series(texts, index=[9] * 6), np.array(texts, dtype=object)):
        found = list(tagger.tag_texts(given, scores=True))
        assert [str(tagged) for tagged in found] == [str(tagged) for tagged in alone]
        for one, other in zip(found, alone, strict=True):
            assert [sentence.offsets for sentence in one] == [sentence.offsets for sentence in other]
    assert list(tagger.tag_texts([])) == []
    assert next(tagger.tag_texts(texts))[0].scores is None
    pairs = list(tagger.tag_texts(((text, {"id": n}) for n, text in enumerate(texts)), as_tuples=True))
    assert [other["id"] for _, other in pairs] == list(range(6))
    assert [str(tagged) for tagged, _ in pairs] == [str(tagged) for tagged in alone]


@pytest.mark.parametrize("text", ["", "they fish."])
def test_many_texts_are_lazy(tagger: Tagger, text: str) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield text

    assert len(list(itertools.islice(tagger.tag_texts(endless()), 5000))) == 5000
    assert read < 12_001


@pytest.mark.parametrize(
    ("texts", "options", "message"),
    [
        ("they fish", {}, "texts is 'they fish' \\(str\\); expected a list"),
        (b"they", {}, "texts is b'they'"),
        ({"a": "they fish"}, {}, r"\(dict\); expected a list or another iterable of texts"),
        (pd.DataFrame({"text": ["they"]}), {}, r"\(DataFrame\); expected a list or another iterable of texts"),
        (["they fish", None], {}, r"texts\[1\] is None \(NoneType\); expected a text \(str\)"),
        (["they fish", math.nan], {}, r"texts\[1\] is nan \(float\)"),
        ([["they", "fish"]], {}, r"texts\[0\] is \['they', 'fish'\] \(list\)"),
        ([b"they"], {}, r"texts\[0\] is b'they' \(bytes\)"),
        (["ok", "\udc00"], {}, r"texts\[1\] has U\+DC00 at 0, half of a surrogate pair"),
        (["ab"], {"as_tuples": True}, r"texts\[0\] is 'ab' \(str\); expected a pair"),
        ([("they fish", 1), ("they", 1, 2)], {"as_tuples": True}, r"texts\[1\] is \('they', 1, 2\) \(tuple\)"),
        ([(1, "they fish")], {"as_tuples": True}, r"texts\[0\]\[0\] is 1 \(int\)"),
        ([("they fish", 1)], {}, r"texts\[0\] is \('they fish', 1\) \(tuple\)"),
    ],
)
def test_what_are_no_texts(tagger: Tagger, texts: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        list(tagger.tag_texts(texts, **options))


def test_each_line_is_a_sentence_on_request(tagger: Tagger) -> None:
    text = "They fish. It sees\nthe dog\r\n\n It likes fish . Never\n"
    assert [len(sentence) for sentence in tagger.tag(text)] == [3, 4, 4, 1]
    tagged = tagger.tag(text, one_sentence_per_line=True)
    assert [" ".join(sentence.tokens) for sentence in tagged] == [
        "They fish . It sees",
        "the dog",
        "It likes fish . Never",
    ]
    for sentence in tagged:
        assert [text[start:end] for start, end in sentence.offsets or []] == list(sentence.tokens)
    [again] = tagger.tag_texts([text], one_sentence_per_line=True)
    assert str(again) == str(tagged)


def test_it_knows_itself(tagger: Tagger) -> None:
    assert tagger.labels == ("ADV", "AUX", "DET", "NOUN", "PRON", "PUNCT", "VERB")
    assert (tagger.column, tagger.threads) == ("upos", 1)
    assert tagger.precision in ("float32", "bfloat16")
    assert repr(tagger) == f"<Tagger for upos: 7 labels, {tagger.precision}, 1 threads>"


@pytest.mark.parametrize("threads", [0, -1, 10_000])
def test_more_threads_than_cores(tiny_model: Path, threads: int) -> None:
    with pytest.raises(ConfigError, match=rf"threads is {threads}; expected 1 to {available_cores()}, the cores"):
        Tagger.load(tiny_model, threads=threads)


def test_devices_and_precisions(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="device is 'tpu'; expected auto, cpu or cuda"):
        Tagger.load(tiny_model, device="tpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError, match="device is 'cuda', but PyTorch sees no CUDA device"):
        Tagger.load(tiny_model, device="cuda")
    monkeypatch.setattr("tagger.runtime.device.has_fast_bfloat16", lambda: False)
    with pytest.raises(ConfigError, match="this CPU does not compute with it natively; use float32"):
        Tagger.load(tiny_model, precision="bfloat16", device="cpu")
    assert Tagger.load(tiny_model, precision="auto").precision == "float32"
    with pytest.raises(ConfigError, match="precision is 'float64'; expected auto, float32 or bfloat16"):
        Tagger.load(tiny_model, precision="float64")


def test_bfloat16_tags_alike(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.runtime.device.has_fast_bfloat16", lambda: True)
    plain, quick = (Tagger.load(tiny_model, threads=1, precision=p) for p in ("float32", "bfloat16"))
    made = [words for words, _ in sentences(100, 8)]
    pairs = zip(plain.tag_sentences(made), quick.tag_sentences(made), strict=True)
    same = [a == b for one, two in pairs for a, b in zip(one.tags, two.tags, strict=True)]
    assert sum(same) / len(same) > 0.97


def test_evaluation_counts_what_tagging_gets_right(tagger: Tagger, tiny_corpus: Path) -> None:
    scores = tagger.evaluate(str(tiny_corpus), split="dev")
    made = sentences(15, 2)
    pairs = [pair for words, tags in made for pair in zip(tagger.tag(words).tags, tags, strict=True)]
    assert (scores.correct, scores.tokens) == (sum(a == b for a, b in pairs), len(pairs))
    assert scores.accuracy == scores.correct / scores.tokens > 0.85
    assert scores.sentences == 15


def test_labels_that_training_never_had_are_errors(tagger: Tagger, tmp_path: Path) -> None:
    path = tmp_path / "new.conllu"
    path.write_text(conllu([(["they", "can", "fish"], ["PRON", "AUX", "X"]), (["it", "sees"], ["X", "VERB"])]))
    scores = tagger.evaluate(str(path))
    assert scores.unseen_labels == {"X": 2}
    assert scores.correct <= 3
    assert scores.tokens == 5


def test_evaluation_of_what_is_not_there(tagger: Tagger, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.conllu"):
        tagger.evaluate(str(tmp_path / "none.conllu"))


def test_loading_represents_frequent_words_and_changes_no_tag(tiny_model: Path) -> None:
    cold, warm = Tagger(load_model(tiny_model)), Tagger.load(tiny_model)
    vocabulary = warm.saved.features.vocabulary
    assert set(warm._engine.cache.rows) == set(vocabulary.words[1 : vocabulary.trained])
    assert not cold._engine.cache.rows
    sentence = [*vocabulary.words[1:6], "neverseen"]
    assert warm.tag(sentence).tags == cold.tag(sentence).tags
