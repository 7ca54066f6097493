"""Worker processes: real forks, some of which fail, hang, are killed, find no room or lose their parent."""

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
from tagger.runtime.process_pool import map_in_processes
from tests.processes import nothing_left, started

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks workers")]


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


def test_each_part_once_and_in_order() -> None:
    here = os.getpid()
    results = map_in_processes(lambda part: [part, os.getpid()], ["a", "b", "c", "d"])
    assert [part for part, _ in results] == ["a", "b", "c", "d"]
    assert results[0][1] == here
    assert here not in {process for _, process in results[1:]}


def test_results_larger_than_a_pipe_holds() -> None:
    assert map_in_processes(lambda part: part * 300_000, ["a", "é", "\ud800"]) == [
        letter * 300_000 for letter in ("a", "é", "\ud800")
    ]


@pytest.mark.parametrize("failure", ["error", "kill", "exit"])
def test_what_a_worker_does_not_deliver_is_computed_here(failure: str, capfd: pytest.CaptureFixture[str]) -> None:
    here = os.getpid()

    def compute(part: int) -> list[int]:
        if os.getpid() != here and part == 2:
            fail()
        return [part, os.getpid()]

    def fail() -> None:
        if failure == "error":
            raise ValueError("only there")
        if failure == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)

    results = map_in_processes(compute, range(5))
    assert [part for part, _ in results] == list(range(5))
    assert results[2][1] == here
    assert capfd.readouterr() == ("", "")


def test_a_worker_interrupted_for_the_failure_of_another_does_not_interrupt_this_process() -> None:
    here = os.getpid()

    def compute(part: int) -> list[int]:
        if os.getpid() != here and part == 1:
            time.sleep(0.5)
            raise ValueError("only there")
        if os.getpid() != here and part == 2:
            time.sleep(600)
        return [part, os.getpid()]

    start = time.monotonic()
    assert map_in_processes(compute, range(3)) == [[0, here], [1, here], [2, here]]
    assert time.monotonic() - start < 60


def test_a_worker_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    monkeypatch.setattr(tagger.runtime.process_pool, "MINIMUM_PATIENCE", 0.2)

    def compute(part: int) -> list[int]:
        if part == 1 and os.getpid() != here:
            time.sleep(600)
        return [part, os.getpid()]

    start = time.monotonic()
    results = map_in_processes(compute, range(3))
    assert [part for part, _ in results] == [0, 1, 2]
    assert results[1][1] == here
    assert time.monotonic() - start < 60


def test_operations_of_several_threads_go_on_in_a_worker() -> None:
    """The threads of an operation are not forked: waiting for them would take for ever."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        matrix = torch.arange(1e6).reshape(1000, 1000)

        def compute(part: int) -> list[float]:
            return [(matrix @ matrix).trace().item(), float((matrix.numpy() @ matrix.numpy()).trace()), os.getpid()]

        first, second = map_in_processes(compute, range(2))
    finally:
        torch.set_num_threads(before)
    assert first[2] != second[2]
    assert second[:2] == pytest.approx(first[:2])


def test_errors_are_those_of_this_process() -> None:
    def compute(part: int) -> int:
        return 1 // (2 - part)

    with pytest.raises(ZeroDivisionError):
        map_in_processes(compute, [0, 1, 2])
    with pytest.raises(ZeroDivisionError):
        map_in_processes(compute, [2, 1, 0])


def test_workers_end_with_an_error_here() -> None:
    here = os.getpid()

    def compute(part: int) -> None:
        if os.getpid() == here:
            raise KeyboardInterrupt
        time.sleep(600)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        map_in_processes(compute, [0, 1, 2])
    assert time.monotonic() - start < 60


def test_where_there_is_no_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.popen_fork.Popen._launch", refuse)
    assert map_in_processes(lambda part: [part, os.getpid()], [1, 2]) == [[1, os.getpid()], [2, os.getpid()]]


WITH_THREADS = """
import threading
from tagger.runtime.process_pool import can_fork

hold, answers = threading.Event(), [can_fork()]
threads = [threading.Thread(target=hold.wait), threading.Thread(target=lambda: answers.append(can_fork()))]
threads[0].start()
answers.append(can_fork())
hold.set()
threads[0].join()
threads[1].start()
threads[1].join()
print(*answers, can_fork())
"""


def test_a_process_with_other_threads_is_not_forked() -> None:
    """Alone, beside another thread, on another thread, and alone once more."""
    done = subprocess.run([sys.executable, "-c", WITH_THREADS], capture_output=True, text=True, check=True)
    assert done.stdout == "True False False True\n"


def test_a_process_that_ignores_the_end_of_children_is_not_forked() -> None:
    """Who starts it may ignore SIGCHLD: then the kernel forgets workers that ended."""
    code = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
    code += "from tagger.runtime.process_pool import can_fork; "
    done = subprocess.run(
        [sys.executable, "-c", code + "print(can_fork())"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


INTERRUPTED = """
import os, signal, sys, time
from tagger.runtime.process_pool import map_in_processes

def compute(part):
    open(os.path.join(sys.argv[1], str(os.getpid())), "x").close()
    time.sleep(600)

try:
    map_in_processes(compute, [0, 1, 2])
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupt_of_the_whole_group_ends_all_at_once(tmp_path: Path) -> None:
    """As Ctrl-C in a terminal: all processes get it, one of them tells."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    with started(command, text=True, process_group=0) as process:
        assert process.stderr is not None
        while len(workers := os.listdir(tmp_path)) < 3:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == ""
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


HOLDS = """
import fcntl, multiprocessing, sys, time
from tagger.runtime.process_pool import WorkerProcesses

file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
workers = WorkerProcesses(time.sleep, 2)
for _ in range(int(sys.argv[2])):
    workers.submit(600)
time.sleep(0.2)
print(*[process.pid for process in multiprocessing.active_children()], flush=True)
time.sleep(600)
"""


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


@pytest.mark.parametrize("calls", [0, 2], ids=["idle", "busy"])
def test_workers_end_with_a_process_that_is_killed_and_hold_no_lock_of_it(tmp_path: Path, calls: int) -> None:
    import fcntl

    with started([sys.executable, "-c", HOLDS, str(tmp_path / "locked"), str(calls)], text=True) as process:
        assert process.stdout is not None
        workers = [int(pid) for pid in process.stdout.readline().split()]
        assert len(workers) == 2
        process.kill()
        process.wait(60)
        assert process.stdout.read() == ""  # the pipe is closed by all
    due = time.monotonic() + 60
    while any(state(pid) not in "Zgone" for pid in workers):
        assert time.monotonic() < due
        time.sleep(0.01)
    with (tmp_path / "locked").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
