"""What keeping the state of a run costs. Run: ``python -m benchmarks.speed.checkpoint_cost --help``.

Trains a tagger with default settings, which save the state every two minutes and after every epoch, and adds up the
time that the training loop spends on that. (The difference of two whole runs would be lost in the noise of a machine.)
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine_facts, markdown, report
from tagger import train_pos
from tagger.training.checkpoint_callback import CheckpointCallback
from tagger.training.checkpoint_store import CheckpointStore
from tagger.training.events import EpochEnd, Event


def main() -> None:
    """Train once, print a table."""
    arguments = _arguments()
    before = machine_facts()
    ends: list[EpochEnd] = []

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnd):
            ends.append(event)

    with tempfile.TemporaryDirectory(dir=arguments.work) as folder, _timed() as spent:
        train_pos(arguments.corpus, out=Path(folder) / "out", threads=arguments.threads, listener=listen)
    seconds, cost, states = ends[-1].seconds, sum(spent["loop"]), len(spent["states"])
    rows = [
        ("training", f"{seconds:,.1f} s"),
        ("states saved", f"{states}"),
        ("time of the loop spent on them", f"{cost:.2f} s"),
        ("share", f"{cost / seconds:.2%}"),
        ("slowest", f"{max(spent['states']):.2f} s"),
    ]
    results = {"seconds": seconds, "cost": cost, "states": states, "share": cost / seconds}
    report(
        "CheckpointStore", markdown(("`tagger train pos`", str(arguments.corpus)), rows), results, arguments.out, before
    )


@contextmanager
def _timed() -> Iterator[dict[str, list[float]]]:
    """Within the block, the seconds of each call of the callback by the loop, and of each state written."""
    spent: dict[str, list[float]] = {"loop": [], "states": []}
    places: list[tuple[type, str, str]] = [
        (CheckpointCallback, "after_step", "loop"),
        (CheckpointCallback, "after_epoch", "loop"),
        (CheckpointStore, "save", "states"),
    ]
    plain = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, to in places:
        setattr(owner, name, _timing(getattr(owner, name), spent[to]))
    try:
        yield spent
    finally:
        for owner, name, method in plain:
            setattr(owner, name, method)


def _timing(method: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return method(*arguments, **options)
        finally:
            seconds.append(time.perf_counter() - started)

    return timed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("corpus", help="as for tagger train pos")
    parser.add_argument("--threads", type=int, help="[default: all cores]")
    parser.add_argument("--work", type=Path, help="folder on the disk to write to [default: that for temporary files]")
    parser.add_argument("--out", type=Path, help="write OUT.md and OUT.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
