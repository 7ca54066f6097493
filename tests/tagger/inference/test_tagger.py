"""The tagger that people use."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from tagger import ConfigError, CorpusError, ModelError, TaggedSentence, TaggedText, Tagger
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


@pytest.mark.parametrize("word", ["", " ", "\x00", "\ud800", "a b", "\n", "<unk>", "é\u0301"])
def test_odd_tokens_are_tagged(tagger: Tagger, word: str) -> None:
    assert len(tagger.tag(["they", word, "fish"]).tags) == 3


def test_tuples_are_sentences_too(tagger: Tagger) -> None:
    assert tagger.tag(tuple(THEY_CAN_FISH)).tags == tagger.tag(THEY_CAN_FISH).tags


@pytest.mark.parametrize("wrong", [[["they", "can"]], [1, 2], [None]])
def test_what_is_no_sentence(tagger: Tagger, wrong: list[str]) -> None:
    with pytest.raises(TypeError, match=r"tag\(\) takes a text or a list of tokens; for many"):
        tagger.tag(wrong)


def test_texts_are_no_token_lists(tagger: Tagger) -> None:
    with pytest.raises(TypeError, match=r"takes lists of tokens, not the text 'they can fish'"):
        list(tagger.tag_sentences(["they can fish"]))


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
    monkeypatch.setattr("tagger.inference.engine.has_fast_bfloat16", lambda: False)
    with pytest.raises(ModelError, match="this CPU does not compute with it natively; use float32"):
        Tagger.load(tiny_model, precision="bfloat16", device="cpu")
    assert Tagger.load(tiny_model, precision="auto").precision == "float32"
    with pytest.raises(ConfigError, match="precision is 'float64'; expected auto, float32 or bfloat16"):
        Tagger.load(tiny_model, precision="float64")


def test_bfloat16_tags_alike(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.inference.engine.has_fast_bfloat16", lambda: True)
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
