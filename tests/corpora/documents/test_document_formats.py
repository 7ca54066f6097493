from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import pytest

from tagger.corpora.formats.sniffing import sniff_document
from tagger.corpora.read_corpus import read_split
from tagger.errors import CorpusError
from tests.corpora.conftest import COMPRESSIONS, compressed
from tests.corpora.document_samples import tag_files


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


WORD = "1\ta\t_\tX\t_\t_\t0\t_\t_\t_\n"


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [
        ("a.conllu", "", "conllu"),
        ("a.conllu.xz", "", "conllu"),
        ("a.conll", "a X\n", "columns"),
        ("a.conll", WORD, "conllu"),
        ("a.txt", WORD, "conllu"),
        ("a.txt", "He came.\tAnd went.\n", "text"),
        ("a.tok.gz", "a b", "tokens"),
        ("a.jsonl", "", "jsonl"),
        ("-", "# sent_id = 3\n" + WORD, "conllu"),
        ("-", "\ufeff# text = a\n", "conllu"),
        ("-", '\n{"tokens": ["a"]}\n', "jsonl"),
        ("-", '{"tokens": ["a", ' + '"b", ' * 1000, "jsonl"),
        ("-", "a\tX\nb\tY\n\nc\tZ\n", "columns"),
        ("-", "-DOCSTART- -X- O\n\nEU NNP B-ORG\n", "columns"),
        ("-", "Just text.\nMore of it.", "text"),
        ("-", "[1, 2]\n", "text"),
        ("noname", "", "text"),
    ],
)
def test_formats_are_told_by_name_then_content(name: str, head: str, format_: str) -> None:
    assert sniff_document(head.encode(), name) == format_


def test_lines_of_tokens(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tok", "\ufeffand/or  either\t1\n\nno\u00a0break é\r\nlast")
    assert tag_files([path])[0].decode() == "and/or/L6 either/L6 1/L1\n\nno\u00a0break/L8 é/L1\nlast/L4\n"
    assert tag_files([path], "tsv")[0].decode().startswith("and/or\tL6\neither\tL6\n1\tL1\n\nno\u00a0break\tL8\n")
    assert tag_files([path], scores=True)[0].decode().split("\n")[0] == "and/or\tL6\t0.1667"
    records = [json.loads(line) for line in tag_files([path], "jsonl")[0].splitlines()]
    assert records[0] == {"tokens": ["and/or", "either", "1"], "tags": ["L6", "L6", "L1"]}
    assert records[1] == {"tokens": [], "tags": []}
    assert tag_files([path], "conllu")[0].decode().split("\n\n")[2] == (
        "# sent_id = 3\n# text = last\n1\tlast\t_\tL4\t_\t_\t0\troot\t_\t_"
    )


def test_raw_text_with_offsets(tmp_path: Path) -> None:
    text = "😀 Don't.\nIt is…\n\nYes"
    path = write(tmp_path / "a.txt", "\ufeff" + text)
    records = [json.loads(line) for line in tag_files([path], "jsonl", scores=True)[0].splitlines()]
    assert [record["tokens"] for record in records] == [["😀", "Do", "n't", "."], ["It", "is", "…"], ["Yes"]]
    for record in records:
        assert [text[start:end] for start, end in record["offsets"]] == record["tokens"]
    assert records[0]["scores"] == [1.0, 0.5, 0.3333, 1.0]
    assert tag_files([path])[0].decode() == "😀/L1 Do/L2 n't/L3 ./L1\nIt/L2 is/L2 …/L1\nYes/L3\n"
    assert tag_files([], text="Hi, you")[0] == b"Hi/L2 ,/L1 you/L3\n"
    assert tag_files([], text="a.b c", input_format="tokens")[0] == b"a.b/L3 c/L1\n"


def test_columns_keep_their_extra_columns(tmp_path: Path) -> None:
    source = "-DOCSTART- -X- O O\n\n# about\nEU NNP B-NP B-ORG\n# # O O\n\n \nPeter NNP B-NP B-PER\n"
    path = write(tmp_path / "a.conll", source)
    assert tag_files([path], "tsv")[0].decode() == (
        "-DOCSTART- -X- O O\n\n# about\nEU\tNNP\tB-NP\tB-ORG\tL2\n#\t#\tO\tO\tL1\n\nPeter\tNNP\tB-NP\tB-PER\tL5\n\n"
    )
    assert tag_files([path])[0].decode() == "EU/L2 #/L1\nPeter/L5\n"
    assert tag_files([path], scores=True)[0].decode().split("\n")[3] == "EU\tNNP\tB-NP\tB-ORG\tL2\t0.5000"
    tabs = write(tmp_path / "b.tsv", "New York\tO\r\n#\tO\r\n\t\r\nx\tO\r\n")
    assert tag_files([tabs])[0].decode() == "New_York/L8 #/L1\nx/L1\n"
    numbered = write(tmp_path / "c.conll", "1\tThe\tDET\n2\tcat\tNOUN\n\n1\tIt\tPRON\n")
    assert tag_files([numbered])[0].decode() == "The/L3 cat/L3\nIt/L2\n"


def test_json_lines_keep_other_keys(tmp_path: Path) -> None:
    rows = [{"id": 7, "words": ["a b", "ü"], "tags": ["old", "old"]}, {"tokens": []}, {"tokens": ["x"], "n": "\ud800"}]
    path = write(tmp_path / "a.jsonl", "\n\n".join(map(json.dumps, rows)))
    tagged = [json.loads(line) for line in tag_files([path])[0].splitlines()]
    assert tagged == [
        {"id": 7, "words": ["a b", "ü"], "tags": ["L3", "L1"]},
        {"tokens": [], "tags": []},
        {"tokens": ["x"], "n": "\ud800", "tags": ["L1"]},
    ]
    assert tag_files([path], "pairs")[0].decode() == "a_b/L3 ü/L1\n\nx/L1\n"
    assert tag_files([path], "tsv")[0].decode() == "a b\tL3\nü\tL1\n\nx\tL1\n\n"


@pytest.mark.parametrize("key", ["tokens", "words", "word_form", "forms", "form", "token", "word"])
def test_words_may_have_every_key_that_training_knows(key: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", json.dumps({key: ["a", "bc"], "upos": ["X", "Y"]}))
    assert json.loads(tag_files([path])[0]) == {key: ["a", "bc"], "upos": ["X", "Y"], "tags": ["L1", "L2"]}
    assert read_split(str(path)).tokens() == [["a", "bc"]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"not JSON \(.* at column \d\), expected one object on each line"),
        ("[1]", "expected an object such as .*: '\\[1\\]'"),
        (
            '{"title": "a b", "id": 1}',
            r"no list of words \(tokens, words\) among the keys title, id; name it .*, or the text \(--text-column\)",
        ),
        ('{"tokens": "a b"}', "'tokens' must be a list of strings, one word each: 'a b'"),
        ('{"tokens": ["a", 1]}', "must be a list of strings"),
        ('{"tokens": ["a", ""]}', "word 2 of 'tokens' is empty"),
        ('{"tokens": ["\\ud800"]}', "half of a surrogate pair, which is no character"),
        ("[" * 100_000, "recursion|JSON"),
        ('{"tokens": ["\udcff"]}', "not UTF-8: byte 0xff at byte 14 of the line"),
    ],
)
def test_bad_json_lines(line: str, message: str, tmp_path: Path) -> None:
    raw = line.encode("utf-8", "surrogateescape") + b"\n"
    path = write(tmp_path / "a.jsonl", b'{"tokens": ["ok"]}\n' + raw + b'{"tokens": ["fine"]}\n')
    with pytest.raises(CorpusError, match=rf"a\.jsonl:2: .*({message})"):
        tag_files([path])
    result, progress = tag_files([path], skip_invalid=True)
    assert result.splitlines()[1] + b"\n" == raw
    assert (progress.bad, progress.sentences) == (1, 2)
    assert progress.first_bad.startswith(f"{path}:2: ")


def test_bad_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", "a X\nb Y\n\nc\nd Z\n\ne E\n")
    with pytest.raises(CorpusError, match=r"a\.conll:4: 1 column, expected 2 separated by spaces: 'c'"):
        tag_files([path])
    result, progress = tag_files([path], "tsv", skip_invalid=True)
    assert result == b"a\tX\tL1\nb\tY\tL1\n\nc\nd Z\n\ne\tE\tL1\n\n"
    assert progress.bad == 1
    path = write(tmp_path / "b.tsv", "a\tX\n\tY\n")
    with pytest.raises(CorpusError, match=r"b\.tsv:2: column 1 is empty, expected a word"):
        tag_files([path])
    path = write(tmp_path / "c.tsv", b"a\tX\n\nb\t\xff\n")
    with pytest.raises(CorpusError, match=r"c\.tsv:3: not UTF-8: byte 0xff at byte 3 of the line"):
        tag_files([path])


def test_bytes_that_are_not_utf8_in_text_and_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.corpora.documents.text.TEXT_CHUNK_BYTES", 5)
    path = write(tmp_path / "a.txt", "Öl für\nAnne.\n".encode() + b"F\xfcr x.\n" + "Über.\nz\n".encode() + b"\xc3")
    with pytest.raises(CorpusError, match=r"a\.txt:3: not UTF-8: byte 0xfc at byte \d of the line; convert"):
        tag_files([path])
    result, progress = tag_files([path], skip_invalid=True)
    assert result.decode() == "Öl/L2 für/L3 Anne/L4 ./L1\nF/L1 �/L1 r/L1 x/L1 ./L1\nÜber/L4 ./L1\nz/L1 �/L1\n"
    assert progress.bad == 2
    path = write(tmp_path / "a.tok", b"ok\nF\xfcr x\nok\n")
    with pytest.raises(CorpusError, match=r"a\.tok:2: not UTF-8: byte 0xfc at byte 2"):
        tag_files([path])
    assert tag_files([path], skip_invalid=True)[0] == b"ok/L2\nF\xfcr x\nok/L2\n"


def test_all_that_was_read_before_an_error_is_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tok", b"one\n" * 50 + b"\xff\n")
    sink = io.BytesIO()
    with pytest.raises(CorpusError, match=r"a\.tok:51: not UTF-8"):
        tag_files([path], sink=sink)
    assert sink.getvalue() == b"one/L3\n" * 50


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_compressed_files(suffix: str, tmp_path: Path) -> None:
    content = b"They can fish\n" * 20_000
    assert tag_files([write(tmp_path / f"a.tok{suffix}", compressed(content, suffix))])[1].tokens == 60_000
    whole = compressed(content, suffix)
    cut = write(tmp_path / f"b.tok{suffix}", whole[: len(whole) - 20])
    with pytest.raises(CorpusError, match=rf"b\.tok\{suffix}: the compressed file is damaged or cut short"):
        tag_files([cut])


def test_files_in_order_each_in_its_format(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a.txt", "Ok. No"), write(tmp_path / "b.conllu", WORD), write(tmp_path / "c.tok", "x y")]
    assert tag_files(paths)[0] == b"Ok/L2 ./L1\nNo/L2\na/L1\nx/L1 y/L1\n"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO(b'{"tokens": ["a", "bc"]}\n')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(buffer))
    assert tag_files([])[0] == b'{"tokens": ["a", "bc"], "tags": ["L1", "L2"]}\n'
    assert not buffer.closed


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"missing\.txt: no such file"):
        tag_files([tmp_path / "missing.txt"])
    with pytest.raises(CorpusError, match="is a folder; name"):
        tag_files([tmp_path])
    with pytest.raises(CorpusError, match=r"a\.txt:1: UTF-16 text, expected UTF-8"):
        tag_files([write(tmp_path / "a.txt", "a".encode("utf-16"))])
    with pytest.raises(CorpusError, match=r"a\.parquet: not a Parquet file that can be read"):
        tag_files([write(tmp_path / "a.parquet", b"PAR1....")])


@pytest.mark.parametrize("suffix", ["txt", "tok", "conllu", "conll", "jsonl"])
def test_empty_files_give_nothing(suffix: str, tmp_path: Path) -> None:
    assert tag_files([write(tmp_path / f"a.{suffix}", "")])[0] == b""


def test_an_endless_line_is_read_as_text_and_refused_as_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.txt", "They can fish. " * 20_000)
    assert tag_files([path])[1].sentences == 20_000
    monkeypatch.setattr("tagger.corpora.files.lines.MAX_LINE_BYTES", 1_000)
    with pytest.raises(CorpusError, match=r"a\.txt:1: a line of more than 0 MB.*--input text"):
        tag_files([path], input_format="tokens")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "unit"),
    [("txt", f"{'x' * 40}. "), ("tok", f"{'x' * 40} can fish\n"), ("conllu", WORD.replace("a", "a" * 40) + "\n")],
)
def test_memory_does_not_grow_with_the_document(suffix: str, unit: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{suffix}", unit * (2_000_000 // len(unit)))

    class Sink(io.BytesIO):
        def write(self, data: object) -> int:
            return 0

    tracemalloc.start()
    try:
        tag_files([path], sink=Sink())
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


def test_a_binary_file_is_not_text(tmp_path: Path) -> None:
    for content in (b"\0PAR1" + b"\x15\x04\0\0" * 20, "Dogs bark.".encode("utf-16-le") * 30):
        with pytest.raises(CorpusError, match=r"a\.txt: \d+ NUL bytes at its beginning, expected text"):
            tag_files([write(tmp_path / "a.txt", content)], skip_invalid=True)
    tagged, _ = tag_files([write(tmp_path / "b.txt", b"A stray\0one. " * 10 + b"Dogs bark loudly. " * 100)])
    assert b"bark/L4" in tagged


ONTONOTES = (
    "#begin document (x); part 000\nwb/x 0 0 Rain NN * - - - A * -\nwb/x 0 1 fell VBD * - - - A * -\n"
    "wb/x 0 2 . . * - - - A * -\n\n#end document\n"
)
GERMEVAL = "#\thttp://x.org/1 [2009]\n1\tOslo\tB-LOC\tO\n2\tschlief\tO\tO\n\n"
CUPT = "# global.columns = ID FORM UPOS\n# a = b\n1-2\tdu\t_\n1\tde\tADP\n2\tle\tDET\n3.1\tx\t_\n\n# c\n1\tOh\tINTJ\n\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.gold_conll", ONTONOTES, "Rain fell ."),
        ("a.conll", ONTONOTES, "Rain fell ."),
        ("a.tsv", GERMEVAL, "Oslo schlief"),
        ("a.cupt", CUPT, "de le Oh"),
        ("a.conllup", CUPT, "de le Oh"),
        ("-", CUPT, "de le Oh"),
        ("a.tsv", "The\tDET\t\nold\tADJ\tp. 3\ncat\tNOUN\t\n\n", "The old cat"),
        ("a.conll", "-DOCSTART- -X- O\nMia -X- _ B-PER\nsang -X- _ O\n\n", "Mia sang"),
        ("a.conll", "10\u00a0000 NUM\nkm NOUN\n\n", "10\u00a0000 km"),
        ("a.bio", "O\twhat\nB-SONG\tjazz\n\n", "what jazz"),
    ],
)
def test_documents_are_read_as_corpora_are(
    name: str, text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / ("stdin" if name == "-" else name), text)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    result = tag_files(["-" if name == "-" else path], "tsv")[0].decode()
    tagged = [line.split("\t") for line in result.split("\n") if line.rsplit("\t", 1)[-1][:1] == "L"]
    assert [row[-1] for row in tagged] == [f"L{len(word)}" for word in words.split(" ")]
    assert all(word in row for word, row in zip(words.split(" "), tagged, strict=True))
    kept = [line for line in text.split("\n") if line[:1] in ("#", "-") and "global" not in line]
    assert [line for line in result.split("\n") if line in kept] == kept


def test_tagged_columns_with_a_header_are_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conllup", CUPT)
    tagged = tag_files([path], "tsv", scores=True)[0].decode()
    assert tagged.split("\n")[0] == "# global.columns = ID FORM UPOS TAGGER:UPOS SCORE"
    assert "1-2\tdu\t_\t_\t_\n1\tde\tADP\tL2\t0.5000\n" in tagged
    again = read_split(str(write(tmp_path / "b.conllup", tagged)), column="tagger:upos")
    assert (again.tokens(), again.tags()) == ([["de", "le"], ["Oh"]], [["L2", "L2"], ["L2"]])


@pytest.mark.parametrize(
    "text", ["http://a.org/x\nhttp://b.org/y\n", "a/b c/d\n", "12/05 13/06\n", "snake_case my_file\n"]
)
def test_paths_and_dates_are_no_labelled_words(text: str) -> None:
    assert sniff_document(text.encode(), "-") == "text"
    assert sniff_document(b"a/DET b_c/NOUN ./.\n", "-") == "slashed"
