"""Conversion loses nothing that the target can hold, and says what it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagger.corpora.conversion.convert import Conversion, convert
from tagger.corpora.conversion.write import WRITABLE
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.read_corpus import read_corpus
from tagger.errors import CorpusError, OutputError
from tests.corpora.conftest import Write

TREEBANK = """\
# newdoc id = d1
# sent_id = 1
# text = They can't go.
1\tThey\tthey\tPRON\tPRP\tCase=Nom\t4\tnsubj\t4:nsubj\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=Yes
2\tca\tcan\tAUX\tMD\t_\t4\taux\t_\tNER=O
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No|NER=B-X
4.1\tgone\tgo\tVERB\tVBN\t_\t_\t_\t4:x\tCopyOf=4
5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

# sent_id = 2
# a comment without a key
1\tAnn\tAnn\tPROPN\tNNP\t_\t0\troot\t_\tNER=I-PER
2\tLee\tLee\tPROPN\tNNP\t_\t1\tflat\t_\tNER=I-PER

1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_

"""
WITHOUT_RANGES = "".join(line + "\n" for line in TREEBANK.split("\n")[:-1] if not line.startswith(("2-3", "4.1")))
COLUMNS = "-DOCSTART- -X- O O\n\nAnn NNP B-NP I-PER\nran VBD O O\n\nOslo NNP B-NP I-LOC\n"


def run(source: Path, out: Path, form: str | None = None, column: str | None = None, **more: Any) -> Conversion:
    skip_invalid = more.pop("skip_invalid", False)
    return convert(str(source), out, form, options=ReadOptions(column=column, skip_invalid=skip_invalid), **more)


@pytest.mark.parametrize("through", ["conllu", "jsonl", "parquet", "conllu.gz", "jsonl.xz"])
def test_conllu_comes_back_byte_for_byte(write: Write, tmp_path: Path, through: str) -> None:
    source = write("a.conllu", TREEBANK)
    between = tmp_path / f"b.{through}"
    done = run(source, between)
    assert (done.files, done.notes) == ({between: 3}, [])
    assert run(between, tmp_path / "c.conllu").notes == []
    assert (tmp_path / "c.conllu").read_text(encoding="utf-8") == TREEBANK


def test_columns_hold_all_but_ranges_and_empty_nodes(write: Write, tmp_path: Path) -> None:
    done = run(write("a.conllu", TREEBANK), tmp_path / "b.conll")
    assert done.notes == ["multiword ranges, empty nodes: 2 left out, there is no place for them in columns"]
    run(tmp_path / "b.conll", tmp_path / "c.conllu")
    assert (tmp_path / "c.conllu").read_text(encoding="utf-8") == WITHOUT_RANGES


def test_what_json_lines_look_like(write: Write, tmp_path: Path) -> None:
    run(write("a.conllu", TREEBANK), tmp_path / "b.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()]
    assert set(rows[0]) == {"text", "tokens", "upos", "xpos", "feats", "lemma", "deprel", "conllu"}
    assert rows[0]["tokens"] == ["They", "ca", "n't", "go", "."]
    assert rows[0]["upos"] == ["PRON", "AUX", "PART", "VERB", "PUNCT"]
    assert rows[0]["conllu"]["head"] == ["4", "4", "4", "0", "4"]
    assert rows[0]["conllu"]["other_lines"][0][0] == 1
    assert rows[2]["conllu"] == {"head": ["0"]}


def test_a_scheme_in_misc(write: Write, tmp_path: Path) -> None:
    source = write("a.conllu", TREEBANK.replace("NER=O", "NER=I-X").replace("B-X", "I-X"))
    done = run(source, tmp_path / "b.conllu", column="NER", scheme="IOBES")
    expected = TREEBANK.replace("NER=O", "NER=S-X").replace("NER=B-X", "NER=S-X")
    expected = expected.replace(
        "Ann\tPROPN\tNNP\t_\t0\troot\t_\tNER=I-PER", "Ann\tPROPN\tNNP\t_\t0\troot\t_\tNER=B-PER"
    )
    expected = expected.replace("NER=I-PER", "NER=E-PER")
    assert (tmp_path / "b.conllu").read_text(encoding="utf-8") == expected
    assert not [note for note in done.notes if "did not fit" in note]


@pytest.mark.parametrize(
    ("scheme", "labels"),
    [
        ("IOB1", ["I-PER I-PER B-PER O", "I-LOC"]),
        ("IOB2", ["B-PER I-PER B-PER O", "B-LOC"]),
        ("IOBES", ["B-PER E-PER S-PER O", "S-LOC"]),
        ("BILOU", ["B-PER L-PER U-PER O", "U-LOC"]),
    ],
)
@pytest.mark.parametrize("form", WRITABLE)
def test_schemes(write: Write, tmp_path: Path, form: str, scheme: str, labels: list[str]) -> None:
    source = write("a.conll", "Ann\tB-PER\nLee\tI-PER\nBo\tB-PER\nran\tO\n\nOslo\tB-LOC\n")
    out = tmp_path / f"out{WRITABLE[form]}"
    run(source, out, scheme=scheme)
    back = tmp_path / "back.conll"
    run(out, back, column="tag", bare=True)
    tags = [[line.split("\t")[1] for line in block.splitlines()] for block in back.read_text().split("\n\n")[:-1]]
    assert [" ".join(row) for row in tags] == labels
    run(out, tmp_path / "again.conll", column="tag", scheme="IOB2", bare=True)
    assert (tmp_path / "again.conll").read_text().rstrip() == source.read_text().rstrip()


def test_labels_that_break_their_scheme_are_told(write: Write, tmp_path: Path) -> None:
    source = write("a.conll", "Ann\tB-PER\nran\tO\n\nOslo\tI-LOC\n\nBo\tB-PER\nLee\tB-PER\n")
    (note,) = run(source, tmp_path / "b.conll", scheme="IOB2").notes
    assert "1 label did not fit IOB2, taken for the beginning of a span" in note
    assert f"{source}:4" in note


def test_a_scheme_for_labels_that_are_no_spans(write: Write, tmp_path: Path) -> None:
    message = (
        r"a\.conllu:4: 'PRON' in column 'upos' is not the label of a span.*choose the column of spans \(--column\)"
    )
    with pytest.raises(CorpusError, match=message):
        run(write("a.conllu", TREEBANK), tmp_path / "b.conllu", scheme="IOB2")


def test_documents_of_columns(write: Write, tmp_path: Path) -> None:
    source = write("a.conll", COLUMNS)
    run(source, tmp_path / "b.conll")
    assert "-DOCSTART-\t-X-\tO\tO\n\n" in (tmp_path / "b.conll").read_text()
    assert read_corpus(str(tmp_path / "b.conll"), column="ner").columns == ("pos", "chunk", "ner")
    run(source, tmp_path / "c.conllu")
    assert (
        (tmp_path / "c.conllu")
        .read_text()
        .startswith("# newdoc\n1\tAnn\t_\tNNP\t_\t_\t_\t_\t_\tchunk=B-NP|ner=I-PER\n")
    )


def test_a_word_that_looks_like_a_comment_is_written_once(write: Write, tmp_path: Path) -> None:
    source = write("a.conll", "# about\n#\tX\nAnn\tY\n\n")
    run(source, tmp_path / "b.jsonl")
    row = json.loads((tmp_path / "b.jsonl").read_text())
    assert row == {"tokens": ["#", "Ann"], "tag": ["X", "Y"], "conllu": {"comments": ["# about"]}}


def test_further_keys_of_json_lines(write: Write, tmp_path: Path) -> None:
    source = write("a.jsonl", '{"id": 7, "words": ["a", "b"], "tag": ["X", "Y"], "meta": {"by": "me"}}\n')
    assert run(source, tmp_path / "b.jsonl").notes == []
    row = json.loads((tmp_path / "b.jsonl").read_text())
    assert row == {"tokens": ["a", "b"], "tag": ["X", "Y"], "id": 7, "meta": {"by": "me"}}
    done = run(source, tmp_path / "b.parquet")
    assert done.notes == ["further keys (id, meta): 1 left out, there is no place for them in parquet"]


def test_spans_become_labels(write: Write, tmp_path: Path) -> None:
    source = write("a.jsonl", '{"text": "Ann ran", "spans": [[0, 3, "PER"]], "id": 1}\n')
    run(source, tmp_path / "b.jsonl")
    row = json.loads((tmp_path / "b.jsonl").read_text())
    assert row == {"text": "Ann ran", "tokens": ["Ann", "ran"], "ner": ["B-PER", "O"], "id": 1}


def test_names_for_numbers(write: Write, tmp_path: Path) -> None:
    source = write("a.jsonl", '{"tokens": ["Ann", "ran"], "tags": [1, 0]}\n')
    options = ReadOptions(column=None, label_names=("O", "B-PER"))
    convert(str(source), tmp_path / "b.conll", options=options, bare=True)
    assert (tmp_path / "b.conll").read_text() == "Ann\tB-PER\nran\tO\n\n"


def test_a_corpus_of_several_parts(write: Write, tmp_path: Path, small: str) -> None:
    for part in ("train", "dev"):
        write(f"in/xx-{part}.conllu", small)
    done = run(tmp_path / "in", tmp_path / "out", "jsonl")
    assert [path.name for path in done.files] == ["in-train.jsonl", "in-dev.jsonl"]
    with pytest.raises(OutputError, match=r"the corpus has 2 parts \(train, dev\); name a folder"):
        run(tmp_path / "in", tmp_path / "one.jsonl")
    with pytest.raises(OutputError, match=r"in-train\.jsonl: there already; choose another name or --overwrite"):
        run(tmp_path / "in", tmp_path / "out", "jsonl")
    run(tmp_path / "in", tmp_path / "out", "jsonl", overwrite=True)


def test_nothing_appears_unless_all_can_be_written(write: Write, tmp_path: Path, small: str) -> None:
    write("in/xx-train.conllu", small)
    write("in/xx-dev.conllu", small + "1\tx\n")
    with pytest.raises(CorpusError, match=r"xx-dev\.conllu:18: 2 columns"):
        run(tmp_path / "in", tmp_path / "out", "jsonl")
    assert list((tmp_path / "out").iterdir()) == []
    done = run(tmp_path / "in", tmp_path / "out", "jsonl", skip_invalid=True)
    assert list(done.files.values()) == [3, 3]
    assert "1 unreadable sentence was left out" in done.notes[-1]


def test_a_file_may_take_its_own_place(write: Write, tmp_path: Path) -> None:
    source = write("a.conllu", TREEBANK)
    run(source, source, overwrite=True)
    assert source.read_text(encoding="utf-8") == TREEBANK


def test_words_without_a_label_matter_only_where_labels_do(write: Write, tmp_path: Path) -> None:
    source = write("a.conllu", TREEBANK.replace("PROPN", "_"))
    run(source, tmp_path / "b.conllu")
    done = run(source, tmp_path / "c.conllu", column="upos")
    assert (tmp_path / "c.conllu").read_text() == (tmp_path / "b.conllu").read_text() == source.read_text()
    assert any("without upos (_): not learnt and not scored" in note for note in done.notes)


def test_a_name_that_tells_no_format(write: Write, tmp_path: Path, small: str) -> None:
    with pytest.raises(OutputError, match=r"its name does not tell the format; say which \(--to conllu, columns"):
        run(write("a.conllu", small), tmp_path / "b.xyz")


def test_a_corpus_that_is_bundled(tmp_path: Path) -> None:
    done = convert("bundled:ko", tmp_path / "ko", "conllu")
    bundled = {split.name: split for split in read_corpus("bundled:ko").splits}
    for path in done.files:
        original = Path(bundled[path.stem.rpartition("-")[2]].paths[0])
        assert path.read_bytes() == original.read_bytes()


def test_ranges_of_conllu_plus_and_structure_tags(write: Write, tmp_path: Path) -> None:
    plus = write(
        "a.cupt", "# global.columns = ID FORM UPOS MWE\n# x = y\n1-2\tdu\t_\t_\n1\tde\tADP\tA\n2\tle\tDET\t_\n"
    )
    out = tmp_path / "a.conllu"
    assert convert(str(plus), out).notes == []
    assert out.read_text() == (
        "# x = y\n1-2\tdu" + "\t_" * 8 + "\n1\tde\t_\tADP" + "\t_" * 5 + "\tmwe=A\n2\tle\t_\tDET" + "\t_" * 6 + "\n\n"
    )
    vertical = write("a.vert", "<doc n='1'>\n<s>\nNo\tX\n<g/>\n.\tY\n</s>\n</doc>\n")
    notes = convert(str(vertical), tmp_path / "b.conllu").notes
    assert notes == ["structure tags: 2 left out, there is no place for them in conllu"]
    assert (tmp_path / "b.conllu").read_text().startswith("# newdoc\n# <doc n='1'>\n1\tNo\t_\tX\t")
    lines = write("c.conll", "1-2\tdu\tX\n1\tde\tY\n2\tle\tZ\n")
    assert "multiword ranges, empty nodes: 1 left out" in convert(str(lines), tmp_path / "c.conllu").notes[0]
