from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import pytest

import tagger.generation.generate
from tagger.config.generation import Generated, GenerationSettings
from tagger.corpora.subwords.word import WordLevelTokenizer
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError
from tagger.generation.generate import generate, stream
from tagger.generation.prompts import make_prompt
from tagger.generation.text_output import replayed_state
from tests.tagger.generation.predictors import FadingPredictor, character_units, vocabulary, word_units

WORDS = word_units("a", "b", "c", ",", ".", '"', "'s", "D")
CHARACTERS = character_units("ab. c")
ENGLISH = WordTokenizer.from_rules("english")


def write(text: str = "", *, subwords: Any = WORDS, sharpness: float = 2.0, **settings: Any) -> list[Generated]:
    engine = FadingPredictor(subwords.size, sharpness=sharpness)
    return generate(engine, subwords, make_prompt(text, ENGLISH, subwords), GenerationSettings(**settings))


def streamed(text: str = "", *, subwords: Any = WORDS, **settings: Any) -> list[str]:
    engine = FadingPredictor(subwords.size)
    return list(stream(engine, subwords, make_prompt(text, ENGLISH, subwords), GenerationSettings(**settings)))


def test_log_probs_are_those_of_the_model() -> None:
    """By definition: the log-probability of each unit given the prompt and all before it."""
    for made in write("a b", samples=3, seed=1, temperature=0.5, top_k=4, repetition_penalty=1.5, max_tokens=20):
        engine = FadingPredictor(WORDS.size)
        history = [WORDS.end, *WORDS.vocabulary.encode(["a", "b"]).tolist()]
        subwords = WORDS.vocabulary.encode(made.tokens).tolist()
        for unit, log_prob in zip(subwords, made.log_probs, strict=True):
            assert log_prob == pytest.approx(engine.log_probs(history)[unit], abs=1e-5)
            history.append(unit)
        assert made.log_prob == pytest.approx(math.fsum(made.log_probs))


def test_greedy_takes_the_most_probable_unit_each_time() -> None:
    (made,) = write("a", temperature=0, max_tokens=12)
    engine, history = FadingPredictor(WORDS.size), [WORDS.end, WORDS.vocabulary.ids["a"]]
    for token in made.tokens:
        chances = engine.log_probs(history)[1:]  # no <unk>
        assert WORDS.vocabulary.ids[token] == 1 + chances.index(max(chances))
        history.append(WORDS.vocabulary.ids[token])


@pytest.mark.parametrize("subwords", [WORDS, CHARACTERS], ids=["word", "char"])
def test_the_same_seed_gives_the_same_text_whatever_the_number_of_samples(subwords: Any) -> None:
    options: dict[str, Any] = {"subwords": subwords, "max_tokens": 30, "sentences": 4, "stop": ("c.",)}
    many = write("a b", samples=9, seed=3, **options)
    assert [write("a b", samples=n, seed=3, **options) for n in (1, 2, 5)] == [many[:1], many[:2], many[:5]]
    assert len({made.text for made in many}) > 5
    assert write("a b", seed=4, **options) != many[:1]


@pytest.mark.parametrize("forked", [True, False])
def test_many_samples_are_shared_and_none_changes(forked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among processes where this one may fork, else among threads."""
    if forked and sys.platform != "linux":
        pytest.skip("only Linux forks workers")
    monkeypatch.setattr(tagger.generation.generate, "can_fork", lambda: forked)
    engine, settings = FadingPredictor(WORDS.size), GenerationSettings(samples=70, seed=3, max_tokens=12)
    prompt = make_prompt("a b", ENGLISH, WORDS)
    one, two = (generate(engine, WORDS, prompt, settings, threads=threads) for threads in (1, 2))
    assert one == two
    assert max(engine.batches) == 70
    assert engine.batches.count(35) == (11 if forked else 22)  # the steps after the first, of this process


@pytest.mark.parametrize(
    ("samples", "tokens", "shares"), [(16, 50, 2), (15, 50, 1), (16, 49, 1), (80, 10, 2), (99, 4, 1)]
)
def test_few_samples_or_short_ones_are_not_shared(
    samples: int, tokens: int, shares: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def here(compute: Callable[[range], object], parts: list[range]) -> list[object]:
        made.append(len(parts))
        return [compute(part) for part in parts]

    monkeypatch.setattr(tagger.generation.generate, "can_fork", lambda: True)
    monkeypatch.setattr(tagger.generation.generate, "map_in_processes", here)
    settings = GenerationSettings(samples=samples, seed=3, max_tokens=tokens)
    found = generate(FadingPredictor(WORDS.size), WORDS, make_prompt("a b", ENGLISH, WORDS), settings, threads=2)
    assert len(found) == samples
    assert made == [shares] * (shares > 1)


def test_without_a_seed_texts_differ() -> None:
    assert write(max_tokens=60, temperature=1.0)[0].text != write(max_tokens=60, temperature=1.0)[0].text


def test_the_batch_shrinks_as_samples_finish() -> None:
    engine = FadingPredictor(WORDS.size)
    settings = GenerationSettings(samples=6, seed=1, sentences=1, max_tokens=40)
    made = generate(engine, WORDS, make_prompt("", ENGLISH, WORDS), settings)
    lengths = [len(one.tokens) for one in made]
    assert engine.batches == [1] + [sum(length > step for length in lengths) for step in range(1, max(lengths))]
    assert len(set(engine.batches)) > 3


def test_what_ends_a_text() -> None:
    for made in write(samples=8, seed=1, max_tokens=10, sentences=1):
        assert (made.tokens[-1] == "<eos>") == (made.stopped_by == "end")
        assert (len(made.tokens) == 10 and made.tokens[-1] != "<eos>") == (made.stopped_by == "length")
        assert "<eos>" not in made.tokens[:-1]
    for made in write(samples=4, seed=1, max_tokens=400, sentences=3):
        assert made.tokens.count("<eos>") == 3
        assert made.stopped_by == "end"
    (long,) = write(seed=1, max_tokens=200)
    assert (len(long.tokens), long.stopped_by) == (200, "length")
    assert long.tokens.count("<eos>") > 3


def test_a_text_is_cut_off_before_a_stop_string() -> None:
    for subwords, stop in ((WORDS, "c"), (WORDS, ", a"), (CHARACTERS, "a"), (CHARACTERS, " a")):
        free = write("a", subwords=subwords, samples=6, seed=2, max_tokens=60)
        stopped = write("a", subwords=subwords, samples=6, seed=2, max_tokens=60, stop=("zz", stop))
        for made, whole in zip(stopped, free, strict=True):
            cut = whole.text.find(stop, 1)  # the prompt itself does not count
            assert made.stopped_by == ("stop" if cut > 0 else "length")
            assert made.text == (whole.text[:cut] if cut > 0 else whole.text)
            assert made.tokens == whole.tokens[: len(made.tokens)]
            if subwords is CHARACTERS and cut > 0:
                assert len(made.tokens) == cut - 1
            if stop == "c" and cut > 0:
                assert whole.tokens[len(made.tokens)] == "c"


@pytest.mark.parametrize("subwords", [WORDS, CHARACTERS], ids=["word", "char"])
@pytest.mark.parametrize("stop", [(), ("b.",), (". a", "ca")])
def test_pieces_join_to_the_text(subwords: Any, stop: tuple[str, ...]) -> None:
    for prompt in ("", "a b", 'a , "'):
        for seed in range(5):
            settings: dict[str, Any] = {"subwords": subwords, "max_tokens": 25, "seed": seed, "stop": stop}
            pieces = streamed(prompt, **settings)
            assert "".join(pieces) == write(prompt, **settings)[0].text
            assert "" not in pieces
            assert not prompt or pieces[0] == prompt


def test_text_appears_as_it_is_written() -> None:
    """After each draw all units but the last one are out: pieces are as many as draws, or wait for an end."""
    words = word_units("a", "b", "c")
    engine = FadingPredictor(words.size)
    settings = GenerationSettings(max_tokens=50, seed=1)
    written, steps = "", []
    for piece in stream(engine, words, make_prompt("", ENGLISH, words), settings):
        written += piece
        steps.append((len(engine.batches), len(written.split())))
    tokens = generate(engine, words, make_prompt("", ENGLISH, words), settings)[0].tokens
    for drawn, out in steps[:-1]:
        assert out == sum(token != "<eos>" for token in tokens[: drawn - 1])


@pytest.mark.parametrize(
    ("prompt", "first", "text"),
    [
        ("", ["a", "."], "a."),
        ("a", ["b"], "a b"),
        ("a  b ", ["c"], "a  b c"),
        ("a", [",", "b"], "a, b"),
        ("a\n", ["b"], "a\nb"),
        ('a "', ["b", '"', "c"], 'a "b" c'),
        ('"a', ['"', "c"], '"a" c'),
        ("a", ["'s", "b"], "a's b"),
        ("a.", ["<eos>", "b"], "a. b"),
        ("a. b", ["<eos>", "c"], "a. b c"),
    ],
)
def test_a_prompt_is_kept_as_written_and_continued_with_the_right_spaces(
    prompt: str, first: list[str], text: str
) -> None:
    ids = WORDS.vocabulary.encode(first).tolist()
    settings = GenerationSettings(max_tokens=len(ids))
    made = replayed_state(make_prompt(prompt, ENGLISH, WORDS), ids, [0.0] * len(ids), WORDS, settings).generated()
    assert made.text == text
    assert (made.tokens, made.stopped_by) == (first, "length")


def test_sentences_of_a_prompt_are_read_as_the_model_was_trained() -> None:
    prompt = make_prompt("A a. b, zzz yyy zzz", ENGLISH, WORDS)
    symbols = WORDS.symbols(prompt.ids)
    assert symbols == ["<eos>", "<unk>", "a", ".", "<eos>", "b", ",", "<unk>", "<unk>", "<unk>"]
    assert prompt.unknown == ("A", "zzz", "yyy")
    assert make_prompt("", ENGLISH, WORDS).ids == (WORDS.end,)
    lines = make_prompt("ab\nxa", ENGLISH, CHARACTERS)
    assert CHARACTERS.symbols(lines.ids) == ["<eos>", "a", "b", "<eos>", "<unk>", "a"]
    assert lines.unknown == ("x",)


def test_lines_of_characters() -> None:
    ids = CHARACTERS.vocabulary.encode(["a", "<eos>", "<eos>", "b", "<eos>"]).tolist()
    made = replayed_state(
        make_prompt("b", ENGLISH, CHARACTERS), ids, [0.0] * 5, CHARACTERS, GenerationSettings(max_tokens=5)
    )
    assert made.generated().text == "ba\n\nb"


def test_a_prompt_of_unknown_words_and_a_long_one() -> None:
    assert write("xx yy", seed=1, max_tokens=3)[0].text.startswith("xx yy")
    (made,) = write("a b c. " * 700, temperature=0, max_tokens=1)
    assert len(made.tokens) == 1


def test_a_model_without_capitals_writes_them() -> None:
    small = word_units("a", "i", ".")
    text = write(subwords=small, seed=1, max_tokens=40, temperature=1)[0].text
    assert text[0].isupper()
    assert " i " not in text
    assert write(subwords=WORDS, seed=5, max_tokens=1, temperature=0)[0].text in {
        "a",
        "b",
        "c",
        ",",
        ".",
        '"',
        "'s",
        "D",
        "",
    }


def test_a_vocabulary_of_one() -> None:
    assert write(subwords=WordLevelTokenizer(vocabulary()), seed=1, max_tokens=3)[0].tokens == ["<eos>"] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tokens": 0}, "generation: 'max_tokens' is 0; expected at least 1"),
        ({"samples": 0}, "generation: 'samples' is 0; expected at least 1"),
        ({"sentences": 0}, "generation: 'sentences' is 0; expected at least 1"),
        ({"seed": -1}, "generation: 'seed' is -1; expected at least 0"),
        ({"stop": ("a", "")}, "a stop string is empty"),
        ({"stop": "ab"}, "stop is the text 'ab'; expected a list of texts"),
        ({"beam": 0}, "generation: 'beam' is 0; expected at least 1"),
        ({"beam": 2, "top_k": 3, "samples": 2}, "beam and top_k, samples exclude each other"),
        ({"temperature": -1.0}, "generation: 'temperature' is -1.0"),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        GenerationSettings(**options)
    assert str(error.value).startswith(message)


def test_one_text_alone_can_be_streamed() -> None:
    several: list[dict[str, Any]] = [{"samples": 2}, {"beam": 2}]
    for options in several:
        with pytest.raises(ConfigError, match="only one sample can be streamed"):
            streamed(**options)
