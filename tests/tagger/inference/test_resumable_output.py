"""An output that is whole or absent; what was cut off goes on, and ends the same to the byte."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import CorpusError, OutputError
from tagger.inference.document_tagging import Progress
from tagger.inference.resumable_output import describe_inputs, tagged_file
from tagger.runtime.signals import Stopped
from tests.killing import Nursery
from tests.tiny import conllu, run, sentences

pytestmark = pytest.mark.slow

IDENTITY = {"the input": [["a", 3, "x"]], "scores": False}


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """Some windows of sentences."""
    path = tmp_path / "big.conllu"
    path.write_text(conllu(sentences(12_000, 7)), encoding="utf-8")
    return path


@pytest.fixture
def always_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.inference.resumable_output.SECONDS_BETWEEN_MARKS", -1.0)


def write(out: Path, parts: list[bytes], resume: Any = "no", error: BaseException | None = None) -> int:
    """Write parts as if each were a piece; how many were there already."""
    with tagged_file(str(out), resume) as file:
        done = file.begin(IDENTITY)
        for number, part in enumerate(parts[done.pieces :], done.pieces + 1):
            file.write(part)
            file.mark(Progress(pieces=number))
        if error is not None:
            file.write(b"half a sen")
            raise error
    return done.pieces


@pytest.mark.usefixtures("always_marked")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_was_cut_off_goes_on(tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / "out"
    expected = Stopped if isinstance(error, KeyboardInterrupt) else OutputError
    with pytest.raises(expected, match=r"0 sentences are kept in .*out\.part; the same command with --resume"):
        write(out, [b"one\n", b"two\n"], error=error)
    assert not out.exists()
    assert write(out, [b"one\n", b"two\n", b"three\n"], resume="yes") == 2
    assert out.read_bytes() == b"one\ntwo\nthree\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("always_marked")
def test_an_error_of_the_input_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        write(tmp_path / "out", [b"one\n"], error=CorpusError("bad", path="a", line=3))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("always_marked")
def test_without_resume_it_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        write(tmp_path / "out", [b"one\n"], error=KeyboardInterrupt())
    assert write(tmp_path / "out", [b"uno\n"]) == 0
    assert (tmp_path / "out").read_bytes() == b"uno\n"


@pytest.mark.usefixtures("always_marked")
def test_what_cannot_be_resumed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(OutputError, match=r"out: no unfinished output; leave --resume out, or use --resume auto"):
        write(out, [b"one\n"], resume="yes")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Stopped):
        write(out, [b"one\n"], error=KeyboardInterrupt())
    with (
        pytest.raises(
            OutputError, match=r"out: cannot resume: the input, scores changed since .*out\.part was started"
        ),
        tagged_file(str(out), "auto") as file,
    ):
        file.begin({"the input": [["a", 4, "y"]], "scores": True})
    part = tmp_path / "out.part"
    data = part.read_bytes()
    part.write_bytes(b"0" + data[1:])
    with pytest.raises(
        OutputError, match=r"out\.part: its content has changed since it was written; leave --resume out"
    ):
        write(out, [b"one\n"], resume="yes")
    part.write_bytes(data)
    assert write(out, [b"one\n", b"two\n"], resume="yes") == 1


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with (
        tagged_file(str(tmp_path / "out"), "no") as file,
        pytest.raises(OutputError, match=r"out: another process is writing it"),
        tagged_file(str(tmp_path / "out"), "no"),
    ):
        file.begin({})


def test_inputs_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 5_000_000)
    before = describe_inputs([str(path), "-"])
    assert before[1] == ["-"]
    assert describe_inputs([str(path), "-"]) == before
    path.write_bytes(b"x" * 4_999_999 + b"y")
    assert describe_inputs([str(path), "-"]) != before


@pytest.mark.parametrize("options", [[], ["--scores", "--threads", "2"]], ids=["tags", "scores"])
def test_killed_again_and_again(
    nursery: Nursery, big: Path, tiny_model: Path, tmp_path: Path, options: list[str]
) -> None:
    command: list[str | Path] = ["tag", big, "--model", tiny_model, "--quiet", *(options or ["--threads", "1"])]
    assert nursery.run([*command, "-o", tmp_path / "whole"]).code == 0
    out, journal = tmp_path / "out", tmp_path / "out.part.json"
    killed = resumed = 0
    while True:
        resumed += journal.exists()
        end = nursery.run(
            [*command, "-o", out, "--resume", "auto"], after=0.02 * killed, hook="mark_always", until=journal
        )
        if end.code == 0:
            break
        assert end.code == -signal.SIGKILL, end.err
        killed += 1
    assert killed >= 1
    assert resumed >= 1
    assert out.read_bytes() == (tmp_path / "whole").read_bytes()
    assert not journal.exists()


def test_bad_lines_are_copied_and_counted_across_a_resumption(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = conllu(sentences(5000, 7)).split("\n\n")
    blocks[1234] = "this is\tno word line"
    blocks[4500] = "neither\tis this"
    source = tmp_path / "a.conllu"
    source.write_text("\n\n".join(blocks), encoding="utf-8")
    command: list[str | Path] = ["tag", source, "--model", tiny_model, "--quiet", "--threads", "1"]
    line = 1 + "\n\n".join(blocks[:1234]).count("\n") + 2
    refused = run(*command, "-o", tmp_path / "out")
    assert refused.code == 1
    assert f"a.conllu:{line}: 2 columns" in refused.message
    assert run(*command, "--skip-invalid", "-o", tmp_path / "whole").code == 0
    monkeypatch.setattr("tagger.inference.resumable_output.SECONDS_BETWEEN_MARKS", -1.0)
    tags = "tagger.inference.resumable_output.TaggedFile.finish"
    with monkeypatch.context() as patch:
        patch.setattr(tags, lambda file: (_ for _ in ()).throw(KeyboardInterrupt))
        assert run(*command, "--skip-invalid", "-o", tmp_path / "out").code == 130
    assert 0 < json.loads((tmp_path / "out.part.json").read_text())["progress"]["pieces"] < 5000
    done = run(*command, "--skip-invalid", "-o", tmp_path / "out", "--resume")
    assert done.message.startswith(
        f"tagger: 2 spans of the input could not be read and got no tags, first {source}:{line}: 2 columns, expected 10"
    )
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()
    assert b"\n\nthis is\tno word line\n\n" in (tmp_path / "out").read_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_workers_that_fail_lose_no_sentence(tiny_model: Path, big: Path, tmp_path: Path) -> None:
    """What a thread could not label is labelled by another one; if none can, what was written is kept."""
    command: list[str | Path] = ["tag", big, "--model", tiny_model, "--threads", "2", "--scores", "--quiet", "-o"]
    with Nursery() as nursery:
        assert nursery.run([*command, tmp_path / "whole"]).code == 0
        whole = (tmp_path / "whole").read_bytes()
        assert nursery.run([*command, tmp_path / "some"], hook="workers_that_fail", value=1e9).code == 0
        assert (tmp_path / "some").read_bytes() == whole
        end = nursery.run([*command, tmp_path / "none"], hook="workers_that_fail", value=60)
        assert (end.code, (tmp_path / "none").exists()) == (1, False)
        assert "tagging failed: out of memory; " in end.message
        assert "sentences are kept in " in end.message
        assert nursery.run([*command, tmp_path / "none", "--resume"]).code == 0
        assert (tmp_path / "none").read_bytes() == whole


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks workers")
@pytest.mark.parametrize("windows", [0, 1])
def test_worker_processes_that_die_lose_no_sentence(
    nursery: Nursery, tiny_model: Path, big: Path, tmp_path: Path, windows: int
) -> None:
    """What a worker did not label is labelled by the process itself."""
    command: list[str | Path] = ["tag", big, "--model", tiny_model, "--scores", "--quiet"]
    assert nursery.run([*command, "--threads", "1", "-o", tmp_path / "whole"]).code == 0
    command += ["--threads", "2", "-o", tmp_path / "some"]
    end = nursery.run(command, hook="worker_processes_that_die", value=windows)
    assert end.code == 0
    assert set(end.err.splitlines()) == {"a worker dies"}
    assert (tmp_path / "some").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_between_any_two_changes_of_the_disk_at_the_end(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.conllu").write_text(conllu(sentences(5_000, 7)), encoding="utf-8")
    command: list[str | Path] = ["tag", tmp_path / "in.conllu", "--model", tiny_model, "--threads", "1", "--quiet"]
    with Nursery() as nursery:
        assert nursery.run([*command, "-o", tmp_path / "whole"]).code == 0
        whole = (tmp_path / "whole").read_bytes()
        for change in range(20):
            folder = tmp_path / str(change)
            folder.mkdir()
            again: list[str | Path] = [*command, "-o", folder / "out", "--resume", "auto"]
            end = nursery.run(again, hook="die_at", value=change)
            last = nursery.run(again)
            assert last.code == 0, (change, last.err)
            assert (folder / "out").read_bytes() == whole
            assert [path.name for path in folder.iterdir()] == ["out"]
            if end.code == 0:
                break
        assert 1 < change < 20


def fill(target: Path, *, marked: bool) -> None:
    """Write more than there is room for."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with tagged_file(str(target), "no") as file:
            file.begin({"a": 1})
            file.write(b"12345678\n" * 1000)
            file.last -= 60
            if marked:
                file.mark(Progress(sentences=1000, pieces=1000))
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
            file.write(b"x" * 600_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("marked", [True, False])
def test_a_full_disk_is_one_error_and_what_was_marked_is_kept(tmp_path: Path, marked: bool) -> None:
    target = tmp_path / "o.txt"
    with pytest.raises(OutputError, match="cannot write: File too large") as caught:
        fill(target, marked=marked)
    assert ("1,000 sentences are kept" in str(caught.value)) == marked
    assert [path.name for path in sorted(tmp_path.iterdir())] == (["o.txt.part", "o.txt.part.json"] if marked else [])
    if marked:
        with tagged_file(str(target), "yes") as file:
            assert file.begin({"a": 1}).sentences == 1000
            file.write(b"end\n")
        assert target.read_bytes() == b"12345678\n" * 1000 + b"end\n"
