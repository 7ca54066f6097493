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
from unittest.mock import patch

from tagger.corpora.read_corpus import read_corpus
from tagger.inference.tagger import Tagger
from tests.mutations import plainly_read
from tests.tiny import TOML, Result, run

LONGEST_SECONDS = 30
REFUSED = 1


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
            if trained and not options:
                self.compare(path)
            return {"check": checked, "train": trained, "tag": self.tag(path, options[:skip_invalid])}
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

    def tag(self, path: Path, options: list[str]) -> bool:
        """``tagger tag``: whether all could be read; every word that is written has a tag."""
        out = self.folder / "tagged.jsonl"
        where = ("--output", "jsonl", "-o", out, "--model", self.folder)
        with patch("tagger.inference.tagger.Tagger.load", return_value=self.tagger), at_most(LONGEST_SECONDS):
            accepted = _accepted(run("tag", path, *where, *options))
        assert out.exists() == accepted
        if accepted:
            text = out.read_bytes().decode("utf-8", "replace")
            out.unlink()
            assert options or all(_is_tagged(line) for line in text.split("\n")[:-1])  # bad lines are passed on
        return accepted

    def compare(self, path: Path) -> None:
        """What was accepted is what a plain reader finds."""
        plain = plainly_read(path.name, path.read_bytes())
        if plain is not None:
            corpus = read_corpus(str(path))
            pairs = [zip(split.tokens(), split.tags(), strict=True) for split in corpus.splits]
            assert sorted(pair for split in pairs for pair in split) == sorted(plain)


def _is_tagged(line: str) -> bool:
    """Whether a line of JSON has a tag for each word."""
    row = json.loads(line)
    return len(row["tags"]) == len(row.get("tokens", row.get("words")))


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
