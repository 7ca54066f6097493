"""Every kind of finding, planted in a small corpus, is found at its line; a clean corpus is clean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.hub.client import Loaded
from tagger.corpora.sources.corpus import Corpus, Split
from tagger.corpora.validation.findings import KINDS, Finding
from tagger.corpora.validation.report import ValidationReport
from tagger.corpora.validation.validate import validate_corpus
from tagger.errors import CorpusError
from tests.corpora.conftest import Write
from tests.tiny import conllu, sentences

Pair = tuple[str, str]


def columns(*blocks: list[Pair]) -> str:
    """Two columns; each block is a sentence and takes as many lines as it has words, and a blank one."""
    return "".join("".join(f"{word}\t{tag}\n" for word, tag in block) + "\n" for block in blocks)


def found(report: ValidationReport, code: str) -> Finding:
    """The one finding of a kind."""
    (finding,) = [one for one in report.findings if one.kind.code == code]
    return finding


def codes(report: ValidationReport) -> list[str]:
    return [finding.kind.code for finding in report.findings]


def look(path: Path, **options: Any) -> ValidationReport:
    return validate_corpus(str(path), options=ReadOptions(**{"column": "tag", **options}))


THEY_FISH = [("They", "PRON"), ("fish", "VERB"), (".", "PUNCT")]
WE_CAN = [("We", "PRON"), ("can", "AUX"), ("fish", "VERB")]
A_FISH = [("A", "DET"), ("can", "NOUN"), ("fell", "VERB"), (".", "PUNCT")]
OLD = [("Old", "DET"), ("men", "NOUN"), ("can", "AUX"), ("!", "PUNCT")]


def test_a_clean_corpus_is_clean(write: Write) -> None:
    report = look(write("a.conll", columns(THEY_FISH, WE_CAN, A_FISH, OLD)))
    assert report.findings == []
    assert report.verdict == "clean"
    assert report.first == [
        (["They", "fish", "."], ["PRON", "VERB", "PUNCT"]),
        (["We", "can", "fish"], ["PRON", "AUX", "VERB"]),
        (["A", "can", "fell", "."], ["DET", "NOUN", "VERB", "PUNCT"]),
    ]
    (part,) = report.splits
    assert (part.name, part.sentences, part.words, part.types, part.unknown) == ("all", 4, 14, 10, None)
    assert part.labels == {"PRON": 2, "VERB": 3, "PUNCT": 3, "AUX": 2, "DET": 2, "NOUN": 2}


def test_figures_of_the_parts(write: Write) -> None:
    write("x-train.conll", columns(THEY_FISH, WE_CAN))
    write("x-dev.conll", columns(A_FISH))
    folder = write("x-test.conll", columns(THEY_FISH[:2])).parent
    report = look(folder)
    assert [part.name for part in report.splits] == ["train", "dev", "test"]
    assert [part.unknown for part in report.splits] == [None, 2, 0]  # "A" and "fell"
    assert report.splits[1].unknown_rate == 0.5


PLANTED = {
    "encoding": (b"They\tPRON\nf\xefsh\tVERB\n\nWe\tPRON\ngo\tVERB\n", 2, "0xef"),
    "column-count": (b"They\tPRON\nfish\tVERB\n\nWe\tPRON\tx\ngo\tVERB\n", 4, "3 columns, expected 2"),
    "empty": (b"They\tPRON\nfish\tVERB\n\nWe\tPRON\n\tVERB\n", 5, "column 1 is empty"),
    "double-label": (b"Ann\tB-x\nran\tO\n\nOslo\tB-x,B-y\nis\tO\n", 4, "several labels, 'B-x,B-y'"),
}


@pytest.mark.parametrize("code", PLANTED)
def test_what_stops_training(write: Write, code: str) -> None:
    content, line, said = PLANTED[code]
    path = write("a.conll", content)
    report = look(path)
    finding = found(report, code)
    assert (finding.count, finding.kind.severity) == (1, "error")
    (place,) = finding.places
    assert (place.path, place.line) == (str(path), line)
    assert said in place.detail
    assert (report.left_out, report.verdict) == (1, "errors")
    lenient = look(path, skip_invalid=True)
    assert lenient.errors == []
    assert found(lenient, code).kind.severity == "warning"


def test_words_without_a_label_are_counted_and_stop_nothing(write: Write) -> None:
    path = write("a.conll", "They\tPRON\nfish\tVERB\n\nWe\tPRON\ngo\t_\nso\t_\n\ngo\tVERB\n")
    report = look(path)
    finding = found(report, "missing-label")
    assert (finding.count, finding.kind.severity) == (2, "warning")
    assert [(place.line, place.detail) for place in finding.places] == [(5, "no tag on 'go'")]
    assert report.splits[0].labels == {"PRON": 2, "VERB": 2}


def test_malformed_lines_in_other_formats(write: Write) -> None:
    good = '{"tokens": ["a", "b"], "tag": ["X", "Y"]}\n'
    lines = [
        ('{"tokens": ["a", "b"], "tag": ["X"]}', "column-count", "1 'tag' for 2 words"),
        ('{"tokens": ["a", ""], "tag": ["X", "Y"]}', "empty", "word 2 of 'tokens' is empty"),
        ('{"tokens": ["a", ', "malformed", "not JSON"),
        ("\0", "encoding", "a NUL byte"),
    ]
    for number, (line, code, said) in enumerate(lines):
        (place,) = found(look(write(f"{number}.jsonl", good + line + "\n" + good)), code).places
        assert place.line == 2
        assert said in place.detail
    table = write("a.csv", "word,tag\na,X\n,Y\n\nb,X\n")
    assert found(look(table), "empty").places[0].line == 3
    slashed = write("a.txt", "a/X b/Y\nc d/X\n")
    assert found(look(slashed, format="slashed"), "malformed").places[0].line == 2


def test_all_defects_of_a_conllu_file_are_told_at_once(write: Write, small: str) -> None:
    lines = small.split("\n")
    lines[2] = "2\tcan\tcan\tAUX"
    lines[8] = lines[8].replace("2\t", "3\t", 1)
    report = look(write("a.conllu", "\n".join(lines)), column="upos")
    assert found(report, "column-count").places[0].line == 3
    assert found(report, "malformed").places[0].line == 9
    assert report.left_out == 2
    assert report.splits[0].sentences == 1


def test_a_file_that_cannot_be_read_does_not_hide_the_others(write: Write) -> None:
    write("x-train.conll", columns(THEY_FISH, WE_CAN))
    bad = write("x-test.conll", "")
    report = look(bad.parent)
    (place,) = found(report, "file").places
    assert (place.path, place.line, place.detail) == (str(bad), 0, "the file is empty")
    assert report.splits[0].sentences == 2


def test_a_column_that_is_not_there(write: Write) -> None:
    report = look(write("a.conllu", "1\ta\ta\tX\t_\t_\t0\td\t_\t_\n"), column="ner")
    assert "no column 'ner'" in found(report, "file").places[0].detail


def test_no_such_corpus() -> None:
    with pytest.raises(CorpusError, match=r"no such file or folder"):
        validate_corpus("./nowhere.conllu")


def test_one_label_only(write: Write) -> None:
    report = look(write("a.conll", columns([("a", "X"), ("b", "X")])))
    assert codes(report) == ["one-label"]
    assert report.verdict == "errors"


WORDS = {
    "white-space": ("New York", "U+0020 SPACE"),
    "control": ("da\u200bta", "U+200B ZERO WIDTH SPACE"),
    "damaged-text": ("cafÃ©", "most likely 'café'"),
    "not-nfc": ("cafe\u0301", "composed 'café'"),
}


@pytest.mark.parametrize("code", WORDS)
def test_odd_words(write: Write, code: str) -> None:
    word, said = WORDS[code]
    path = write("a.conll", columns(THEY_FISH, [("We", "PRON"), (word, "VERB")], THEY_FISH[:2], [(word, "VERB")]))
    finding = found(look(path), code)
    assert [place.line for place in finding.places] == [6, 11]
    assert said in finding.places[0].detail


@pytest.mark.parametrize(
    "word", ["می\u200cروم", "👩\u200d🚀", "Zürich", "naïve", "5\u2009%".replace("\u2009", ""), "Å"]
)
def test_words_that_are_not_odd(write: Write, word: str) -> None:
    assert codes(look(write("a.conll", columns(THEY_FISH, [("A", "PRON"), (word, "VERB")])))) in ([], ["label-once"])


def test_lost_characters(write: Write) -> None:
    path = write("a.conll", columns(THEY_FISH, [("We", "PRON"), ("\ufffdsh", "VERB")]))
    assert "U+FFFD" in found(look(path), "damaged-text").places[0].detail


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_mixed_line_ends(tmp_path: Path, write: Write, packing: str) -> None:
    import gzip

    data = b"They\tPRON\r\nfish\tVERB\r\n.\tPUNCT\n\r\nWe\tPRON\r\ngo\tVERB\r\n"
    path = write(f"a.conll{packing}", gzip.compress(data) if packing else data)
    (place,) = found(look(path), "line-ends").places
    assert place.line == 3
    assert r"1 of 6 lines end in \n" in place.detail
    assert "line-ends" not in codes(look(write("b.conll", data.replace(b"PUNCT\n", b"PUNCT\r\n"))))


def test_running_numbers_for_words(write: Write) -> None:
    blocks = [[(str(n), tag) for n, tag in enumerate(["X", "Y", "Z"], 1)] for _ in range(3)]
    lines = "".join(f'{{"tokens": {[w for w, _ in b]}, "tag": {[t for _, t in b]}}}\n' for b in blocks)
    finding = found(look(write("a.jsonl", lines.replace("'", '"'))), "numbered-words")
    assert (finding.count, finding.places[0].line) == (3, 1)


def test_labels_that_are_the_words(write: Write) -> None:
    blocks = [[(word, word) for word, _ in block] for block in (THEY_FISH, WE_CAN, A_FISH)]
    assert "label-is-word" in codes(look(write("a.conll", columns(*blocks))))


def test_suspicious_labels(write: Write) -> None:
    numbers = look(write("n.conll", columns([("a", "0"), ("b", "4"), ("c", "0"), ("d", "4")])))
    assert [place.line for place in found(numbers, "label-numbers").places] == [1, 2]
    blocks = [[(f"w{n}", f"doc-2011-{n:04}"), ("a", "X"), ("b", "Y")] for n in range(8)]
    ids = found(look(write("i.conll", columns(*blocks))), "label-ids")
    assert (ids.count, ids.places[1].line) == (8, 5)
    many = look(write("m.conll", columns([(f"w{n}", f"T{n % 250}") for n in range(500)])))
    assert found(many, "many-labels").count == 250
    assert "mostly-rare" not in codes(many)
    rare = look(write("r.conll", columns([(f"w{n}", f"T{n}") for n in range(9)])))
    assert found(rare, "mostly-rare").count == 9
    joined = found(
        look(write("j.conll", columns([("a", "NN"), ("b", "JJ"), ("c", "NN|JJ"), ("d", "NN|JJ")]))), "joined-labels"
    )
    assert (joined.count, joined.places[0].line) == (1, 3)
    assert "(2 in all)" in joined.places[0].detail


def test_labels_in_two_spellings(write: Write) -> None:
    path = write("a.conll", columns([("a", "Noun"), ("b", "NOUN"), ("c", "NOUN"), ("d", "Noun"), ("e", "NOUN")]))
    (place,) = found(look(path), "alike-labels").places
    assert (place.line, place.detail) == (1, "'Noun' on 'a' (2), beside 'NOUN' (3)")


@pytest.mark.parametrize("other", ["LOC\u200b", "LOC\u00ad", "\ufeffLOC", "\u00a0LOC", "\uff2c\uff2f\uff23"])
def test_labels_that_look_the_same(write: Write, other: str) -> None:
    path = write("a.conll", columns([("a", "LOC"), ("b", "LOC"), ("c", other)]))
    (place,) = found(look(path), "alike-labels").places
    assert place.line == 3
    assert place.detail.endswith("beside 'LOC' (2)")


def test_labels_seen_once(write: Write) -> None:
    path = write(
        "a.conll", columns(THEY_FISH, WE_CAN, [("They", "PRON"), ("fish", "VRB"), ("can", "AUX"), (".", "PUNCT")])
    )
    finding = found(look(path), "label-once")
    assert [(place.line, place.detail) for place in finding.places] == [(10, "'VRB' on 'fish'")]


def test_labels_that_train_lacks(write: Write) -> None:
    write("x-train.conll", columns(THEY_FISH, WE_CAN))
    path = write("x-test.conll", columns([("They", "PRON"), ("fish", "VERB"), ("oh", "INTJ"), ("oh", "INTJ")]))
    (place,) = found(look(path.parent), "unseen-label").places
    assert (place.path, place.line, place.detail) == (str(path), 3, "'INTJ' on 'oh'")


@pytest.mark.parametrize(
    ("tags", "scheme", "broken"),
    [
        (["B-P I-P O", "O B-L", "B-P O"], "IOB2", []),
        (["B-P I-P O", "O I-L", "B-P O B-L I-L"], "IOB2", [6]),
        (["I-P B-P O", "O I-L", "I-P O"], "IOB1", []),
        (["B-P E-P O", "O S-L", "S-P O"], "IOBES", []),
        (["B-P L-P O", "O U-L", "U-P B-L"], "BILOU", [9]),
    ],
)
def test_schemes(write: Write, tags: list[str], scheme: str, broken: list[int]) -> None:
    blocks = [[(f"w{n}{tag}", tag) for n, tag in enumerate(block.split())] for block in tags]
    report = look(write("a.conll", columns(*blocks)))
    assert report.scheme == scheme
    if broken:
        finding = found(report, "broken-scheme")
        assert [place.line for place in finding.places] == broken
        assert scheme in finding.remark
    else:
        assert "broken-scheme" not in codes(report)


def test_a_label_that_is_no_span_among_spans(write: Write) -> None:
    block = [(f"w{n}", "B-P") for n in range(20)]
    report = look(write("a.conll", columns(block, [("x", "B_P"), ("y", "O")], [("z", "O")])))
    (place,) = found(report, "broken-scheme").places
    assert (place.line, place.detail) == (22, "'B_P' on 'x' is not the label of a span")


def test_duplicates_leaks_and_contradictions(write: Write) -> None:
    train = write("x-train.conll", columns(THEY_FISH, WE_CAN, A_FISH, THEY_FISH))
    other = [("We", "PRON"), ("can", "VERB"), ("fish", "NOUN")]
    test = write("x-test.conll", columns(OLD, other, A_FISH, OLD))
    report = look(test.parent)
    duplicates = found(report, "duplicate")
    assert [(place.path, place.line) for place in duplicates.places] == [(str(test), 15), (str(train), 14)]
    assert "4 words, the same as in line 1" in duplicates.places[0].detail
    leaks = found(report, "leak")
    assert [(place.path, place.line) for place in leaks.places] == [(str(test), 10), (str(test), 6)]
    assert f"the same as in {train}:9" in leaks.places[0].detail
    assert [place.line for place in found(report, "contradiction").places] == [6]


def test_sentences_without_end(write: Write) -> None:
    long = [(f"w{n % 7}", "XY"[n % 2]) for n in range(501)]
    finding = found(look(write("a.conll", columns(THEY_FISH, long, long[:500]))), "long-sentence")
    assert [(place.line, finding.count) for place in finding.places] == [(5, 1)]
    assert "501 words" in finding.places[0].detail


def test_nothing_to_train_on(write: Write) -> None:
    path = write("x-dev.conllu", conllu(sentences(5, 1)))
    assert found(look(path.parent, column="upos"), "no-train").kind.severity == "warning"


def test_files_named_part_by_part(write: Write) -> None:
    train, dev = write("a", columns(THEY_FISH, WE_CAN)), write("b", columns(THEY_FISH))
    report = validate_corpus(None, train=str(train), dev=str(dev), options=ReadOptions(column="tag"))
    assert found(report, "leak").places[0].path == str(dev)


def test_a_corpus_of_the_hub_is_numbered_by_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def split(name: str, *blocks: list[Pair]) -> Split:
        rows = {
            key: [[pair[place] for pair in block] for block in blocks] for place, key in enumerate(("tokens", "tags"))
        }
        return Split(name, datasets.Dataset.from_dict(rows), label="upos")

    def read(*_: object, **__: object) -> Corpus:
        return Corpus("x", "a/x", "upos", split("train", THEY_FISH, WE_CAN), None, split("test", OLD, THEY_FISH))

    monkeypatch.setattr("tagger.corpora.hub.corpus.read_hub_corpus", read)
    report = validate_corpus("acme/x")
    assert (report.column, report.formats) == ("upos", ["hub"])
    (place,) = found(report, "leak").places
    assert str(place) == "test:2: 3 words, the same as in train:1"


def test_places_are_limited_and_all_are_counted(write: Write) -> None:
    path = write("a.conll", "a\tX\nb\tY\n\n" + "c\n\n" * 40 + columns([("a b", "X"), ("x", "Y")] * 100))
    report = validate_corpus(str(path), options=ReadOptions(column="tag"), places=3)
    counts = [found(report, code) for code in ("column-count", "white-space")]
    assert [(finding.count, len(finding.places)) for finding in counts] == [(40, 3), (100, 3)]


def test_the_bundled_corpora_have_no_errors() -> None:
    for name in ("bundled", "bundled:ko"):
        report = validate_corpus(name)
        assert report.errors == []
        assert not {"leak", "broken-scheme", "not-nfc", "control", "line-ends"} & set(codes(report))


def test_every_kind_is_told_in_full() -> None:
    for kind in KINDS.values():
        assert kind.severity in ("error", "warning")
        assert kind.why.endswith(".")
        assert kind.fix.endswith(".")


def test_rows_of_the_hub_that_would_stop_training_are_an_error_and_the_others_examined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = datasets.Dataset.from_dict({"tokens": [["a"], ["b"], ["c", "d"]], "tags": [["X"], ["Y", "Z"], ["X", "Y"]]})
    features = datasets.Features({name: datasets.List(datasets.Value("string")) for name in ("tokens", "tags")})
    loaded = Loaded({"train": data.cast(features)}, "c" * 40, None, ())
    monkeypatch.setattr("tagger.corpora.hub.dataset.load", lambda spec, offline, **options: loaded)
    report = validate_corpus("owner/name", options=ReadOptions("tags"))
    assert [(finding.kind.code, finding.places[0].path) for finding in report.errors] == [("malformed", "owner/name")]
    assert "row 1 (from 0) of 3: words and labels differ in number" in report.errors[0].places[0].detail
    assert report.splits[0].sentences == 2
    lenient = validate_corpus("owner/name", options=ReadOptions("tags", skip_invalid=True))
    assert not lenient.errors
    assert "train: 1 rows cannot be used and were left out" in lenient.notes


def upos(*odd: str) -> list[list[Pair]]:
    """Sentences of a column of UPOS; the first word of the last ones has other labels."""
    return [THEY_FISH, WE_CAN, A_FISH, OLD] * 10 + [[("Thing", label), *THEY_FISH] for label in odd]


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("NUON", "most likely NOUN"),
        ("noun", "most likely NOUN"),
        ("Noun", "most likely NOUN"),
        ("CONJ", "CCONJ or SCONJ since version 2"),
        ("PROPER", "most likely PROPN"),
        ("ADJJ", "most likely ADJ"),
        ("NN", "most likely NOUN"),
        ("??", "expected one of ADJ, ADP, ADV, AUX, CCONJ,"),
    ],
)
def test_labels_that_are_no_upos(write: Write, label: str, told: str) -> None:
    finding = found(look(write("a.conll", columns(*upos(label, label)))), "no-upos")
    assert (finding.count, finding.places[0].line) == (1, 181)  # 10 times 18 lines before it
    assert finding.places[0].detail.startswith(f"'{label}' on 'Thing' (2 in all): {told}")


def test_other_tag_sets_are_no_upos(write: Write) -> None:
    assert "no-upos" not in codes(look(write("a.conll", columns(*upos()))))
    universal = [[*sentence[:-1], ("fish", "."), ("fish", "PRT")] for sentence in upos()]  # Petrov et al. 2012
    assert "no-upos" not in codes(look(write("b.conll", columns(*universal))))
    spans = [[("Ada", "B-PER"), ("Byron", "I-PER"), ("is", "O"), ("X", "O")]] * 5
    assert "no-upos" not in codes(look(write("c.conll", columns(*spans))))
    unlabelled = [[*sentence, ("ever", "_")] for sentence in upos()]
    assert "no-upos" not in codes(look(write("d.conll", columns(*unlabelled))))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Number=Sing|Case=Nom", "not in the order of the alphabet: Case, Number"),
        ("Case=Nom|Case=Acc", "Case stands twice"),
        ("Case=nom", "'Case=nom', expected Name=Value"),
        ("Case=Nom|Sing", "'Sing', expected Name=Value"),
        ("Case=Nom;Number=Sing", "'Case=Nom;Number=Sing', expected Name=Value"),
    ],
)
def test_features_that_are_not_in_form(write: Write, value: str, told: str) -> None:
    valid = ["_", "Case=Nom|Number=Sing", "Case=Acc,Dat|Number=Plur|Number[psor]=Sing", "Abbr=Yes", "NumForm=Digit"]
    rows = [f"{place}\tw{place}\t_\tNOUN\t_\t{one}\t_\t_\t_\t_" for place, one in enumerate(valid * 6, 1)]
    rows.append(f"{len(rows) + 1}\tlast\t_\tNOUN\t_\t{value}\t_\t_\t_\t_")
    finding = found(look(write("a.conllu", "\n".join(rows) + "\n\n"), column="feats"), "feature-form")
    assert (finding.count, finding.places[0].line) == (1, 31)
    assert finding.places[0].detail.startswith(f"'{value}' on 'last' (1 in all): {told}")


def test_morphology_of_other_tag_sets(write: Write) -> None:
    values = ["sg|nom", "pl", "_", "sg|acc"]
    rows = [f"{place}\tw{place}\t_\tNOUN\t_\t{one}\t_\t_\t_\t_" for place, one in enumerate(values * 5, 1)]
    assert "feature-form" not in codes(look(write("a.conllu", "\n".join(rows) + "\n\n"), column="feats"))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["AT&amp;T"], "AT&T"),
        (["&quot;"], '"'),
        (["rock&#39;n"], "rock'n"),
        (["&#x2019;"], "\u2019"),
        (["&amp;lt;"], "&lt;"),
        (["&quot", ";"], '"'),
        (["&", "amp", ";"], "&"),
        (["&", "#", "39", ";"], "'"),
    ],
)
def test_html_entities(write: Write, words: list[str], meant: str) -> None:
    sentence = [("They", "PRON"), *((word, "X") for word in words), (";", "PUNCT")]
    finding = found(look(write("a.conll", columns(THEY_FISH, sentence))), "html-entity")
    (place,) = finding.places
    assert (place.line, place.detail) == (6, f"{' '.join(words)!r}, most likely {meant!r}")


@pytest.mark.parametrize("words", [["AT&T"], ["&"], ["R&D", ";"], ["&", "co", ";"], ["a&b;"], ["x;"], ["&", ";"]])
def test_ampersands_that_are_no_entities(write: Write, words: list[str]) -> None:
    sentence = [("They", "PRON"), *((word, "X") for word in words)]
    assert "html-entity" not in codes(look(write("a.conll", columns(THEY_FISH, sentence))))


@pytest.mark.parametrize("label", ["ADJ/ADV", "Titre 2", "N/PL"])
def test_labels_that_pairs_cannot_hold(write: Write, label: str) -> None:
    finding = found(
        look(write("a.tsv", columns(THEY_FISH, [("Old", label), *WE_CAN]).replace(" ", "\t", 0))), "unpaired-label"
    )
    assert (finding.count, finding.places[0].line, finding.places[0].detail) == (1, 5, f"{label!r} on 'Old' (1 in all)")
    assert "pairs" in finding.kind.why


@pytest.mark.parametrize("label", ["None", "NULL", "n/a", "?", "-", "-1", "-X-"])
def test_labels_that_stand_for_no_label(write: Write, label: str) -> None:
    finding = found(look(write("a.conll", columns(THEY_FISH, [("Old", label), *WE_CAN]))), "placeholder-label")
    assert (finding.count, finding.places[0].line, finding.places[0].detail) == (1, 5, f"{label!r} on 'Old' (1 in all)")
    assert "_" in finding.kind.fix


def test_a_hyphen_may_be_the_label_of_a_hyphen(write: Write) -> None:
    assert "placeholder-label" not in codes(look(write("a.conll", columns(THEY_FISH, [("-", "-"), *WE_CAN]))))


@pytest.mark.parametrize("sign", ["_", "NaN", "nan", "-100", "-100.0"])
def test_words_without_a_label(write: Write, sign: str) -> None:
    report = look(write("a.conll", columns(THEY_FISH, WE_CAN, [("Old", sign), *A_FISH])))
    assert [(place.line, place.detail) for place in found(report, "missing-label").places] == [(9, "no tag on 'Old'")]
    assert sign not in report.splits[0].labels
