"""The choice of rules for raw text, from what the corpus shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.tokenization.rule_selection import MIN_RAW_SENTENCES
from tagger.sequence_labelling.preparation import choose_tokenizer
from tests.tiny import TOML, run

ENGLISH = ("I do n't know .", "I don't know.")
KOREAN = ("나는 책을 읽었다 .", "나는 책을 읽었다.")
GERMAN = ("Das ist gut .", "Das ist gut.")


def corpus_file(folder: Path, words: str, text: str | None, number: int) -> str:
    """The same sentence again and again; the words stand between blanks."""
    rows = [f"{n}\t{word}\t_\t{'X' if n % 2 else 'Y'}\t_\t_\t0\t_\t_\t_" for n, word in enumerate(words.split(), 1)]
    block = "\n".join([*([f"# text = {text}"] if text else []), *rows]) + "\n\n"
    path = folder / "train.conllu"
    path.write_text(block * number, encoding="utf-8")
    return str(path)


def choose(path: str) -> tuple[list[str], str]:
    """The words that the chosen rules find in the sentence, and the note."""
    tokenizer, note = choose_tokenizer(read_corpus(None, train=path, dev=path))
    return [token.text for token in tokenizer.words("I don't know.")], note


@pytest.mark.parametrize(("words", "text"), [ENGLISH, GERMAN, KOREAN])
def test_raw_sentences_of_the_corpus_decide(tmp_path: Path, words: str, text: str) -> None:
    path = corpus_file(tmp_path, words, text, 30)
    tokenizer, note = choose_tokenizer(read_corpus(None, train=path, dev=path))
    assert [token.text for token in tokenizer.words(text)] == words.split()
    assert "word F1 100.0 on 30 sentences" in note


def test_contractions_are_english(tmp_path: Path) -> None:
    assert choose(corpus_file(tmp_path, *ENGLISH, 30))[0] == ["I", "do", "n't", "know", "."]


@pytest.mark.parametrize(
    ("words", "expected", "rules"),
    [
        (ENGLISH[0], ["I", "do", "n't", "know", "."], "english"),
        (GERMAN[0], ["I", "don't", "know", "."], "generic"),
        (KOREAN[0], None, "korean"),
    ],
)
@pytest.mark.parametrize("texts", ["none", "few"])
def test_without_raw_sentences_the_words_decide(
    tmp_path: Path, words: str, expected: list[str] | None, rules: str, texts: str
) -> None:
    path = corpus_file(
        tmp_path, words, "any" if texts == "few" else None, MIN_RAW_SENTENCES - 1 if texts == "few" else 30
    )
    found, note = choose(path)
    assert note == f"raw text is split by the '{rules}' rules"
    if expected:
        assert found == expected


def test_training_measures_and_tag_says_once(tmp_path: Path) -> None:
    split_rows = {"du": "de le", "au": "à le"}
    blocks = []
    for number, (contracted, noun) in enumerate([("du", "roi"), ("au", "chat")] * 20):
        words = ["Il", "parle", *split_rows[contracted].split(), noun, "."]
        rows = [f"{n}\t{word}\t_\tT{len(word)}\t_\t_\t0\t_\t_\t_" for n, word in enumerate(words, 1)]
        text = f"# text = Il parle {contracted} {noun}."
        blocks.append(
            "\n".join([f"# sent_id = {number}", text, *rows[:2], f"3-4\t{contracted}" + "\t_" * 8, *rows[2:]])
        )
    (tmp_path / "fr.conllu").write_text("\n\n".join(blocks) + "\n\n", encoding="utf-8")
    settings = tmp_path / "quick.toml"
    settings.write_text(TOML.replace("epochs = 10", "epochs = 1"), encoding="utf-8")
    model = tmp_path / "model"
    done = run("train", "pos", tmp_path / "fr.conllu", "--out", model, "--config", settings, "--threads", 1)
    expected = "warning: the model splits raw text badly: word F1 72.7 %"  # 4 right of 5 found, 6 in gold
    assert done.err.splitlines()[-1].startswith(expected)
    assert done.out.splitlines()[-1].endswith("roi .' --input tokens")
    (tmp_path / "raw.txt").write_text("Il parle du roi.\n" * 100, encoding="utf-8")
    tagged = run("tag", tmp_path / "raw.txt", "--model", model, "--threads", 1)
    assert tagged.message.startswith(expected)
    (tmp_path / "raw.jsonl").write_text('{"id": 1, "text": "Il parle du roi."}\n', encoding="utf-8")
    (tmp_path / "raw.csv").write_text("id,text\n1,Il parle du roi.\n2,Il parle au chat.\n", encoding="utf-8")
    for name in ("raw.jsonl", "raw.csv"):
        assert expected in run("tag", tmp_path / name, "--model", model, "--threads", 1).err
    assert run("tag", tmp_path / "raw.txt", "--model", model, "--threads", 1, "--quiet").err == ""
    assert run("tag", tmp_path / "raw.txt", "--model", model, "--threads", 1, "--input", "tokens").err == ""
