"""What a person may point at by mistake: each gets one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest

from tagger.corpora.files import lines
from tagger.corpora.files.paths import copy_stream
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.errors import CorpusError, OutputError
from tests.corpora.conftest import Write, conllu


def refused(path: Path | str, **options: str | None) -> str:
    with pytest.raises(CorpusError) as error:
        read_corpus(str(path), **options)  # type: ignore[arg-type]
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(str(path)[:150])
    return message


def test_a_missing_file(write: Write, tmp_path: Path, small: str) -> None:
    write("corpus.conllu", small)
    message = refused(tmp_path / "corpsu.conllu")
    assert "no such file or folder; did you mean" in message
    assert "corpus.conllu" in message


def test_a_name_that_is_nothing() -> None:
    with pytest.raises(CorpusError, match=r"en_ewtt: no such corpus; did you mean en_ewt\?"):
        read_corpus("en_ewtt", offline=True)
    for empty in ("", " "):
        with pytest.raises(CorpusError, match="the name of the corpus is empty"):
            read_corpus(empty)
    with pytest.raises(CorpusError, match=r"wikitext.*no labels"):
        read_corpus("wikitext-2", offline=True)


def test_a_folder_without_corpora(write: Write, tmp_path: Path) -> None:
    write("c/notes.md", "x")
    message = refused(tmp_path / "c")
    assert "no corpus in this folder; looked for *train*, *dev* and *test* files" in message
    assert ".csv, .txt; it holds" in message
    assert "it holds notes.md" in message


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "it holds nothing" in refused(tmp_path)


def test_an_empty_file(write: Write) -> None:
    assert refused(write("a.conllu", "")).endswith("a.conllu: the file is empty")


def test_only_comments(write: Write) -> None:
    assert "no sentence that can be read" in refused(write("a.conllu", "# one\n# two\n"))


def test_too_few_columns(write: Write, small: str) -> None:
    path = write("a.conllu", small + "1\tword\tNOUN\n")
    assert f"{path}:18: 3 columns, expected 10 separated by tabs: " in refused(path)


def test_a_word_without_a_label_is_counted(write: Write, small: str) -> None:
    path = write("a.conllu", small.replace("NOUN", "_", 1))
    corpus = read_corpus(str(path))
    assert sorted(tag for split in corpus.splits for tags in split.tags() for tag in tags).count("") == 1
    assert "1 word without upos (_): not learnt and not scored" in corpus.notes


def test_a_column_without_any_label(write: Write, small: str) -> None:
    path = write("a.conllu", small)
    assert "column 'feats' holds no label, only '_'; columns with labels: upos, xpos" in refused(path, column="feats")
    empty = conllu([["a", "b"]] * 3, [["_", "_"]] * 3)
    assert "column 'upos' holds no label, only '_'; columns with labels: lemma, deprel" in refused(
        write("c.conllu", empty)
    )


def test_an_unknown_column(write: Write, small: str) -> None:
    message = refused(write("a.conllu", small.replace("\t_\n", "\tGloss=x\n")), column="NER")
    assert message.endswith(
        "no column 'NER', nor such a key in MISC; columns with labels: upos, xpos, lemma, deprel, Gloss"
    )


def test_an_unknown_column_of_columns(write: Write) -> None:
    path = write("a.conll", "A DT B-NP O\nB NN I-NP B-PER\n")
    assert "no column 'lemma'; columns with labels: pos, chunk, ner" in refused(path, column="lemma")
    assert "no column '9'" in refused(path, column="9")


def test_bytes_that_are_not_utf8(write: Write, small: str) -> None:
    path = write("a.conllu", small.encode().replace(b"Dogs", b"D\xf6gs"))
    assert f"{path}:7: not UTF-8: byte 0xf6 at byte 11 of the line; convert the file" in refused(path)


def test_a_nul(write: Write, small: str) -> None:
    path = write("a.conllu", small.replace("Dogs", "Do\0gs"))
    assert f"{path}:7: a NUL byte at byte 12 of the line" in refused(path)


def test_a_damaged_gzip_file(write: Write, small: str) -> None:
    whole = gzip.compress(small.encode() * 50)
    assert "the compressed file is damaged or cut short" in refused(write("a.conllu.gz", whole[:-30]))
    assert "damaged" in refused(write("b.conllu.gz", whole[:40] + b"garbage" + whole[47:]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(write: Write, tmp_path: Path, small: str) -> None:
    path = write("c/a.conllu", small)
    path.chmod(0)
    assert "permission denied" in refused(path)
    (tmp_path / "c").chmod(0)
    try:
        assert "permission denied" in refused(tmp_path / "c")
    finally:
        (tmp_path / "c").chmod(0o700)


@pytest.mark.parametrize("method", ["iterdir", "open"])
def test_permission_denied(write: Write, monkeypatch: pytest.MonkeyPatch, small: str, method: str) -> None:
    path = write("c/a.conllu", small)

    def deny(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, method, deny)
    assert "permission denied; make it readable" in refused(path.parent if method == "iterdir" else path)


def test_a_link_that_leads_back_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "a symbolic link that leads back to itself" in refused(tmp_path / "a")


def test_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    assert "no such file" in refused(tmp_path / "a")


def test_a_named_pipe_and_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is a named pipe (give '-' and let it feed the standard input)" in refused(tmp_path / "pipe")
    assert "is a device or socket, expected a file" in refused("/dev/zero")


def test_a_name_that_no_file_can_have() -> None:
    assert "no such" in refused("x" * 300 + ".conllu") or "too long" in refused("x" * 300 + ".conllu")
    with pytest.raises(CorpusError, match="not a path"):
        read_corpus("./a\0b.conllu")


def test_unbalanced_json(write: Write) -> None:
    path = write("a.jsonl", '{"tokens": ["a"], "upos": ["X"]}\n{"tokens": ["a"], "upos": ["X"}\n')
    assert f"{path}:2: not JSON (" in refused(path)


def test_an_unknown_format(write: Write, small: str) -> None:
    assert "no format 'xml'; choose from conllu" in refused(write("a.conllu", small), format="xml")


def test_a_file_without_line_ends(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 3_000_000)
    path = write("a.jsonl", b'{"tokens": ["' + b"x" * (6 << 20))
    assert f"{path}:1: a line of more than 3 MB" in refused(path)


def test_a_sentence_without_end(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_BLOCK_BYTES", 1_000_000)
    path = write("a.conll", "word\tX\n" * 300_000)
    assert f"{path}:1: more than 1 MB without a blank line" in refused(path)


def test_marks_and_line_ends_of_windows_are_accepted(write: Write, small: str) -> None:
    plain = read_split(str(write("a.conllu", small)))
    marked = read_split(str(write("b.conllu", b"\xef\xbb\xbf" + small.replace("\n", "\r\n").encode())))
    assert (plain.tokens(), plain.tags(), plain.texts()) == (marked.tokens(), marked.tags(), marked.texts())


def test_a_very_long_word(write: Write) -> None:
    word = "x" * 100_000
    split = read_split(str(write("a.conllu", conllu([[word, "a"]], [["X", "DET"]]))))
    assert split.tokens() == [[word, "a"]]


def test_a_very_long_sentence(write: Write) -> None:
    split = read_split(str(write("a.conllu", conllu([["w"] * 50_000], [["X"] * 50_000]))))
    assert split.num_tokens == 50_000


def test_labels_that_only_dev_has_are_no_error(write: Write) -> None:
    train = str(write("a.conllu", conllu([["a"]], [["X"]])))
    dev = str(write("b.conllu", conllu([["b"]], [["Y"]])))
    corpus = read_corpus(train=train, dev=dev)
    assert corpus.dev is not None
    assert corpus.dev.tags() == [["Y"]]


def test_several_labels_on_one_word(write: Write) -> None:
    text = "a\tO\n\nb\tB-person,B-group\nc\tO\n\nd\tB-person\n"
    path = write("a.conll", text)
    assert f"{path}:3: word 'b' has several labels, 'B-person,B-group', expected one" in refused(path)
    corpus = read_corpus(str(path), skip_invalid=True)
    assert sum(len(split) for split in corpus.splits) == 2
    expected = f"1 unreadable sentence was left out: {path}:3: word 'b' has several labels"
    assert any(note.startswith(expected) for note in corpus.notes)


def test_bad_sentences_are_left_out_and_counted(write: Write, small: str) -> None:
    bad = "1\tword\tNOUN\n2\tbad\n\n"
    path = write("a.conllu", small + bad * 5 + small.replace("DET", "_") + bad)
    corpus = read_corpus(str(path), skip_invalid=True)
    assert sum(len(split) for split in corpus.splits) == 6
    (note,) = (note for note in corpus.notes if "unreadable" in note)
    assert note.startswith(f"6 unreadable sentences were left out: {path}:18: 3 columns, expected 10")
    assert note.endswith("; ...")


def test_nothing_is_left(write: Write) -> None:
    path = write("a.conllu", "1\tword\n\n1\tword\n")
    with pytest.raises(CorpusError, match="no sentence that can be read; 2 unreadable sentences were left out: "):
        read_corpus(str(path), skip_invalid=True)


def test_what_ends_lines_in_a_file_does_not_end_the_line_of_the_message(write: Write) -> None:
    path = write("a.tsv", "token\tu\x85pos\tx\x1c\x1b[31my\n" + "a\tX\tY\n" * 3)
    message = refused(path, column="z")
    assert len(message.splitlines()) == 1
    assert "\x1b" not in message
    assert "u\\x85pos, x\\x1c\\x1b[31my" in message


def test_standard_input_that_finds_no_room() -> None:
    with pytest.raises(
        OutputError, match=r"/dev: the standard input cannot be kept .*\(No space left on device\); set TMPDIR"
    ):
        copy_stream(io.BytesIO(b"a" * 100_000), Path("/dev/full"))
