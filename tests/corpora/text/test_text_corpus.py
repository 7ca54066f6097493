"""Text for language models: what a source is read as, how it is divided, what bad input gets."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tagger.corpora.formats.options import ReadOptions
from tagger.corpora.formats.registry import read_sentences
from tagger.corpora.sources.locate import BUNDLED
from tagger.corpora.text.text_corpus import read_text_corpus, read_text_split
from tagger.corpora.text.text_split import TextCorpus, TextSplit
from tagger.errors import ConfigError, CorpusError
from tests.corpora.conftest import WORDS, Write, conllu

STORY = "The cat and the dog went to the\nedge of the wood. They saw Mr. Fox!\n\nHe didn't _see_ them.\n"
SENTENCES = [
    *("The cat and the dog went to the edge of the wood.", "They saw Mr. Fox!", "He didn't see them."),
]


def lines(split: TextSplit | None) -> list[str]:
    assert split is not None
    return [passage.text for passage in split]


def words(split: TextSplit | None) -> list[list[str]]:
    assert split is not None
    return [list(passage.words) for passage in split]


def whole(path: Path, **options: object) -> TextSplit:
    return read_text_split(str(path), **options)  # type: ignore[arg-type]


def test_plain_text_is_read_by_sentences_for_words(write: Write) -> None:
    split = whole(write("a.txt", STORY))
    assert lines(split) == SENTENCES
    assert words(split)[2] == ["He", "did", "n't", "see", "them", "."]


@pytest.mark.parametrize("unit", ["bpe", "char"])
def test_plain_text_is_read_line_by_line_for_pieces_and_characters(write: Write, unit: str) -> None:
    split = whole(write("a.txt", STORY), unit=unit)
    assert lines(split) == STORY.split("\n")[:-1]
    assert words(split)[2:] == [[], ["He", "did", "n't", "_see", "_", "them", "."]]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_last_line_needs_no_end(write: Write, end: str) -> None:
    assert lines(whole(write("a.txt", f"one two\nthree four{end}"), unit="char")) == ["one two", "three four"]


def test_a_split_can_be_read_again(write: Write) -> None:
    split = whole(write("a.txt", STORY))
    first, second = iter(split), iter(split)
    assert next(first) == next(second)
    assert lines(split) == lines(split)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a _b_ c _d e_, (_f_)!", "a b c d e, (f)!"),
        ("snake_case __init__ _private x_1 ____ _ a _", "snake_case __init__ _private x_1 ____ _ a _"),
        ("_over\nlines_ now", "over lines now"),
    ],
)
def test_underscores_for_italics_are_taken_off(write: Write, text: str, kept: str) -> None:
    assert " ".join(lines(whole(write("a.txt", text)))) == kept


def test_tokenised_text_is_taken_as_it_is(write: Write) -> None:
    path = write("wiki.txt", " = Title = \n\n The <unk> didn't  go . \n It . Did @-@ so\n")
    split = whole(path, tokenised=True)
    assert words(split) == [
        ["=", "Title", "="],
        [],
        ["The", "<unk>", "didn't", "go", "."],
        ["It", ".", "Did", "@-@", "so"],
    ]
    assert lines(split)[2] == "The <unk> didn't go ."
    found = [[token.text for token in found] for found in split.tokenizer.sentences("It . is <unk> don't\nso\n")]
    assert found == [["It", ".", "is", "<unk>", "don't"], ["so"]]


def test_a_labelled_corpus_is_tokenised_as_it_is(write: Write, small: str) -> None:
    split = whole(write("a.conllu", small), tokenised=True)
    assert words(split) == WORDS
    assert [token.text for token in split.tokenizer.words("don't stop.")] == ["don't", "stop."]
    assert words(whole(write("a.conllu", small), tokenised=True, format="text"))[0][:3] == ["#", "text", "="]


@pytest.mark.parametrize("name", ["a.conllu", "a.conll"])
def test_prompts_of_a_tokenised_labelled_corpus_are_raw_text(write: Write, name: str) -> None:
    sentences = [["He", "did", "n't", "go", "."], ["So", "it", "was"]] * 30
    rows = "".join("\n".join(f"{word}\tX" for word in words) + "\n\n" for words in sentences)
    content = conllu(sentences, [["X"] * len(words) for words in sentences]) if name == "a.conllu" else rows
    corpus = read_text_corpus(str(write(name, content)), tokenised=True)
    assert [token.text for token in corpus.tokenizer.words("I can't go.")] == ["I", "ca", "n't", "go", "."]


@pytest.mark.parametrize("unit", ["word", "bpe", "char"])
def test_the_words_of_a_labelled_corpus_in_their_raw_text(write: Write, unit: str) -> None:
    block = "# text = I can't.\n1\tI\t_\tPRON\t_\t_\t_\t_\t_\t_\n2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    block += "2\tca\t_\tAUX\t_\t_\t_\t_\t_\t_\n3\tn't\t_\tPART\t_\t_\t_\t_\t_\t_\n4\t.\t_\tPUNCT\t_\t_\t_\t_\t_\t_\n\n"
    split = whole(write("a.txt", block * 3), unit=unit)
    assert words(split) == [["I", "ca", "n't", "."]] * 3
    assert lines(split) == ["I can't."] * 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.conll", "".join("\n".join(f"{word}\tX" for word in sentence) + "\n\n" for sentence in WORDS)),
        (
            "a.jsonl",
            "".join(json.dumps({"tokens": sentence, "tags": ["X"] * len(sentence)}) + "\n" for sentence in WORDS),
        ),
        ("a.pos", "".join(" ".join(f"{word}/X" for word in sentence) + "\n" for sentence in WORDS)),
    ],
)
def test_other_labelled_formats(write: Write, name: str, content: str) -> None:
    assert words(whole(write(name, content))) == WORDS


def test_a_labelled_corpus_can_be_read_as_text(write: Write, small: str) -> None:
    split = whole(write("a.conllu", small), format="text", unit="char")
    assert lines(split) == small.split("\n")[:-1]


def test_few_lines_of_equally_many_words_are_text(write: Write) -> None:
    assert lines(whole(write("a.txt", "The cat\nThe dog\n"), unit="char")) == ["The cat", "The dog"]
    assert lines(whole(write("b.txt", "{brackets} are text too\n"), unit="char")) == ["{brackets} are text too"]


def test_columns_by_the_name_txt_are_told_of(write: Write) -> None:
    content = "".join("\n".join(f"{word} X" for word in sentence) + "\n\n" for sentence in WORDS * 9)
    corpus = read_text_corpus(str(write("a.txt", content)))
    assert any("a labelled corpus (columns), its words are read (--format text" in note for note in corpus.notes)
    assert words(corpus.train)[:3] == WORDS


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_packed_files(write: Write, pack: object) -> None:
    assert callable(pack)
    assert lines(whole(write("a.txt.gz", pack(STORY.encode())))) == SENTENCES


def test_rows_of_text(write: Write, tmp_path: Path) -> None:
    rows = ["One day.\nThe cat sat.", "It was the end"]
    plain = write("a.jsonl", "".join(json.dumps({"id": 1, "text": row}) + "\n" for row in rows))
    pq.write_table(pa.table({"id": [1, 2], "content": rows}), tmp_path / "b.parquet")
    for path in (plain, tmp_path / "b.parquet"):
        assert lines(whole(path, unit="char")) == ["One day.", "The cat sat.", "It was the end"]
        assert lines(whole(path)) == ["One day.", "The cat sat.", "It was the end"]
    with pytest.raises(
        CorpusError, match=r"b.parquet: the column 'txt' is not there; columns of strings: content \(of id"
    ):
        whole(tmp_path / "b.parquet", text_column="txt")


POEM = 'One day, "so".\nThe cat sat.'
ROWS = [POEM, "It was the end", "a; b"]


def table(header: str, rows: list[str], separator: str) -> str:
    quoted = [row if separator == "\t" else '"' + row.replace('"', '""') + '"' for row in rows]
    lines = [separator.join((str(number), row, "x")) for number, row in enumerate(quoted)]
    return "\n".join((separator.join(("id", header, "note")), *lines, ""))


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("header", ["text", "Sentence", "Quote"])
def test_tables_with_a_column_of_text(write: Write, separator: str, header: str) -> None:
    path = write("a.csv", table(header, ROWS, separator))
    asked = {"text_column": header} if header == "Quote" else {}
    assert lines(whole(path, unit="char", **asked)) == [*POEM.split("\n"), "It was the end", "a; b"]
    assert lines(whole(path, **asked)) == ['One day, "so".', "The cat sat.", "It was the end", "a; b"]
    packed = write("a.csv.gz", gzip.compress(path.read_bytes()))
    assert lines(whole(packed, unit="char", **asked)) == lines(whole(path, unit="char", **asked))


def test_quotes_are_part_of_the_text_between_tabs(write: Write) -> None:
    path = write("a.tsv", table("text", ['He said "so', '"yes"', "it was"], "\t"))
    assert lines(whole(path, unit="char")) == ['He said "so', '"yes"', "it was"]


@pytest.mark.slow
def test_a_long_document_in_a_cell(write: Write) -> None:
    path = write("a.csv", f'id,text\n1,"{"so it was " * 50_000}"\n2,\n3,the end\n')
    assert [len(text) for text in lines(whole(path, unit="char"))] == [500_000, 0, 7]


def test_documents_of_many_lines_in_cells(write: Write) -> None:
    document = "".join(f"line {number} of it\n" for number in range(300))
    path = write("a.csv", "id,text\n" + f'1,"{document}"\n2,the end\n' * 3)
    assert lines(whole(path, unit="char")) == [*document.splitlines(), "the end"] * 3


def test_a_table_of_one_word_a_row_is_a_labelled_corpus(write: Write) -> None:
    rows = "".join(f"{number},{word},X\n" for number, sentence in enumerate(WORDS) for word in sentence)
    for header in ("sentence_id,text,tag", "sentence,word,tag"):
        assert words(whole(write("a.csv", f"{header}\n{rows}"))) == WORDS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('id,text\n1,"one two"\n\n2,three,four\n', r"a\.csv:4: 3 columns, expected 2 as in the header"),
        ('id,text\n1,"one\ntwo"\n2,"three "four\n3,five six\n', r"a\.csv:4: the quotes are not balanced"),
        ('id,text\n1,one two\n2,"three four\n5,six seven\n', r"a\.csv:3: the quotes are not balanced"),
        (b"id,text\n1,one two\n2,a caf\xe9\n", r"a\.csv:3: not UTF-8: byte 0xe9"),
        (b'id,text\n1,one two\n2,"so\ncaf\xe9"\n', r"a\.csv:3: the quotes are not balanced"),
    ],
)
def test_rows_of_a_table_that_go_wrong(write: Write, content: str | bytes, message: str) -> None:
    path = write("a.csv", content)
    with pytest.raises(CorpusError, match=message + ".*--skip-invalid"):
        whole(path)
    kept = lines(whole(path, unit="char", skip_invalid=True))
    assert kept[0].startswith("one")
    assert "five six" in kept or "five six" not in path.read_text(errors="replace")


def test_a_table_without_the_column_that_was_asked_for(write: Write) -> None:
    path = write("a.csv", table("text", ROWS, ","))
    with pytest.raises(CorpusError, match=r"a\.csv:1: no column of words \(txt\) .* has 'id, text, note'; name it"):
        whole(path, text_column="txt")


@pytest.mark.parametrize("unit", ["word", "char"])
def test_the_line_of_a_row_without_text_is_told(write: Write, unit: str) -> None:
    rows = [json.dumps({"text": "one\ntwo three\n\nfour"}), json.dumps({"text": "five"}), json.dumps({"text": 6})]
    with pytest.raises(CorpusError, match=r"a\.jsonl:3: no text in column 'text'"):
        whole(write("a.jsonl", "\n".join(rows)), unit=unit)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(STORY.encode())))
    split = read_text_split("-")
    assert lines(split) == lines(split) == SENTENCES
    assert split.paths == ("<standard input>",)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_bundled_corpus(language: str) -> None:
    corpus = read_text_corpus(f"bundled:{language}")
    for split in corpus.splits:
        path = BUNDLED / language / f"{split.name}.conllu"
        sentences = read_sentences(path, str(path), "conllu", ReadOptions(), lambda problem: None)
        expected = [sentence.tokens for sentence in sentences]
        assert words(split) == expected
    assert [split.name for split in corpus.splits] == ["train", "dev", "test"]
    assert (corpus.license, corpus.name) == ("CC0-1.0", f"bundled-{language}")


@pytest.mark.slow
def test_bundled_is_english_and_the_default() -> None:
    corpus = read_text_corpus()
    assert corpus.fingerprint == read_text_corpus("bundled").fingerprint == read_text_corpus("bundled:en").fingerprint
    assert corpus.fingerprint != read_text_corpus(unit="char").fingerprint
    assert next(iter(read_text_corpus(unit="char").splits[0])).text.startswith("The town council")


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("나는 학교에 갔다. 그는 집에 있다.\n" * 3, "korean"),
        ("The cat and the dog went to the wood.\n" * 3, "english"),
        ("I don't know, it's odd\n" * 3, "english"),
        ("Die Katze und der Hund gingen in den Wald.\n" * 3, "generic"),
    ],
)
def test_rules_are_chosen_by_the_text(write: Write, text: str, rules: str) -> None:
    assert f"raw text is split by the '{rules}' rules" in read_text_corpus(str(write("a.txt", text))).notes


def test_rules_can_be_chosen(write: Write) -> None:
    corpus = read_text_corpus(str(write("a.txt", "I don't know the way\n" * 99)), rules="generic")
    assert words(corpus.train)[0][:3] == ["I", "don't", "know"]
    with pytest.raises(ConfigError, match="no tokenisation rules are called 'x'"):
        read_text_corpus(rules="x")


def test_a_literal_unk_in_plain_text_is_hinted_at(write: Write) -> None:
    corpus = read_text_corpus(str(write("a.txt", "The <unk> and the cat\n" * 9)))
    assert any("say so (--tokenised)" in note for note in corpus.notes)


def numbered(first: int, count: int) -> str:
    return "".join(f"w{number} is it\n" for number in range(first, first + count))


def test_explicit_files(write: Write) -> None:
    corpus = read_text_corpus(
        train=str(write("a.txt", numbered(0, 50))), dev=str(write("b.txt", numbered(50, 5))), unit="char"
    )
    assert lines(corpus.train) == numbered(0, 50).split("\n")[:-1]
    assert lines(corpus.dev) == numbered(50, 5).split("\n")[:-1]
    assert corpus.test is None
    assert "test: none in this corpus" in corpus.notes
    with pytest.raises(CorpusError, match="dev given without train; name the training file too"):
        read_text_corpus(dev=str(write("b.txt", "x y")))


def test_dev_stands_in_for_that_of_a_source(write: Write) -> None:
    corpus = read_text_corpus(str(write("a.txt", numbered(0, 50))), dev=str(write("b.txt", "so it is\n")), unit="char")
    assert (len(lines(corpus.train)), lines(corpus.dev)) == (50, ["so it is"])


@pytest.mark.parametrize(
    "names", [("train.txt", "valid.txt", "test.txt"), ("wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens")]
)
def test_a_folder_with_splits(write: Write, names: tuple[str, ...]) -> None:
    for place, name in enumerate(names):
        folder = write(f"wiki/{name}", numbered(place * 10, 10)).parent
    if names[0].endswith(".txt"):
        write("wiki/vocabulary.txt", "w1\nw2\n")
    corpus = read_text_corpus(str(folder), tokenised=True)
    assert [words(split)[0][0] for split in corpus.splits] == ["w0", "w10", "w20"]


def test_titles_of_novels_are_not_splits(write: Write) -> None:
    for name in ("the-last-train.txt", "the-first-train.txt", "emma.txt", "LICENSE.txt"):
        folder = write(f"novels/{name}", numbered(0, 60)).parent
    corpus = read_text_corpus(str(folder), unit="char")
    assert corpus.train is not None
    assert sorted(Path(path).name for path in corpus.train.paths) == [
        "emma.txt",
        "the-first-train.txt",
        "the-last-train.txt",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a\.txt: the file is empty; expected text"),
        (b" \n\t\n", r"a\.txt: the file is empty but for white space; expected text"),
        (b"word\n", r"a\.txt: one word only; expected running text"),
        (
            b"one line\ncaf\xe9 two\n",
            r"a\.txt:2: not UTF-8: byte 0xe9 at byte 4 of the line; convert.*--skip-invalid",
        ),
        (b"one line\n" * 30 + b"a\0b\n", r"a\.txt:31: a NUL byte at byte 2 of the line: not text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", r"a\.txt: a binary file; expected text in UTF-8"),
        ("Grüße an alle".encode("utf-16"), r"a\.txt:1: UTF-16 text, expected UTF-8; convert it: iconv"),
        (b"PK\x03\x04zip", r"a\.txt: a ZIP archive, or a file of Excel or Word; unpack it"),
        (b"PAR1 not really", r"a\.txt: not a Parquet file that can be read: "),
        (gzip.compress(b"one two three" * 99, mtime=0)[:-12], r"a\.txt: the compressed file is damaged or cut short"),
    ],
)
def test_bad_files_get_one_line(write: Write, content: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        read_text_corpus(str(write("a.txt", content)))
    assert "\n" not in str(caught.value)


def test_lines_that_are_not_text_are_left_out_when_asked(write: Write) -> None:
    path = write("a.txt", b"the first\ncaf\xe9\nthe third\n\0\0\n" + b"and so on\n" * 60)
    corpus = read_text_corpus(str(path), skip_invalid=True, unit="char")
    assert lines(corpus.train)[:3] == ["the first", "the third", "and so on"]
    assert any(
        note.startswith("2 unreadable sentences were left out: ") and "a.txt:2: not UTF-8: byte 0xe9" in note
        for note in corpus.notes
    )


def test_nothing_by_that_name(write: Write, tmp_path: Path) -> None:
    path = write("novel.txt", "x y")
    with pytest.raises(CorpusError, match=r"nowel\.txt: no such file or folder; did you mean .*novel\.txt"):
        read_text_corpus(str(path.with_name("nowel.txt")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"empty: no corpus in this folder; .*it holds nothing"):
        read_text_corpus(str(tmp_path / "empty"))
    with pytest.raises(CorpusError, match=r"no file matches this pattern"):
        read_text_corpus(str(tmp_path / "*.text"))
    with pytest.raises(CorpusError, match="nothing-like-it: no such text; expected a file"):
        read_text_corpus("nothing-like-it")


def test_a_labelled_format_that_it_is_not(write: Write) -> None:
    path = str(write("a.txt", STORY))
    with pytest.raises(CorpusError, match=r"a\.txt:1: 1 column, expected 10 separated by tabs"):
        read_text_corpus(path, format="conllu")
    with pytest.raises(CorpusError, match="no format 'word'; there are: text, conllu"):
        read_text_corpus(path, format="word")
    with pytest.raises(ConfigError, match="no unit 'letter'; there are: word, bpe, char"):
        read_text_corpus(path, unit="letter")


def test_one_split_of_several(write: Write) -> None:
    folder = write("c/train.txt", numbered(0, 3)).parent
    write("c/dev.txt", numbered(5, 3))
    assert lines(read_text_split(str(folder), "dev", unit="char"))[0] == "w5 is it"
    with pytest.raises(CorpusError, match="no test split; there are: train, dev"):
        read_text_split(str(folder))


def test_a_model_s_own_rules_are_used(write: Write) -> None:
    own = read_text_split(str(write("a.txt", "x")), tokenised=True).tokenizer
    split = read_text_split(str(write("b.txt", "He didn't go.\nShe did.")), tokenizer=own)
    assert words(split) == [["He", "didn't", "go."], ["She", "did."]]
    assert isinstance(read_text_corpus(), TextCorpus)
