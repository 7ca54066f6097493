"""With networking cut off, everything but fetching data sets works, and nothing tries to connect."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import TOML

pytestmark = pytest.mark.slow

QUIET = """
import socket, sys
def refuse(*_):
    raise AssertionError("a connection was tried")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.create_connection = socket.getaddrinfo = refuse
from tagger.cli.main import main
def run(*arguments):
    try:
        main(list(arguments))
    except SystemExit as end:
        assert end.code == 0, arguments
corpus, folder = sys.argv[1:]
text = f"{corpus}/xx_tiny-ud-train.conllu"
run("train", "pos", corpus, "--config", f"{folder}/settings.toml", "--epochs", "2", "--out", f"{folder}/pos", "--quiet")
small = ("--epochs", "1", "--hidden-size", "8", "--quiet")
run("train", "lm", "--train", text, "--dev", text, "--out", f"{folder}/lm", *small)
run("train", "pos", corpus, "--resume", "--out", f"{folder}/pos", "--quiet")
run("tag", text, "--model", f"{folder}/pos", "-o", f"{folder}/tagged.conllu", "--resume", "auto")
run("check", text)
run("evaluate", f"{folder}/pos", corpus)
run("generate", "they", "--model", f"{folder}/lm")
"""


def test_nothing_needs_the_network(tiny_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(TOML)
    alone = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        alone = []
    done = subprocess.run(
        [*alone, sys.executable, "-c", QUIET, str(tiny_corpus), str(tmp_path)], cwd=Path(__file__).parent.parent,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(done.stderr[-2000:])
    assert (tmp_path / "tagged.conllu").stat().st_size > 0
