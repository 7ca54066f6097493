"""What ``--repair`` does: each rule by cases worked out by hand, the counts, and that nothing else changes."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest

from tagger.corpora.conversion.convert import convert
from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.sentence import RawSentence
from tagger.corpora.labels.repair import Repairs, is_invisible, repaired_word
from tagger.corpora.labels.schemes import invalid, spans
from tagger.corpora.read_corpus import read_corpus, read_split
from tagger.corpora.validation.validate import validate_corpus
from tagger.errors import CorpusError
from tests.corpora.conftest import TAGS, WORDS, Write, conllu


def repaired_labels(labels: list[str], scheme: str | None = None) -> list[str]:
    sentence = RawSentence(["w"] * len(labels), {"ner": labels}, 1, [1] * len(labels))
    Repairs("f", scheme).repair_labels(sentence, "ner")
    return sentence.columns["ner"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("plain", "plain"),
        ("basic\u00adally", "basically"),
        ("\ufeffThe", "The"),
        ("watched\u200bwas", "watchedwas"),
        ("a\x1bb\x00", "ab"),
        (" edge\u00a0", "edge"),
        ("10\u00a0 000", "10 000"),
        ("cafe\u0301", "café"),
        ("\u1112\u1161\u11ab", "한"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("\U0001f469\u200d\U0001f52c", "\U0001f469\u200d\U0001f52c"),
        ("\u06dd", "\u06dd"),
        ("\ue000", "\ue000"),
        ("\u200b", "\u200b"),
        (" ", " "),
    ],
)  # fmt: skip
def test_words(word: str, expected: str) -> None:
    assert repaired_word(word) == expected


def test_repairing_a_word_twice_is_repairing_it_once() -> None:
    rng = random.Random(1)
    odd = "a é\u0301\u00ad\u200b\u200d\u00a0\t한\u1112\u1161\x07\u2028"
    for _ in range(2000):
        word = "".join(rng.choices(odd, k=rng.randint(1, 6)))
        once = repaired_word(word)
        assert repaired_word(once) == once
        assert once
        visible = [char for char in word if not is_invisible(char) and not char.isspace()]
        if visible:
            kept = "".join(char for char in once if char != " ")
            assert kept == unicodedata.normalize("NFC", once).replace(" ", "")
            assert not any(map(is_invisible, once))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("B-x,B-y O", "B-x O"),
        ("B-x,B-y I-y", "B-y I-y"),
        ("B-x,B-y I-x,I-y", "B-x I-x"),
        ("B-y I-x,I-y", "B-y I-y"),
        ("O,B-x I-x", "B-x I-x"),
        ("O,B-x O", "O O"),
        ("B-a,B-b,B-c I-c,I-b O", "B-b I-b O"),
        ("NN,VB NN", "NN,VB NN"),
        (", O", ", O"),
    ],
)
def test_of_several_labels_one_stays(labels: str, expected: str) -> None:
    assert repaired_labels(labels.split()) == expected.split()


@pytest.mark.parametrize(
    ("scheme", "labels", "expected"),
    [
        ("IOB2", "O I-x I-x", "O B-x I-x"),
        ("IOB2", "B-x I-y", "B-x B-y"),
        ("IOB1", "I-x B-x O B-y", "I-x B-x O I-y"),
        ("IOBES", "B-x O I-y E-y", "S-x O B-y E-y"),
        ("BILOU", "U-x I-x L-x", "U-x B-x L-x"),
        ("IOB2", "O I-x _", "O B-x _"),
        ("IOB2", "I-x x", "I-x x"),
        (None, "I-x I-x", "I-x I-x"),
    ],
)
def test_broken_spans(scheme: str | None, labels: str, expected: str) -> None:
    assert repaired_labels(labels.split(), scheme) == expected.split()


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOBES", "BILOU"])
def test_repaired_labels_fit_the_scheme_and_mean_the_same_spans(scheme: str) -> None:
    rng = random.Random(scheme)
    letters = {"IOB1": "BI", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}[scheme]
    for _ in range(500):
        labels = [rng.choice(["O", *(f"{letter}-{kind}" for letter in letters for kind in "xy")]) for _ in range(6)]
        after = repaired_labels(labels, scheme)
        assert invalid(after, scheme) == []
        assert spans(after) == spans(labels)
        assert after == labels or invalid(labels, scheme)


def test_a_corpus_is_read_repaired_and_the_repairs_are_counted(write: Write) -> None:
    train = write("a.conll", "A\tB-x\nb\u00adc\tI-x\nd\tO\n\ne\tB-x,B-y\nf\tI-y\n\ng\tI-x\nh\tO\n\ni\tO\nj\tB-y\n")
    with pytest.raises(CorpusError, match=r":5: word 'e' has several labels, .*; --repair keeps one, --skip-invalid "):
        read_split(str(train))
    corpus = read_corpus(train=str(train), dev=str(train), repair=True)
    assert corpus.train is not None
    assert corpus.train.tokens() == [["A", "bc", "d"], ["e", "f"], ["g", "h"], ["i", "j"]]
    assert corpus.train.tags() == [["B-x", "I-x", "O"], ["B-y", "I-y"], ["B-x", "O"], ["O", "B-y"]]
    repaired = [note for note in corpus.notes if note.startswith("repaired: ")]
    assert repaired == [
        "repaired: 1 word lost white space, invisible characters or their decomposed form (NFC): "
        rf"first {train}:2: 'b\xadc' to 'bc'",
        "repaired: 1 word keeps one of several labels, the first that fits the words beside: "
        f"first {train}:5: 'B-x,B-y' to 'B-y'",
        f"repaired: 1 label that broke the scheme IOB2, read as conlleval reads them: first {train}:8: 'I-x' to 'B-x'",
    ]


def test_a_sound_corpus_is_not_touched(write: Write) -> None:
    path = str(write("a.conllu", conllu(WORDS, TAGS)))
    plain, repaired = read_corpus(path), read_corpus(path, repair=True)
    for before, after in zip(plain.splits, repaired.splits, strict=True):
        assert (before.tokens(), before.tags(), before.texts()) == (after.tokens(), after.tags(), after.texts())
    assert plain.notes == repaired.notes


def test_the_raw_text_goes_with_the_words(write: Write) -> None:
    text = "# text = cafe\u0301 o\u200bk\n" + "".join(
        f"{number}\t{word}\t_\tX\t_\t_\t0\t_\t_\t_\n" for number, word in enumerate(("cafe\u0301", "o\u200bk"), 1)
    )
    split = read_split(str(write("a.conllu", text + "\n")), repair=True)
    assert split.texts() == ["café ok"]
    assert split.tokens() == [["café", "ok"]]


def test_what_would_be_a_guess_is_still_refused(write: Write) -> None:
    damaged: dict[str, str | bytes] = {
        "a.conll": "a\tX\nb\n",
        "b.conll": b"a\tX\nb\xff\tY\n",
        "c.jsonl": '{"tokens": ["a", "b"], "upos": ["X"]}\n',
    }
    for name, content in damaged.items():
        with pytest.raises(CorpusError):
            read_split(str(write(name, content)), repair=True)


def test_the_cache_keeps_both_readings_apart(write: Write) -> None:
    path = str(write("a.conll", "a\u00ad\tB-x\n\nb\tO\n"))
    for _ in range(2):
        assert read_split(path).tokens() == [["a\u00ad"], ["b"]]
        assert read_split(path, repair=True).tokens() == [["a"], ["b"]]


def test_validation_sees_the_repaired_corpus(write: Write) -> None:
    path = write("a.conll", "a\u00ad\tB-x,B-y\nc\tO\n\nb\tI-x\nd\tB-y\n")
    before = validate_corpus(str(path))
    assert {finding.kind.code for finding in before.errors} == {"double-label"}
    after = validate_corpus(str(path), options=ReadOptions(repair=True))
    assert not after.errors
    assert not {"control", "broken-scheme"} & {finding.kind.code for finding in after.findings}
    assert sum(note.startswith("repaired: ") for note in after.notes) >= 2


def test_every_word_with_several_labels_is_counted(write: Write) -> None:
    path = write("a.conll", "a\tB-x,B-y\nb\tI-x,I-y\n\nb\tB-x\n")
    finding = next(finding for finding in validate_corpus(str(path)).errors if finding.kind.code == "double-label")
    assert (finding.count, [place.line for place in finding.places]) == (2, [1, 2])


def test_a_corpus_is_converted_repaired(write: Write, tmp_path: Path) -> None:
    path = write("a.conllu", "# text = o\u200bk\n1\to\u200bk\t_\tX\t_\t_\t0\t_\t_\tk=v\n\n")
    out = tmp_path / "b.conllu"
    done = convert(str(path), out, options=ReadOptions(column=None, repair=True))
    assert out.read_text(encoding="utf-8") == "# text = ok\n1\tok\t_\tX\t_\t_\t0\t_\t_\tk=v\n\n"
    assert [note for note in done.notes if note.startswith("repaired: 1 word ")]
