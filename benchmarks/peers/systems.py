"""The systems under measurement, from the caller's side: which there are and how their processes are started."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.measuring import ROOT

OURS = "ours"
PEERS = ("nltk", "crfsuite", "spacy")


def add_peer_options(parser: argparse.ArgumentParser) -> None:
    """Options that name the peers and their environment."""
    parser.add_argument("--peers-python", metavar="FILE", help="python of the environment with peers-requirements.txt")
    parser.add_argument(
        "--peers", default=",".join(PEERS), help="which, separated by commas, or none [default: %(default)s]"
    )
    parser.add_argument(
        "--peer-option",
        action="append",
        default=[],
        metavar="PEER.NAME=VALUE",
        help="option of one peer's script, e.g. spacy.language=xx",
    )


def chosen_peers(arguments: argparse.Namespace) -> list[str]:
    """The peers asked for.

    Raises:
        SystemExit: one is unknown, or there is no environment to run them in.
    """
    names = [] if arguments.peers == "none" else arguments.peers.split(",")
    for name in names:
        if name not in PEERS:
            raise SystemExit(f"unknown peer {name!r}; expected {', '.join(PEERS)}, or none")
    if names and (arguments.peers_python is None or shutil.which(arguments.peers_python) is None):
        raise SystemExit(
            f"--peers-python is {arguments.peers_python!r}; expected the python of an environment with "
            "benchmarks/peers-requirements.txt installed (or --peers none)"
        )
    if names:  # relative to where the caller stands; the link of a virtual environment must stay a link
        arguments.peers_python = os.path.abspath(str(shutil.which(arguments.peers_python)))
    return names


def peer_options(arguments: argparse.Namespace, peer: str) -> dict[str, str]:
    """What ``--peer-option`` says about one peer."""
    pairs = [pair.split("=", 1) for pair in arguments.peer_option if pair.startswith(f"{peer}.") and "=" in pair]
    return {name.removeprefix(f"{peer}."): value for name, value in pairs}


def train(system: str, python: str, arguments: Mapping[str, object], options: Mapping[str, str]) -> dict[str, Any]:
    """Train and score one system in a process of its own.

    Args:
        system: ``ours`` or a peer.
        python: interpreter to run it with.
        arguments: train, dev, test, out, column, seed.
        options: of the system.

    Returns:
        What ``benchmarks.peers.worker.train`` returns.

    Raises:
        SystemExit: the process failed.
    """
    words = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        _command(system, python, "train", words, options), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE
    )
    if done.returncode:
        raise SystemExit(f"{system}: training ended with status {done.returncode}; its messages are above")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


class Serving:
    """One system in a process of its own with a model loaded, waiting to be measured.

    Args:
        system: ``ours`` or a peer.
        python: interpreter to run it with.
        model: folder with the model.
        test: CoNLL-U file to tag.
        options: of the system.
        threads: limit of OpenMP threads, or None.
    """

    def __init__(
        self,
        system: str,
        python: str,
        model: Path,
        test: Path,
        options: Mapping[str, str],
        threads: int | None = None,
    ) -> None:
        words = ["--model", str(model.resolve()), "--test", str(test.resolve())]
        self._process = subprocess.Popen(
            _command(system, python, "serve", words, options),
            cwd=ROOT,
            env=_environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.system = system
        self.facts = self._answer()

    def ask(self, command: str) -> Any:
        """Send ``load``, ``pass`` or ``single``; the time it took in seconds (a list of times for ``single``)."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()["seconds"]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.system}: the process ended with status {self._process.wait()}; see above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


def tagger_command() -> list[str]:
    """The ``tagger`` program of the calling environment."""
    beside = Path(sys.executable).with_name("tagger")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "tagger.cli.main"]


def _command(system: str, python: str, action: str, words: Sequence[str], options: Mapping[str, str]) -> list[str]:
    module = "benchmarks.peers.ours" if system == OURS else f"benchmarks.peers.{system}"
    pairs = [word for name, value in options.items() for word in ("--option", f"{name}={value}")]
    return [python, "-m", module, action, *words, *pairs]


def _environment(threads: int | None = None) -> dict[str, str]:
    limit = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    return {**os.environ, **limit, "TOKENIZERS_PARALLELISM": "false"}
