"""The cache: quick the second time, never stale, never half written."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from tagger.corpora.formats import registry as formats
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.corpora.sources import arrow_cache as caching
from tagger.corpora.sources import ingest as ingesting
from tagger.errors import CorpusError, OutputError
from tests.corpora.conftest import WORDS, Write


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were parsed."""
    parsed: list[str] = []
    read = formats.read_sentences

    def spy(path: Path, name: str, *rest: object) -> object:
        parsed.append(path.name)
        return read(path, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ingesting, "read_sentences", spy)
    return parsed


def test_a_second_reading_parses_nothing(write: Write, small: str, count: list[str]) -> None:
    path = str(write("a.conllu", small))
    first, second = read_corpus(path), read_corpus(path)
    assert count == ["a.conllu"]
    assert [split.tokens() for split in first.splits] == [split.tokens() for split in second.splits]
    assert (first.notes, first.columns, first.fingerprint) == (second.notes, second.columns, second.fingerprint)


def test_a_changed_file_is_read_anew_even_if_its_time_and_size_are_the_same(write: Write, small: str) -> None:
    path = write("a.conllu", small)
    read_split(str(path))
    status = path.stat()
    path.write_text(small.replace("Dogs", "Cats"), encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert read_split(str(path)).tokens()[1][0] == "Cats"


def test_options_do_not_share_an_entry(write: Write, small: str, count: list[str]) -> None:
    path = str(write("a.conllu", small))
    assert read_split(path, column="xpos").tags()[0] == ["pron", "aux", "verb", "punct"]
    assert read_split(path).tags()[0] == ["PRON", "AUX", "VERB", "PUNCT"]
    assert len(count) == 2


def test_an_entry_cut_short_is_written_again(write: Write, small: str, count: list[str]) -> None:
    path = str(write("a.conllu", small))
    read_split(path)
    (arrow,) = caching.cache_folder().glob("*/all.arrow")
    arrow.write_bytes(arrow.read_bytes()[:-100])
    assert read_split(path).tokens() == WORDS
    assert len(count) == 2


def test_a_failed_reading_leaves_nothing_behind(write: Write) -> None:
    with pytest.raises(CorpusError):
        read_split(str(write("a.conllu", "1\tbad\n")))
    assert list(caching.cache_folder().iterdir()) == []


def test_a_file_that_changes_while_it_is_read(write: Write, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.conllu", small)
    read = formats.read_sentences

    def slow(*arguments: object) -> object:
        yield from read(*arguments)  # type: ignore[arg-type]
        path.write_text(small * 2, encoding="utf-8")

    monkeypatch.setattr(ingesting, "read_sentences", slow)
    with pytest.raises(CorpusError, match=r"a\.conllu: changed while it was read"):
        read_split(str(path))


def test_a_full_disk(write: Write, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pa.ipc, "new_stream", full)
    with pytest.raises(OutputError, match=r"the corpus cache cannot be written \(no space left\); set .*TAGGER_CACHE"):
        read_split(str(write("a.conllu", small)))


def no_passwd_entry(uid: int) -> None:
    raise KeyError(f"getpwuid(): uid not found: {uid}")


@pytest.mark.parametrize("setting", ["a file", "no home", "a home that is no folder"])
def test_without_a_cache_a_temporary_folder_is_used_and_noted(
    write: Write, small: str, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    file = write("file", "x")
    if setting == "a file":
        monkeypatch.setenv("TAGGER_CACHE", str(file))
    else:
        monkeypatch.delenv("TAGGER_CACHE")
        monkeypatch.setenv("HOME", str(file))
    if setting == "no home":
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", no_passwd_entry)
    path = str(write("a.conllu", small))
    first, second = read_split(path), read_split(path)
    assert first.tokens() == second.tokens() == WORDS
    why = "there is no home folder" if setting == "no home" else f"{file}.*: Not a directory"
    assert all(
        re.search(f"cache cannot be written \\({why}\\); a temporary", split.notes[-1]) for split in (first, second)
    )
    assert len(list(caching.temporary_folder().glob("*/all.arrow"))) == 1
    assert file.read_text(encoding="utf-8") == "x"


def test_the_temporary_cache_goes_with_its_process(write: Write, small: str, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    path = write("a.conllu", small)
    program = f"""
import os
import re
import subprocess
import sys
import tempfile
from tagger.corpora.sources import arrow_cache
from tagger.corpora.read_corpus import read_corpus
read_corpus({str(path)!r})
if (child := os.fork()) == 0:
    raise SystemExit  # a forked process removes nothing
os.waitpid(child, 0)
assert arrow_cache.temporary_folder().is_dir()
"""
    environment = {"TAGGER_CACHE": str(path), "TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", program], env=os.environ | environment, check=True)
    assert list(temporary.iterdir()) == []


def test_a_cache_that_others_wrote_is_read(write: Write, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(write("a.conllu", small))
    read_split(path)

    def read_only(*_: object) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", read_only)
    monkeypatch.setattr(caching, "_workplace", read_only)
    split = read_split(path)
    assert (split.tokens(), split.notes) == (WORDS, ())


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_CACHE", "/somewhere")
    assert caching.cache_folder() == Path("/somewhere/corpora")
    monkeypatch.delenv("TAGGER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setattr("sys.platform", "linux")
    assert caching.cache_folder() == Path("/xdg/tagger/corpora")


def test_the_least_recently_used_entries_go_first(write: Write, small: str) -> None:
    for number in range(3):
        read_split(str(write(f"{number}.conllu", small + f"# {number}\n")))
    entries = sorted(caching.cache_folder().iterdir())
    for age, entry in enumerate(entries):
        os.utime(entry, (1000 + age, 1000 + age))
    size = sum(file.stat().st_size for file in entries[0].iterdir())
    caching.prune(limit=int(size * 2.5))
    assert sorted(caching.cache_folder().iterdir()) == entries[1:]
    caching.prune(limit=0, keep=[entries[2]])
    assert list(caching.cache_folder().iterdir()) == [entries[2]]
