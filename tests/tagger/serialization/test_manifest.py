"""A folder that is whole or absent: exceptions, second writers, killed processes, damaged files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.errors import ModelError, OutputError
from tagger.serialization.atomic_folder import check_free, writing
from tagger.serialization.manifest import CONFIG, describe_file, read_verified_manifest, with_checksum, write_json
from tests.processes import started

HOLD = """
import sys, time
from pathlib import Path
from tagger.serialization.atomic_folder import writing
with writing(Path(sys.argv[1]), overwrite=True) as partial:
    (partial / "half").write_text("half a model")
    print("writing", flush=True)
    time.sleep(60)
"""


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def save(out: Path, text: str, *, overwrite: bool = False) -> None:
    with writing(out, overwrite=overwrite) as partial:
        (partial / CONFIG).write_text(text)


def fail(out: Path, error: type[BaseException]) -> None:
    with writing(out, overwrite=True) as partial:
        (partial / CONFIG).write_text("new")
        raise error


@pytest.fixture
def other_writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of writing ``tmp_path / "model"``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "model")]
    with started(command, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process


def test_the_folder_appears_at_the_end_and_nothing_else_stays(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "model"
    with writing(out, overwrite=False) as partial:
        (partial / CONFIG).write_text("{}")
        (partial / "sub").mkdir()
        (partial / "sub" / "file").write_text("x")
        assert not out.exists()
    assert content(out / "sub") == {"file": b"x"}
    assert [path.name for path in out.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_the_old_model(tmp_path: Path, error: type[BaseException]) -> None:
    out = tmp_path / "model"
    save(out, "old")
    with pytest.raises(error):
        fail(out, error)
    assert content(out) == {CONFIG: b"old"}
    save(out, "newer", overwrite=True)
    assert content(out) == {CONFIG: b"newer"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_is_replaced_only_when_asked_for(tmp_path: Path) -> None:
    save(tmp_path / "model", "old")
    with pytest.raises(OutputError, match=r"model: already holds a model; choose another --out, or --overwrite"):
        save(tmp_path / "model", "new")
    assert content(tmp_path / "model") == {CONFIG: b"old"}


def test_a_model_that_appeared_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look is before the lock, so that another run may finish between the two."""
    out = tmp_path / "model"
    looks: list[Path] = []

    def look(path: Path, *, overwrite: bool) -> None:
        looks.append(path)
        if len(looks) == 1:
            check_free(path, overwrite=overwrite)
            out.mkdir()
            (out / CONFIG).write_text("theirs")
        else:
            check_free(path, overwrite=overwrite)

    monkeypatch.setattr("tagger.serialization.atomic_folder.check_free", look)
    with pytest.raises(OutputError, match="already holds a model"):
        save(out, "ours")
    assert content(out) == {CONFIG: b"theirs"}


def test_what_is_no_model_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_text("cat")
    (tmp_path / "file").write_text("text")
    with pytest.raises(OutputError, match=r"photos: holds files but no model; choose another --out"):
        check_free(tmp_path / "photos", overwrite=True)
    with pytest.raises(OutputError, match=r"file: a file is in the way of the model folder"):
        check_free(tmp_path / "file", overwrite=True)


def test_an_empty_folder_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty", "one")
    assert content(tmp_path / "empty") == {CONFIG: b"one"}
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    save(Path(), "two")
    assert content(tmp_path / "here") == {CONFIG: b"two"}


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(OutputError, match=r"cannot write the model folder: (Not a directory|File exists)"):
        save(tmp_path / "file" / "model", "x")
    with pytest.raises(OutputError, match="File name too long"):
        save(tmp_path / ("x" * 300), "x")


def test_a_second_writer_is_refused(tmp_path: Path, other_writer: subprocess.Popen[str]) -> None:
    with pytest.raises(OutputError, match=r"model: another run is writing this model; wait for it or choose"):
        save(tmp_path / "model", "mine", overwrite=True)
    assert other_writer.poll() is None
    assert (tmp_path / "model.partial" / "half").read_text() == "half a model"


def test_a_killed_writer_leaves_no_lock(tmp_path: Path, other_writer: subprocess.Popen[str]) -> None:
    os.kill(other_writer.pid, signal.SIGKILL)
    other_writer.wait()
    assert not (tmp_path / "model").exists()
    save(tmp_path / "model", "mine")
    assert content(tmp_path / "model") == {CONFIG: b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a valid ``config.json`` and two listed files."""
    out = tmp_path / "model"
    out.mkdir()
    (out / "model.safetensors").write_bytes(b"weights")
    (out / "tokenizer.json").write_bytes(b"words")
    files = {name: describe_file(out / name) for name in ("model.safetensors", "tokenizer.json")}
    write_json(out / CONFIG, with_checksum({"format_version": 1, "files": files, "labels": ["é", "NOUN"], "x": 0.1}))
    return out


def rewrite(folder: Path, **changes: object) -> None:
    write_json(folder / CONFIG, with_checksum({**json.loads((folder / CONFIG).read_text(encoding="utf-8")), **changes}))


def test_a_whole_folder_is_read(folder: Path) -> None:
    assert read_verified_manifest(folder)["labels"] == ["é", "NOUN"]


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "missing from the model folder; copy the folder again, whole"),
        ("cut", r"\d bytes, expected \d: cut short or replaced"),
        ("flipped", r"its content is not the one that was saved \(SHA-256 differs\)"),
        ("folder", "missing from the model folder"),
    ],
)
def test_files_that_are_not_as_saved(folder: Path, name: str, fault: str, message: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).unlink()
    if fault == "folder":
        (folder / name).mkdir()
    elif fault != "missing":
        (folder / name).write_bytes(data[:-1] if fault == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ModelError, match=f"{name}: {message}"):
        read_verified_manifest(folder)


def test_any_byte_of_the_configuration_that_changes_is_noticed(folder: Path) -> None:
    data = (folder / CONFIG).read_bytes()
    unnoticed: list[str] = []
    for place in range(len(data)):
        damaged = data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]
        (folder / CONFIG).write_bytes(damaged)
        try:
            values = read_verified_manifest(folder)
        except ModelError:
            continue
        assert values == json.loads(data), "white space between values carries nothing"
        unnoticed.append(chr(data[place]))
    assert set(unnoticed) <= set(" \n")


def test_a_configuration_cut_short_is_noticed(folder: Path) -> None:
    data = (folder / CONFIG).read_bytes()
    for size in range(0, len(data.rstrip()), 3):
        (folder / CONFIG).write_bytes(data[:size])
        with pytest.raises(ModelError, match=r"config\.json: (damaged|not the configuration of a model)"):
            read_verified_manifest(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 4, "library_version": "9.1"}, r"version 4 is newer than 3, .* sequence-tagger 9\.1$"),
        ({"format_version": 4}, r"written by sequence-tagger of unknown version$"),
        ({"format_version": "1"}, r"config\.json: not the configuration of a model: no format_version"),
        ({"files": None}, r"config\.json: damaged: it does not list model\.safetensors and tokenizer\.json"),
        ({"files": {"model.safetensors": {}}}, r"it does not list model\.safetensors and tokenizer\.json"),
        ({"files": {"model.safetensors": 3, "tokenizer.json": 4}}, r"no size and checksum of model\.safetensors"),
    ],
)
def test_configurations_of_another_kind(folder: Path, changes: dict[str, object], message: str) -> None:
    rewrite(folder, **changes)
    with pytest.raises(ModelError, match=message):
        read_verified_manifest(folder)


@pytest.mark.parametrize("text", ["[]", "3", "null", "", "{", "\xff", "[" * 100_000])
def test_what_is_no_configuration(folder: Path, text: str) -> None:
    (folder / CONFIG).write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"config\.json: (damaged|not the configuration of a model)"):
        read_verified_manifest(folder)


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none: no such model folder; `tagger train` makes one"):
        read_verified_manifest(tmp_path / "none")
    with pytest.raises(ModelError, match=r"not a model folder: config\.json is missing"):
        read_verified_manifest(tmp_path)


def test_a_model_is_put_back_whose_replacement_was_cut_off(tmp_path: Path) -> None:
    """A kill between the two renames leaves the old model as OUT.old alone."""
    (tmp_path / "m.old").mkdir()
    (tmp_path / "m.old" / CONFIG).write_text("{}")
    with (
        pytest.raises(OutputError, match="already holds a model"),
        writing(tmp_path / "m", overwrite=False),
    ):
        pass
    assert (tmp_path / "m" / CONFIG).read_text() == "{}"
    assert not (tmp_path / "m.old").exists()
