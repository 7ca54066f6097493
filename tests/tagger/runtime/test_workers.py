"""Copies of the process that answer requests: real forks, some of which fail, are killed, hang or lose who asks."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import tagger.runtime.process_pool
from tagger.runtime.process_pool import Answer, Workers
from tests.processes import nothing_left, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


def asked(answer: Answer, requests: list[bytes], number: int = 2, patience: float = 60.0) -> list[bytes | str]:
    """The answers, or the names of the errors."""
    workers = Workers(answer, number)
    answers: dict[int, bytes] = {}
    found: list[bytes | str] = []
    try:
        waiting = [
            workers.submit(partial(bytes, request), partial(answers.__setitem__, place), patience)
            for place, request in enumerate(requests)
        ]
        for place, future in enumerate(waiting):
            error = future.exception()
            found.append(answers[place] if error is None else type(error).__name__)
    finally:
        workers.end()
    return found


def test_each_request_is_answered_by_one_of_the_copies() -> None:
    def answer(request: bytes) -> bytes:
        time.sleep(0.05)
        return b"%d %s" % (os.getpid(), request)

    found = [got.split() for got in asked(answer, [b"%d" % n for n in range(12)], 3) if isinstance(got, bytes)]
    assert [int(request) for _, request in found] == list(range(12))
    processes = {process for process, _ in found}
    assert len(processes) == 3
    assert b"%d" % os.getpid() not in processes


def test_requests_and_answers_larger_than_a_pipe_holds() -> None:
    requests = [bytes([n]) * 3_000_000 for n in range(4)]
    assert asked(lambda request: request[::-1] + b"!", requests) == [request + b"!" for request in requests]


def test_a_copy_that_fails_takes_no_other_with_it(capfd: pytest.CaptureFixture[str]) -> None:
    def answer(request: bytes) -> bytes:
        time.sleep(0.05)
        if request == b"raise":
            raise MemoryError
        if request == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        return request

    assert asked(answer, [b"die", *[b"x"] * 5, b"raise", *[b"y"] * 5], 3) == [
        "EOFError",
        *[b"x"] * 5,
        "EOFError",
        *[b"y"] * 5,
    ]
    assert capfd.readouterr() == ("", "")


def test_where_no_copy_is_left_all_fails() -> None:
    def answer(request: bytes) -> bytes:
        raise MemoryError

    found = asked(answer, [b"x"] * 8, 2)
    assert set(found) <= {"EOFError", "BrokenPipeError"}
    assert len(found) == 8


def test_a_copy_that_hangs_is_given_up() -> None:
    def answer(request: bytes) -> bytes:
        time.sleep(600)
        return request

    start = time.monotonic()
    assert asked(answer, [b"1", b"2"], 1, patience=0.2) == ["TimeoutError", "BrokenPipeError"]
    assert time.monotonic() - start < 60


def test_all_ends_while_they_compute() -> None:
    def answer(request: bytes) -> bytes:
        time.sleep(600)
        return request

    workers = Workers(answer, 2)
    waiting = [workers.submit(lambda: b"", lambda got: None, 600) for _ in range(5)]
    time.sleep(0.1)
    start = time.monotonic()
    workers.end()
    assert time.monotonic() - start < 60
    assert all(future.cancelled() or future.exception() is not None for future in waiting)


def test_a_process_that_was_stopped_has_not_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is waited while the process runs counts: a moment, although the answer takes many."""
    monkeypatch.setattr(tagger.runtime.process_pool, "MOMENT", 0.1)
    polls: list[float] = []
    poll = Connection.poll

    def long_poll(self: Connection, timeout: float = 0.0) -> bool:
        polls.append(timeout)
        return poll(self, 20 * timeout)

    monkeypatch.setattr(Connection, "poll", long_poll)

    def answer(request: bytes) -> bytes:
        time.sleep(1)
        return request

    assert asked(answer, [b"1"], 1, patience=0.35) == [b"1"]
    assert polls == [0.1] * len(polls)
    assert 1 <= len(polls) <= 4


def test_there_are_as_many_copies_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fork, made = os.fork, [0]

    def seldom() -> int:
        made[0] += 1
        if made[0] > 1:
            raise BlockingIOError
        return fork()

    monkeypatch.setattr(os, "fork", seldom)
    workers = Workers(lambda request: request, 3)
    try:
        assert len(workers) == 1
        assert workers.submit(lambda: b"1", lambda got: None, 60).result() is None
    finally:
        workers.end()


HOLDS = """
import fcntl, os, sys, time
from tagger.runtime.process_pool import Workers

def answer(request):
    time.sleep(600)

file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
workers = Workers(answer, 2)
for _ in range(2):
    workers.submit(lambda: b"", lambda got: None, 600)
time.sleep(0.2)
print(*[copy._process for copy in workers._copies], flush=True)
time.sleep(600)
"""


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def test_copies_hold_no_lock_and_no_pipe_of_a_process_that_is_killed(tmp_path: Path) -> None:
    """Even while they compute."""
    import fcntl

    with started([sys.executable, "-c", HOLDS, str(tmp_path / "locked")], text=True) as process:
        assert process.stdout is not None
        copies = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
        process.wait(60)
        try:
            with (tmp_path / "locked").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert process.stdout.read() == ""
            assert not {"Z", "gone"} & {state(pid) for pid in copies}
        finally:
            for pid in copies:
                os.kill(pid, signal.SIGKILL)


LOSES = HOLDS.replace("def answer(request):\n    time.sleep(600)", "def answer(request):\n    return request")


def test_copies_end_with_the_process(tmp_path: Path) -> None:
    with started([sys.executable, "-c", LOSES, str(tmp_path / "locked")], text=True) as process:
        assert process.stdout is not None
        copies = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
        process.wait(60)
    due = time.monotonic() + 60
    while any(state(pid) not in "Zgone" for pid in copies):
        assert time.monotonic() < due
        time.sleep(0.01)
