from __future__ import annotations

import random
from pathlib import Path

import pytest

from tagger.errors import CorpusError
from tests.corpora.document_samples import tag_files

SENTENCE = (
    "# sent_id = 1\n"
    "# text = Don't go to Ürümqi\n"
    "1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1\tDo\tdo\tAUX\tVB\tMood=Imp\t3\taux\t3:aux\tEntity=(x)|Gloss=do\n"
    "2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_\n"
    "2.1\tyou\tyou\tPRON\tPRP\t_\t_\t_\t3:nsubj\tCopyOf=0\n"
    "3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n"
    "4\tto\tto\tADP\tIN\t_\t5\tcase\t_\t_\n"
    "5\tÜrümqi\tÜrümqi\tPROPN\tNNP\tNumber=Sing\t3\tobl\t_\tSpaceAfter=No\n"
    "\n"
)
COLUMN = {"upos": 3, "xpos": 4, "feats": 5}


def expected(source: bytes, column: str) -> bytes:
    """The slow truth: split every line and put the length of the word into its column."""
    out = []
    for line in source.split(b"\n"):
        fields = line.split(b"\t")
        if len(fields) == 10 and fields[0].isdigit():
            fields[COLUMN[column]] = b"L%d" % len(fields[1].decode())
        out.append(b"\t".join(fields))
    return b"\n".join(out)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("column", list(COLUMN))
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.rstrip("\n") + "\n",
        lambda text: "\ufeff" + text,
        lambda text: "\n\n" + text + "\n\n\n" + text + " \t\n" + text,
        lambda text: text + "# only = a comment\n\n" + text,
        lambda text: text.split("\n", 2)[2],
        lambda text: text.replace("# text", "# a tab\tin a comment\n#\n# text"),
        lambda text: text.replace("go\tgo", "New York\t "),
        lambda text: text.rstrip("\n") + "\n# a comment after the last word\n\n",
        lambda text: "# newdoc\n\n",
    ],
)
def test_only_the_column_of_the_tags_changes(change, column: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = change(SENTENCE).encode()
    result, _ = tag_files([write(tmp_path / "a.conllu", source)], column=column)
    assert result == expected(source, column)


def test_sentences_are_found_wherever_the_chunks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)
    source = "".join(SENTENCE + "\n" * rng.randrange(3) for _ in range(20)).replace("\n\n\n", "\n \n\n").encode()
    path = write(tmp_path / "a.conllu", source)
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr("tagger.corpora.files.lines.CHUNK_BYTES", size)
        result, progress = tag_files([path])
        assert result == expected(source, "upos")
        assert (progress.sentences, progress.tokens) == (20, 100)


def test_scores_and_other_labels_go_into_misc(tmp_path: Path) -> None:
    for end in ("\n", "\r\n"):
        source = SENTENCE.replace("\n", end).replace("Gloss=do", "TagScore=0.1|Gloss=do").encode()
        path = write(tmp_path / "a.conllu", source)
        lines = tag_files([path], scores=True)[0].decode().split(end)
        assert lines[3].split("\t")[3] == "L2"
        assert lines[3].split("\t")[9] == "Entity=(x)|Gloss=do|TagScore=0.5000"
        assert lines[4].split("\t")[9] == "TagScore=0.3333"
        assert lines[5] == source.decode().split(end)[5]
        lines = tag_files([path], column="Gloss")[0].decode().split(end)
        assert lines[3].split("\t")[3:] == [
            "AUX",
            "VB",
            "Mood=Imp",
            "3",
            "aux",
            "3:aux",
            "Entity=(x)|TagScore=0.1|Gloss=L2",
        ]
        assert lines[8].split("\t")[9] == "SpaceAfter=No|Gloss=L6"
        assert lines[2] == source.decode().split(end)[2]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("3\tgo\tVERB", r"a\.conllu:7: 3 columns, expected 10 .*'3\\tgo\\tVERB'; .*--format columns"),
        ("3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\t_", r"a\.conllu:7: 11 columns"),
        ("3 go go VERB VB _ 0 root _ _", r"a\.conllu:7: 1 column, expected 10 .*: '3 go"),
        ("3\t\tgo\tVERB\tVB\t_\t0\troot\t_\t_", r"a\.conllu:7: column 2 is empty, expected a value"),
        ("x\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_", r"a\.conllu:7: word ID 'x', expected a number, a range"),
        ("3\tg\udcffo\tgo\tVERB\tVB\t_\t0\troot\t_\t_", r"a\.conllu:7: not UTF-8: byte 0xff at byte 4 of the line"),
    ],
)  # fmt: skip
def test_bad_lines_are_refused_or_passed_on(line: str, message: str, tmp_path: Path) -> None:
    good = "3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_"
    bad = SENTENCE.replace(good, line)
    source = (bad + SENTENCE).encode("utf-8", "surrogateescape")
    path = write(tmp_path / "a.conllu", source)
    with pytest.raises(CorpusError, match=message):
        tag_files([path])
    result, progress = tag_files([path], skip_invalid=True)
    assert result == bad.encode("utf-8", "surrogateescape") + expected(SENTENCE.encode(), "upos")
    assert (progress.bad, progress.sentences) == (1, 1)
    assert tag_files([path], "pairs", skip_invalid=True)[0] == "Do/L2 n't/L3 go/L2 to/L2 Ürümqi/L6\n".encode()


def test_the_line_of_a_later_sentence_is_right(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conllu", (SENTENCE * 3 + "\n1\tx\n").encode())
    with pytest.raises(CorpusError, match=r"a\.conllu:32: 2 columns"):
        tag_files([path])


def test_compensating_columns_are_noticed(tmp_path: Path) -> None:
    nine, eleven = "1\ta\t_\t_\t_\t_\t_\t_\t_\n", "2\tb\t_\t_\t_\t_\t_\t_\t_\t_\t_\n"
    with pytest.raises(CorpusError, match=r"a\.conllu:1: 9 columns"):
        tag_files([write(tmp_path / "a.conllu", (nine + eleven).encode())])
    with pytest.raises(CorpusError, match=r"a\.conllu:2: 1 column, expected 10 .*'junk'"):
        tag_files([write(tmp_path / "a.conllu", ("1\ta" + "\t_" * 8 + "\njunk\n\n").encode())])


def test_a_sentence_of_fifty_thousand_words(tmp_path: Path) -> None:
    source = "".join(f"{i}\tw{i}" + "\t_" * 8 + "\n" for i in range(1, 50_001)).encode()
    result, progress = tag_files([write(tmp_path / "a.conllu", source)])
    assert result == expected(source, "upos")
    assert (progress.sentences, progress.tokens) == (1, 50_000)


def test_a_file_without_blank_lines_is_refused_not_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.corpora.files.lines.MAX_BLOCK_BYTES", 10_000)
    monkeypatch.setattr("tagger.corpora.files.lines.CHUNK_BYTES", 1_000)
    path = write(tmp_path / "a.conllu", SENTENCE.encode() + b"1\tx" * 10_000)
    with pytest.raises(CorpusError, match=r"a\.conllu:11: more than 0 MB without a blank line"):
        tag_files([path])


def scored_words(text: str) -> list[tuple[str, str]]:
    """The words and UPOS of a file as the official scorer loads them (conll18_ud_eval), with what it refuses."""
    found = []
    for block in text.split("\n\n")[:-1]:
        rows = [line.split("\t") for line in block.split("\n") if not line.startswith("#")]
        assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
        assert all(len(row) == 10 and row[1] for row in rows)
        heads = [int(row[6]) for row in rows]
        assert all(0 <= head <= len(rows) for head in heads)
        assert heads.count(0) == 1
        assert [row[7] == "root" for row in rows] == [head == 0 for head in heads]
        for head in heads:
            steps = 0
            while head and steps <= len(rows):
                head, steps = heads[head - 1], steps + 1
            assert not head  # no cycle
        found += [(row[1], row[3]) for row in rows]
    return found


def test_text_becomes_conllu(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"Don't go.\nYes ($5).\n \n\nNo")
    text = tag_files([path], "conllu")[0].decode()
    blocks = text.split("\n\n")
    assert blocks[0].split("\n") == [
        "# newdoc",
        "# newpar",
        "# sent_id = 1",
        "# text = Don't go.",
        "1\tDo\t_\tL2\t_\t_\t0\troot\t_\tSpaceAfter=No",
        "2\tn't\t_\tL3\t_\t_\t1\tdep\t_\t_",
        "3\tgo\t_\tL2\t_\t_\t1\tdep\t_\tSpaceAfter=No",
        "4\t.\t_\tL1\t_\t_\t1\tdep\t_\t_",
    ]
    assert [[line for line in block.split("\n") if line[:1] == "#"] for block in blocks[1:]] == [
        ["# sent_id = 2", "# text = Yes ($5)."],
        ["# newpar", "# sent_id = 3", "# text = No"],
        [],
    ]
    words = ["Do", "n't", "go", ".", "Yes", "(", "$", "5", ")", ".", "No"]
    assert scored_words(text) == [(word, f"L{len(word)}") for word in words]
    tagged = tag_files([path], "conllu", column="ner", scores=True)[0].decode().split("\n")
    assert tagged[4] == "1\tDo\t_\t_\t_\t_\t0\troot\t_\tSpaceAfter=No|ner=L2|TagScore=0.5000"


@pytest.mark.parametrize("size", [1, 3, 1 << 16])
def test_paragraphs_are_found_wherever_the_text_is_cut(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.corpora.documents.text.TEXT_CHUNK_BYTES", size)
    path = write(tmp_path / "a.txt", "\n\nÉ a.\nB c\r\n\t\r\nD e.\n\n\nF\n".encode())
    blocks = tag_files([path], "conllu")[0].decode().split("\n\n")
    assert [("# newpar" in block, block[block.index("# text") :].split("\n")[0][9:]) for block in blocks[:-1]] == [
        (True, "É a."),
        (False, "B c"),
        (True, "D e."),
        (True, "F"),
    ]


def test_sentences_are_numbered_over_all_documents(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a.txt", b"Yes.\n\nNo."), write(tmp_path / "b.tok", b"and so\n")]
    lines = tag_files(paths, "conllu")[0].decode().split("\n")
    assert [line for line in lines if line.startswith(("# sent_id", "# newdoc"))] == [
        "# newdoc",
        "# sent_id = 1",
        "# sent_id = 2",
        "# newdoc",
        "# sent_id = 3",
    ]


def test_columns_and_vertical_text_become_conllu(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", b"-DOCSTART- X\n\nIt X\nran Y\n\nNo X\n\n# sent_id = c\nOh X\n")
    text = tag_files([path], "conllu")[0].decode()
    assert scored_words(text) == [("It", "L2"), ("ran", "L3"), ("No", "L2"), ("Oh", "L2")]
    assert [line for line in text.split("\n") if line[:1] == "#"] == [
        *("# newdoc", "# sent_id = 1", "# text = It ran", "# sent_id = 2", "# text = No"),
        *("# sent_id = c", "# text = Oh"),
    ]
    path = write(tmp_path / "a.vert", b'<doc id="7">\n<p>\n<s>\nIt\nran\n<g/>\n.\n</s>\n</p>\n</doc>\n')
    lines = tag_files([path], "conllu")[0].decode().split("\n")
    assert lines[:5] == ["# newdoc", '# <doc id="7">', "# newpar", "# sent_id = 1", "# text = It ran."]
    assert lines[6] == "2\tran\t_\tL3\t_\t_\t1\tdep\t_\tSpaceAfter=No"


def test_line_ends_of_old_macs_are_refused_with_the_line(tmp_path: Path) -> None:
    for name, text in (
        ("a.conllu", SENTENCE),
        ("a.tsv", "It\tX\nran\tY\n\nNo\tX\n"),
        ("a.tok", "It ran\nNo\n"),
    ):
        path = write(tmp_path / name, text.replace("\n", "\r").encode())
        with pytest.raises(CorpusError, match=rf"{name}:1: a carriage return at character \d+ of the line"):
            tag_files([path])
        path = write(tmp_path / name, (text + text.replace("\n", "\r")).encode())
        with pytest.raises(CorpusError, match=rf"{name}:{text.count(chr(10)) + 1}: a carriage return"):
            tag_files([path])
    doubled = write(tmp_path / "b.conllu", SENTENCE.replace("\n", "\r\r\n").encode())
    assert tag_files([doubled])[0] == expected(doubled.read_bytes(), "upos")
