"""``tagger tag`` on a large file: speed and memory. Run: ``python -m benchmarks.speed.large_file --help``.

With ``--kills`` the file is tagged once more by a command that is killed and resumed; its output must be that of the
unbroken one to the byte. The speed beside it is that of ``Tagger.tag_sentences`` on token lists in memory, taken from
the same file, before and after. The command's time holds everything from the start of the process to its end.
"""

from __future__ import annotations

import argparse
import filecmp
import random
import statistics
import subprocess
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT, machine_facts, markdown, report
from benchmarks.peers import conllu_lines, systems
from benchmarks.speed.generating import bundled_file, check_space, write_conllu, write_tokens
from benchmarks.speed.memory import Watched, rows, watch

BYTES_PER_TOKEN = {"tokens": 6, "conllu": 60}
"""Tokens of the file, about."""
COPIES = 3.5
"""The file and its tagged versions."""


def main() -> None:
    """Generate, measure, print a table."""
    arguments = _arguments()
    before = machine_facts()
    with tempfile.TemporaryDirectory(prefix="tagger-large-", dir=arguments.work) as folder:
        results, watched = _measure(arguments, Path(folder).resolve())
    header = ("`tagger tag`", f"{results['tokens'] / 1e6:.1f} million tokens")
    figures = [
        ("time", f"{watched.seconds:,.1f} s"),
        ("speed", f"{results['tokens_per_second']:,.0f} tokens/s"),
        ("speed in memory", f"{statistics.fmean(results['in_memory_tokens_per_second']):,.0f} tokens/s"),
        ("share of the speed in memory", f"{results['ratio']:.0%}"),
    ]
    if arguments.kills:
        figures.append((f"killed {arguments.kills} times and resumed", f"the same bytes, {results['resumed']:,.1f} s"))
    report("A large file", markdown(header, [*figures, *rows(watched)]), results, arguments.out, before)


def _measure(arguments: argparse.Namespace, work: Path) -> tuple[dict[str, Any], Watched]:
    tokens = round(arguments.millions * 1e6)
    size = BYTES_PER_TOKEN[arguments.input] * tokens
    check_space(work, COPIES * size)
    source, tagged = work / "source.txt", work / "tagged.txt"
    corpus = arguments.corpus or bundled_file()
    if arguments.input == "tokens":
        written = write_tokens(source, corpus, tokens=tokens, rare_every=arguments.rare_every)
    else:
        written = write_conllu(source, corpus, size=size, rare_every=arguments.rare_every)
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
    if arguments.kills:
        results["resumed"] = _resumed(arguments, source, tagged, watched.seconds)
    return results, watched


def _resumed(arguments: argparse.Namespace, source: Path, whole: Path, seconds: float) -> float:
    """Seconds that the command takes if it is killed at random instants and resumed.

    Args:
        arguments: of this program.
        source: to be tagged.
        whole: what must come out.
        seconds: that the unbroken run took.
    """
    out, chance = whole.with_name("resumed.txt"), random.Random(5)
    command = [*_command(arguments, source, out), "--resume", "auto", "--quiet"]
    started = time.perf_counter()
    for _ in range(arguments.kills):
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            process.wait(chance.uniform(0.5, 1.5) * seconds / (arguments.kills + 1))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
    subprocess.run(command, cwd=ROOT, check=True)
    taken = time.perf_counter() - started
    if not filecmp.cmp(out, whole, shallow=False):
        raise SystemExit(f"{out}: differs from {whole}")
    return taken


def _command(arguments: argparse.Namespace, source: Path, tagged: Path) -> list[str]:
    model = ["--model", str(arguments.model.resolve()), "--input", arguments.input]
    form = arguments.output or ("pairs" if arguments.input == "tokens" else "conllu")
    output = ["--output", form, "-o", str(tagged)]
    threads = [] if arguments.threads is None else ["--threads", str(arguments.threads)]
    return [*systems.tagger_command(), "tag", str(source), *model, *output, *threads]


def _in_memory(arguments: argparse.Namespace, source: Path) -> float:
    """Tokens per second of ``tag_sentences`` on the head of the file, after a warm-up on a part of it."""
    from tagger.inference.tagger import Tagger

    if arguments.input == "conllu":
        blocks = islice(conllu_lines.blocks(source), arguments.memory_sentences)
        sentences = [conllu_lines.words(block, "upos")[0] for block in blocks]
    else:
        with source.open(encoding="utf-8") as file:
            sentences = [line.split() for line in islice(file, arguments.memory_sentences)]
    tagger = Tagger.load(arguments.model, device="cpu", threads=arguments.threads)
    list(tagger.tag_sentences(sentences[: len(sentences) // 10 + 1]))
    started = time.perf_counter()
    tagged = [sentence.tags for sentence in tagger.tag_sentences(sentences)]
    return sum(map(len, tagged)) / (time.perf_counter() - started)


def _check_complete(source: Path, tagged: Path) -> None:
    """Every line in must have come out."""
    lines, found = (sum(1 for line in path.open("rb") if line.strip()) for path in (source, tagged))
    if found < lines:
        raise SystemExit(f"{lines} lines went in, {found} lines came out")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.large_file", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--millions", type=float, default=20, help="million tokens [default: 20]")
    parser.add_argument("--corpus", type=Path, help="CoNLL-U file to repeat [default: the bundled corpus]")
    parser.add_argument("--input", choices=sorted(BYTES_PER_TOKEN), default="tokens", help="[default: tokens]")
    parser.add_argument("--kills", type=int, default=0, help="tag once more, killed and resumed so often")
    parser.add_argument("--rare-every", type=int, default=100, help="tokens from one invented word to the next")
    parser.add_argument("--output", help="output format of tagger tag [default: pairs, or as the input]")
    parser.add_argument("--threads", type=int, help="[default: all cores]")
    parser.add_argument("--memory-sentences", type=int, default=50_000, help="sentences of the comparison in memory")
    parser.add_argument("--work", type=Path, help="folder with room for the files [default: that for temporary files]")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
