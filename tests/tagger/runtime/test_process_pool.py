"""Work shared with copies of the process: real forks, some of which fail, are killed or find no room."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import tagger.runtime.process_pool
from tagger.runtime.process_pool import shared_with_copies
from tests.processes import nothing_left, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


def test_each_part_once_and_in_order() -> None:
    results = shared_with_copies(lambda part: [part, os.getpid()], ["a", "b", "c", "d"])
    assert [part for part, _ in results] == ["a", "b", "c", "d"]
    assert results[0][1] == os.getpid()
    assert len({process for _, process in results}) == 4


def test_results_larger_than_a_pipe_holds() -> None:
    assert shared_with_copies(lambda part: part * 300_000, ["a", "é", "\ud800"]) == [
        letter * 300_000 for letter in ("a", "é", "\ud800")
    ]


def test_what_a_copy_does_not_deliver_is_computed_here(capfd: pytest.CaptureFixture[str]) -> None:
    here = os.getpid()

    def compute(part: int) -> list[int]:
        if os.getpid() != here:
            if part == 1:
                raise ValueError("only there")
            if part == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            if part == 3:
                os._exit(0)  # nothing is written
        return [part, os.getpid()]

    results = shared_with_copies(compute, range(5))
    assert [part for part, _ in results] == list(range(5))
    assert [process == here for _, process in results] == [True, True, True, True, False]
    assert capfd.readouterr() == ("", "")


def test_a_copy_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(tagger.runtime.process_pool, "LEAST", 0.2)

    def compute(part: int) -> list[int]:
        if part == 1 and os.getpid() != here:
            time.sleep(600)
        return [part, os.getpid()]

    start = time.monotonic()
    results = shared_with_copies(compute, range(3))
    assert [part for part, _ in results] == [0, 1, 2]
    assert results[1][1] == here
    assert time.monotonic() - start < 60


def test_operations_of_several_threads_go_on_in_a_copy() -> None:
    """The threads of an operation are not copied: waiting for them would take for ever."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        matrix = torch.arange(1e6).reshape(1000, 1000)

        def compute(part: int) -> list[float]:
            return [(matrix @ matrix).trace().item(), float((matrix.numpy() @ matrix.numpy()).trace()), os.getpid()]

        first, second = shared_with_copies(compute, range(2))
    finally:
        torch.set_num_threads(before)
    assert first[2] != second[2]
    assert second[:2] == pytest.approx(first[:2])


def test_errors_are_those_of_this_process() -> None:
    def compute(part: int) -> int:
        return 1 // (2 - part)

    with pytest.raises(ZeroDivisionError):
        shared_with_copies(compute, [0, 1, 2])
    with pytest.raises(ZeroDivisionError):
        shared_with_copies(compute, [2, 1, 0])


def test_copies_end_with_an_error_here() -> None:
    here = os.getpid()

    def compute(part: int) -> None:
        if os.getpid() == here:
            raise KeyboardInterrupt
        time.sleep(600)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        shared_with_copies(compute, [0, 1, 2])
    assert time.monotonic() - start < 60


def test_where_there_is_no_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    assert shared_with_copies(lambda part: [part, os.getpid()], [1, 2]) == [[1, os.getpid()], [2, os.getpid()]]


WITH_THREADS = """
import threading
from tagger.runtime.process_pool import can_copy

hold, answers = threading.Event(), [can_copy()]
threads = [threading.Thread(target=hold.wait), threading.Thread(target=lambda: answers.append(can_copy()))]
threads[0].start()
answers.append(can_copy())
hold.set()
threads[0].join()
threads[1].start()
threads[1].join()
print(*answers, can_copy())
"""


def test_a_process_with_other_threads_is_not_copied() -> None:
    """Alone, beside another thread, on another thread, and alone once more."""
    done = subprocess.run([sys.executable, "-c", WITH_THREADS], capture_output=True, text=True, check=True)
    assert done.stdout == "True False False True\n"


def test_a_process_that_hears_of_no_end_is_not_copied() -> None:
    """Who starts it may ignore SIGCHLD: then the kernel puts copies away, and their numbers may be given anew."""
    code = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
    code += "from tagger.runtime.process_pool import can_copy; "
    done = subprocess.run(
        [sys.executable, "-c", code + "print(can_copy())"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


INTERRUPTED = """
import os, signal, sys, time
from tagger.runtime.process_pool import shared_with_copies

def compute(part):
    open(os.path.join(sys.argv[1], str(os.getpid())), "x").close()
    time.sleep(600)

try:
    shared_with_copies(compute, [0, 1, 2])
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupt_of_the_whole_group_ends_all_at_once(tmp_path: Path) -> None:
    """As Ctrl-C in a terminal: all processes get it, one of them tells."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    with started(command, text=True, process_group=0) as process:
        assert process.stderr is not None
        while len(copies := os.listdir(tmp_path)) < 3:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == ""
    assert not any(Path(f"/proc/{pid}").exists() for pid in copies)
