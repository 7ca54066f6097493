"""Commands of a second or two, and a report of those that fail."""

from __future__ import annotations

from pathlib import Path

from tests.killing import Nursery
from tests.tiny import TOML, conllu, sentences, write_corpus

Command = list[str | Path]
Row = tuple[str, int, int, str]
"""What was done, how often, how often it went wrong, and what else there is to say."""
LM = ("--hidden-size", "16", "--embedding-size", "16", "--epochs", "8", "--batch-size", "4", "--bptt", "12")
TAGGED = "model.safetensors"


def pos_command(folder: Path) -> Command:
    """Train a tagger for a second."""
    corpus = write_corpus(folder / "corpus")
    (folder / "settings.toml").write_text(TOML)
    return ["train", "pos", corpus, "--config", folder / "settings.toml", "--threads", "1", "--quiet"]


def lm_command(folder: Path) -> Command:
    """Train a language model for a second."""
    text = write_corpus(folder / "corpus") / "xx_tiny-ud-train.conllu"
    return ["train", "lm", "--train", text, "--dev", text, *LM, "--threads", "1", "--quiet"]


def tag_command(folder: Path, nursery: Nursery, number: int = 40_000, threads: int = 1) -> Command:
    """Tag for a few seconds."""
    assert nursery.run([*pos_command(folder), "--out", folder / "model"]).code == 0
    (folder / "big.conllu").write_text(conllu(sentences(number, 3)), encoding="utf-8")
    return ["tag", folder / "big.conllu", "--model", folder / "model", "--threads", str(threads), "--quiet", "--scores"]


def content(out: Path) -> bytes:
    """What a run made: the weights of a model, or a file."""
    return (out / TAGGED if out.is_dir() else out).read_bytes()
