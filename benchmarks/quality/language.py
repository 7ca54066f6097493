"""Language models beside PyTorch's own example. Run: ``python -m benchmarks.quality.language --help``.

The peer is the script ``word_language_model/main.py`` of the repository pytorch/examples, with its defaults, tied
weights and six epochs. Ours gets the wall-clock time that these took (the published recipe: the same six epochs), the
same tokenised files, the same vocabulary (all words of the files) and the same cores. Systems run one after the other.
Every perplexity is per token, ``<unk>`` and ends of lines counted.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine_facts, markdown, report

SIZES = ("--layers", "2", "--hidden-size", "200", "--embedding-size", "200")


@dataclass(frozen=True, slots=True)
class Result:
    """How a system did.

    Args:
        name: of the system.
        seconds: wall-clock time of training, dev scoring after each epoch included.
        valid: perplexity on the validation text.
        test: perplexity on the test text.
        epochs: epochs trained.
    """

    name: str
    seconds: float
    valid: float
    test: float
    epochs: int


def main() -> None:
    """Train the peer, then ours within its time, then the published recipe; print a table."""
    arguments = _arguments()
    before = machine_facts()
    with tempfile.TemporaryDirectory(prefix="tagger-language-") as folder:
        peer = run_peer(arguments.peer, arguments.data, arguments.epochs, Path(folder))
        budget = ("--max-minutes", f"{peer.seconds / 60:.4f}")
        results = [peer, run_ours("ours, in the same time", arguments.data, Path(folder) / "own", (*SIZES, *budget))]
        recipe = ("--preset", "small", "--epochs", str(arguments.epochs))
        results.append(run_ours("ours, its recipe (--preset small)", arguments.data, Path(folder) / "recipe", recipe))
    rows = [
        (
            one.name,
            f"{one.valid:.2f}",
            f"{one.test:.2f}",
            f"{100 * (one.test / peer.test - 1):+.1f} %",
            str(one.epochs),
            f"{one.seconds:.0f}",
            f"{one.seconds / peer.seconds:.2f}",
        )
        for one in results
    ]
    header = ("system", "valid", "test", "against the peer", "epochs", "seconds", "times the peer")
    figures = {"results": [{name: getattr(one, name) for name in Result.__slots__} for one in results]}
    report("Language models, 2 x 200 LSTM, tied", markdown(header, rows), figures, arguments.out, before)


def run_peer(script: Path, data: Path, epochs: int, folder: Path) -> Result:
    """Run the example and read what it prints."""
    command = [
        sys.executable, str(script.resolve()), "--data", str(data.resolve()), "--tied", "--epochs", str(epochs),
        "--save", str(folder / "peer.pt"),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=script.parent)
    ends = re.findall(
        r"end of epoch +\d+ \| time: +([\d.]+)s \| valid loss +[\d.]+ \| valid ppl +([\d.]+)", done.stdout
    )
    test = re.search(r"test ppl +([\d.]+)", done.stdout)
    assert test is not None, done.stdout[-500:]
    seconds = sum(float(time_) for time_, _ in ends)
    return Result("PyTorch word_language_model", seconds, min(float(v) for _, v in ends), float(test[1]), len(ends))


def run_ours(name: str, data: Path, out: Path, options: tuple[str, ...]) -> Result:
    """Run ``tagger train lm`` and read its folder; the time is that of the whole fitting, from its own log."""
    files = [
        f"--{ours}={data / file}" for ours, file in (("train", "train.txt"), ("dev", "valid.txt"), ("test", "test.txt"))
    ]
    command = [
        sys.executable,
        "-m",
        "tagger.cli.main",
        "train",
        "lm",
        *files,
        "--tokenised",
        "--quiet",
        "--out",
        str(out),
    ]
    started = time.perf_counter()
    subprocess.run([*command, *options], check=True)
    whole = time.perf_counter() - started
    metrics: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    log = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    print(f"{name}: {whole:.0f} s from start to end", file=sys.stderr)
    return Result(name, log[-1]["seconds"], metrics["valid"]["perplexity"], metrics["test"]["perplexity"], len(log))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--peer", type=Path, required=True, help="word_language_model/main.py of pytorch/examples")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of train.txt, valid.txt and test.txt, tokenised"
    )
    parser.add_argument("--epochs", type=int, default=6, help="of the peer and of its recipe")
    parser.add_argument("--out", type=Path, help="write NAME.md and NAME.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
