"""Commands in processes of their own that start at once, so that hundreds can be killed.

One server process imports everything, then forks a child for each command: what is killed is a real process with
files and locks of its own, without the seconds that importing takes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class End:
    """How a command ended.

    Args:
        code: exit code; negative for the number of a signal.
        err: what it wrote to standard error.
        seconds: it ran.
        peak: most bytes of memory that were resident.
    """

    code: int
    err: str
    seconds: float
    peak: int

    @property
    def message(self) -> str:
        """The last line of what it said."""
        return self.err.rstrip().rpartition("\n")[2]


class Nursery:
    """Runs ``tagger`` commands; use as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.path.insert(0, '.'); from tests.killing import serve; serve()"],
            cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def run(
        self,
        arguments: Sequence[str | Path],
        *,
        after: float | None = None,
        with_: int = signal.SIGKILL,
        until: Path | None = None,
        hook: str = "",
        value: float = 0.0,
    ) -> End:
        """Run a command to its end.

        Args:
            arguments: of ``tagger``.
            after: seconds after which it gets a signal.
            with_: that signal.
            until: a file that must be there before the seconds begin to count.
            hook: a function of this module that the child calls first.
            value: its argument.
        """
        told = {
            "arguments": [str(argument) for argument in arguments], "after": after, "with": int(with_),
            "until": None if until is None else str(until), "hook": hook, "value": value,
        }  # fmt: skip
        return self._ends(told)[0]

    def meets_a_full_disk(self, command: Sequence[str | Path], out: Path, write: int) -> None:
        """Train until the disk is full at some write, which must be told and leave nothing broken; then go on."""
        end = self.run([*command, "--out", out, "--checkpoint-minutes", "1e-9"], hook="full_after", value=write)
        assert end.code == 1
        assert "No space left on device" in end.message
        assert "MB are needed, " in end.message
        assert "Traceback" not in end.err
        assert not out.exists()
        assert self.run([*command, "--out", out, "--resume", "auto"]).code == 0

    def run_at_once(self, arguments: Sequence[str | Path], number: int) -> list[End]:
        """Run a command several times at the same time."""
        told = {"arguments": [str(argument) for argument in arguments], "after": None, "until": None, "hook": ""}
        return self._ends({**told, "number": number})

    def _ends(self, told: dict[str, Any]) -> list[End]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return [End(**end) for end in json.loads(self._process.stdout.readline())]


def serve() -> None:
    """Answer requests, a line each, until there are none."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _warm_up()
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _warm_up() -> None:
    """Do once all that a command may do, so that everything is imported; on one thread, which a fork survives."""
    import torch

    from tagger.cli.main import main
    from tests.tiny import TOML, write_corpus

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = write_corpus(folder / "corpus")
        (folder / "settings.toml").write_text(TOML)
        text = next(corpus.glob("*train*"))
        for arguments in (
            ["train", "pos", corpus, "--config", folder / "settings.toml", "--epochs", "1", "--out", folder / "pos"],
            ["train", "lm", text, "--hidden-size", "8", "--epochs", "1", "--out", folder / "lm"],
            ["tag", text, "--model", folder / "pos", "-o", folder / "tagged"],
        ):
            options = ["--quiet", "--threads", "1"]
            with suppress(SystemExit):
                main([*map(str, arguments), *options])


def _answer(told: dict[str, Any]) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        began = time.monotonic()
        children = []
        for _ in range(told.get("number", 1)):
            err = stack.enter_context(tempfile.TemporaryFile())
            child = os.fork()
            if child == 0:
                _child(told, err.fileno())
            children.append((child, err))
        ends = []
        for child, err in children:
            code, peak = _wait(child, told)
            err.seek(0)
            said = err.read().decode(errors="replace")
            ends.append({"code": code, "err": said, "seconds": time.monotonic() - began, "peak": peak})
        return ends


def _child(told: dict[str, Any], err: int) -> None:
    code = 70
    try:
        os.dup2(err, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdin = open(os.devnull)  # noqa: SIM115
        if told["hook"]:
            globals()[told["hook"]](told["value"])
        from tagger.cli.main import main

        main(told["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int, told: dict[str, Any]) -> tuple[int, int]:
    began = time.monotonic()
    until = told["until"]
    while True:
        pid, status, used = os.wait4(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), used.ru_maxrss << (0 if sys.platform == "darwin" else 10)
        now = time.monotonic()
        if until is not None:
            if os.path.exists(until):
                until, began = None, now
        elif told["after"] is not None and now - began >= told["after"]:
            os.kill(child, told["with"])
            told["after"] = None
        time.sleep(0.002)


def slow_disk(seconds: float) -> None:
    """Every file of a state is written in small pieces, each of which takes as long as this."""
    import tagger.training.checkpoint_store

    def write(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
        data = b"".join(pieces)
        with path.open("wb", buffering=0) as file:
            size = max(1, len(data) // 10)
            for start in range(0, len(data), size):
                file.write(data[start : start + size])
                time.sleep(seconds)
            os.fsync(file.fileno())

    vars(tagger.training.checkpoint_store)["write_synced"] = write
    save_always(0)


def save_always(_: float) -> None:
    """A state after every step."""
    import tagger.training.checkpoint_callback

    tagger.training.checkpoint_callback.MAX_SHARE = 1e9


def small_files(limit: float) -> None:
    """Refuse files larger than a number of bytes, as a full disk does."""
    import resource

    save_always(0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))


def full_after(writes: float) -> None:
    """Writing fails for want of room from the nth time on that a file is opened to be written or a folder is made."""
    import errno
    import io

    save_always(0)
    left = [int(writes)]

    def counted(operation: Any, is_write: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if is_write(*arguments, **options) and "partial" in str(arguments[0]):
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))
            return operation(*arguments, **options)

        return call

    def opens(path: Any, mode: str = "r", *_: Any, **options: Any) -> bool:
        return any(sign in options.get("mode", mode) for sign in "wax+")

    io.open = counted(io.open, opens)
    os.mkdir = counted(os.mkdir, lambda *_, **__: True)
    os.rename = counted(os.rename, lambda *_, **__: True)


def die_anywhere(number: float) -> None:
    """The process ends, as if it had been killed, right before the nth change of the disk."""
    die_at(number, from_the_start=True)


def die_at(number: float, *, from_the_start: bool = False) -> None:
    """The process ends, as if it had been killed, right before the nth change of the disk since its work was done.

    Work is done when the model is about to be saved, or the file of tags about to be put in its place.
    """
    import io

    import tagger.inference.resumable_output
    import tagger.sequence_labelling.task

    save_always(0)
    sys.modules["matplotlib.figure"] = None  # type: ignore[assignment]
    done = [from_the_start]
    left = [int(number)]

    def counted(operation: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            writes = operation is not opened or any(s in str([*arguments[1:], *options.values()]) for s in "wax+")
            if done[0] and writes:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(137)
            return operation(*arguments, **options)

        return call

    def begins(work: Any) -> Any:
        def call(*arguments: Any) -> Any:
            done[0] = True
            return work(*arguments)

        return call

    opened = io.open
    io.open = counted(opened)
    for name in ("rename", "replace", "unlink", "rmdir", "mkdir"):
        setattr(os, name, counted(getattr(os, name)))
    vars(tagger.sequence_labelling.task)["save_model"] = begins(vars(tagger.sequence_labelling.task)["save_model"])
    setattr(  # noqa: B010
        tagger.inference.resumable_output.TaggedFile,
        "finish",
        begins(tagger.inference.resumable_output.TaggedFile.finish),
    )


def mark_always(_: float) -> None:
    """Tagging may be taken up after every window."""
    import tagger.inference.resumable_output

    tagger.inference.resumable_output.SECONDS_BETWEEN_MARKS = -1.0


def workers_that_fail(for_good: float) -> None:
    """Every third batch finds no memory in the thread that labels it.

    Args:
        for_good: number of batches after which none is labelled any more.
    """
    import threading

    import tagger.inference.engine
    from tagger.inference.engine import Engine

    vars(tagger.inference.engine)["can_fork"] = lambda: False
    label, tried = Engine._label, [0]

    def failing(*arguments: Any) -> None:
        tried[0] += 1
        if tried[0] > for_good or (tried[0] % 3 == 0 and threading.current_thread() is not threading.main_thread()):
            raise MemoryError
        label(*arguments)

    setattr(Engine, "_label", failing)  # noqa: B010
    mark_always(0)


def worker_processes_that_die(windows: float) -> None:
    """Each worker process is killed at a window.

    Args:
        windows: that it labels before.
    """
    from tagger.inference.engine import Engine

    answer, answered = Engine._label_request, [0]

    def dying(engine: Engine, request: Any) -> Any:
        answered[0] += 1
        if answered[0] > windows:
            os.write(2, b"a worker dies\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(engine, request)

    setattr(Engine, "_label_request", dying)  # noqa: B010
    mark_always(0)
