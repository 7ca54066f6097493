"""A damaged corpus on its way through ``check``, ``train`` and ``tag``, each called as from the command line.

Each leg ends with success, or with exit code 1 and one line that says why; nothing else is raised, nothing takes
long, and what is accepted is what a plain reader finds in the file.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

from tagger.corpora.read_corpus import read_corpus
from tagger.inference.tagger import Tagger
from tests.mutations import plainly_read
from tests.tiny import TOML, Result, run

LONGEST_SECONDS = 30
REFUSED = 1
MOST_UNLABELLED = 1
"""Sentences without any label, which are tagged but not trained on, that the damage to a corpus leaves."""


class Legs:
    """Runs the commands in this process.

    Args:
        folder: an empty folder to work in.
        model: a model folder, to tag with.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.tagger = Tagger.load(model, threads=1)
        self.settings = folder / "quick.toml"
        self.settings.write_text(TOML, encoding="utf-8")

    def run(self, name: str, data: bytes, *, skip_invalid: bool = False, repair: bool = False) -> dict[str, bool]:
        """All legs.

        Args:
            name: of the file; its ending tells the format, unless the content tells another.
            data: what is in it.
            skip_invalid: leave out what cannot be read.
            repair: repair what a rule can repair.

        Returns:
            For each leg, whether the corpus was accepted.

        Raises:
            AssertionError: something else happened than success or an error in one line.
        """
        path = self.folder / name
        path.write_bytes(data)
        options = ["--skip-invalid"] * skip_invalid + ["--repair"] * repair
        try:
            checked = self.check(path, options)
            training = self.train(path, options)
            trained = _accepted(training)
            few = "has the same label" in training.err  # what is left when dev and test have been set aside
            assert checked == trained or few, f"check says {checked}, train {training}"
            words = self.compare(path) if trained and not options else None
            return {"check": checked, "train": trained, "tag": self.tag(path, options[:skip_invalid], words)}
        finally:
            path.unlink()

    def check(self, path: Path, options: list[str]) -> bool:
        """``tagger check --json``: whether there are no errors."""
        with at_most(LONGEST_SECONDS):
            result = run("check", path, "--json", *options)
        if not result.out:
            return _accepted(result)
        found = json.loads(result.out)
        errors = [one["kind"] for one in found["findings"] if one["severity"] == "error"]
        assert result.code == bool(errors), (result.code, errors)
        return not errors

    def train(self, path: Path, options: list[str]) -> Result:
        """``tagger train pos``, one epoch."""
        quick = ("--config", self.settings, "--epochs", 1, "--threads", 1, "--quiet", "--overwrite")
        with at_most(LONGEST_SECONDS):
            return run("train", "pos", path, *quick, "--out", self.folder / "model", *options)

    def tag(self, path: Path, options: list[str], words: list[list[str]] | None = None) -> bool:
        """``tagger tag``: whether all could be read; every word that is written has a tag.

        Args:
            path: what to tag.
            options: of the command.
            words: of the sentences that were trained on, which are tagged too, and no others.
        """
        out = self.folder / "tagged.jsonl"
        where = ("--output", "jsonl", "-o", out, "--model", self.folder)
        with patch("tagger.inference.tagger.Tagger.load", return_value=self.tagger), at_most(LONGEST_SECONDS):
            accepted = _accepted(run("tag", path, *where, *options))
        assert out.exists() == accepted
        if accepted:
            text = out.read_bytes().decode("utf-8", "replace")
            out.unlink()
            lines = text.split("\n")[:-1]
            assert options or all(_is_tagged(line) for line in lines)  # bad lines are passed on
            # Damaged columns may be a text, and what ends a span ends a word, of which only training knows.
            if words is not None and not path.name.endswith((".txt", "min.json")):
                tagged = sorted(filter(None, (_words(json.loads(line)) for line in lines)))
                unlabelled = [sentence for sentence in tagged if sentence not in words]
                assert [sentence for sentence in tagged if sentence in words] == words, (path.name, unlabelled, words)
                assert len(unlabelled) <= MOST_UNLABELLED, (path.name, unlabelled, words)
        return accepted

    def compare(self, path: Path) -> list[list[str]]:
        """What was accepted is what a plain reader finds; return the words of all sentences, sorted."""
        plain = plainly_read(path.name, path.read_bytes())
        splits = read_corpus(str(path)).splits
        pairs = sorted(pair for split in splits for pair in zip(split.tokens(), split.tags(), strict=True))
        assert plain is None or pairs == sorted(plain)
        return [words for words, _ in pairs]


def _is_tagged(line: str) -> bool:
    """Whether a line of JSON has a tag for each word."""
    row = json.loads(line)
    return len(row["tags"]) == len(_words(row))


def _words(row: dict[str, Any]) -> list[str]:
    words: list[str] = row["tokens"] if "tokens" in row else row["words"]
    return words


def _accepted(result: Result) -> bool:
    """Whether a command succeeded; if not, it must have said why in one line."""
    if result.code == 0:
        return True
    assert result.code == REFUSED, result
    assert result.message.startswith("tagger: error: "), result.err
    assert len(result.message) < 1500, result.message
    return False


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Break off what takes longer, with an AssertionError."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"took more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
