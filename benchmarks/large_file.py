"""``tagger tag`` on a large pre-tokenised file: speed and memory. Run: ``python -m benchmarks.large_file --help``.

The speed beside it is that of ``Tagger.tag_sentences`` on token lists in memory, taken from the same file,
before and after. The command's time holds everything from the start of the process to its end.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import systems
from benchmarks.generating import bundled_file, check_space, write_tokens
from benchmarks.measuring import machine, markdown, report
from benchmarks.memory import Watched, rows, watch

BYTES_PER_TOKEN = 20
"""Room for the file and the tagged copy of it."""


def main() -> None:
    """Generate, measure, print a table."""
    arguments = _arguments()
    before = machine()
    with tempfile.TemporaryDirectory(prefix="tagger-large-", dir=arguments.work) as folder:
        results, watched = _measure(arguments, Path(folder).resolve())
    header = ("`tagger tag`", f"{results['tokens'] / 1e6:.1f} million tokens")
    figures = [
        ("time", f"{watched.seconds:,.1f} s"),
        ("speed", f"{results['tokens_per_second']:,.0f} tokens/s"),
        ("speed in memory", f"{statistics.fmean(results['in_memory_tokens_per_second']):,.0f} tokens/s"),
        ("share of the speed in memory", f"{results['ratio']:.0%}"),
    ]
    report("A large file", markdown(header, [*figures, *rows(watched)]), results, arguments.out, before)


def _measure(arguments: argparse.Namespace, work: Path) -> tuple[dict[str, Any], Watched]:
    tokens = round(arguments.millions * 1e6)
    check_space(work, BYTES_PER_TOKEN * tokens)
    source, tagged = work / "tokens.txt", work / "tagged.txt"
    corpus = arguments.corpus or bundled_file()
    written = write_tokens(source, corpus, tokens=tokens, rare_every=arguments.rare_every)
    speeds = [_in_memory(arguments, source)]
    watched = watch(_command(arguments, source, tagged))
    speeds.append(_in_memory(arguments, source))
    _check_complete(source, tagged)
    speed = written / watched.seconds
    results = {
        "tokens": written,
        "tokens_per_second": speed,
        "in_memory_tokens_per_second": speeds,
        "ratio": speed / statistics.fmean(speeds),
        "memory": watched.results(),
    }
    return results, watched


def _command(arguments: argparse.Namespace, source: Path, tagged: Path) -> list[str]:
    model = ["--model", str(arguments.model.resolve()), "--input", "tokens"]
    output = ["--output", arguments.output, "-o", str(tagged)]
    threads = [] if arguments.threads is None else ["--threads", str(arguments.threads)]
    return [*systems.tagger_command(), "tag", str(source), *model, *output, *threads]


def _in_memory(arguments: argparse.Namespace, source: Path) -> float:
    """Tokens per second of ``tag_sentences`` on the head of the file, after a warm-up on a part of it."""
    from tagger.tagging import Tagger

    with source.open(encoding="utf-8") as file:
        sentences = [line.split() for line in islice(file, arguments.memory_sentences)]
    tagger = Tagger.load(arguments.model, device="cpu", threads=arguments.threads)
    list(tagger.tag_sentences(sentences[: len(sentences) // 10 + 1]))
    started = time.perf_counter()
    tagged = [sentence.tags for sentence in tagger.tag_sentences(sentences)]
    return sum(map(len, tagged)) / (time.perf_counter() - started)


def _check_complete(source: Path, tagged: Path) -> None:
    """Every line in must have come out."""
    with source.open("rb") as given, tagged.open("rb") as written:
        lines, found = sum(1 for _ in given), sum(1 for line in written if line.strip())
    if found < lines:
        raise SystemExit(f"{lines} sentences went in, {found} lines came out")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_file", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--millions", type=float, default=20, help="million tokens [default: 20]")
    parser.add_argument("--corpus", type=Path, help="CoNLL-U file to repeat [default: the bundled corpus]")
    parser.add_argument("--rare-every", type=int, default=100, help="tokens from one invented word to the next")
    parser.add_argument("--output", default="pairs", help="output format of tagger tag [default: pairs]")
    parser.add_argument("--threads", type=int, help="[default: all cores]")
    parser.add_argument("--memory-sentences", type=int, default=50_000, help="sentences of the comparison in memory")
    parser.add_argument("--work", type=Path, help="folder with room for the files [default: that for temporary files]")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
