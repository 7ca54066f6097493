from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger.cli.main import cli
from tests.cli.language_model import CHARACTERS, WORDS, install
from tests.tagger.generation.predictors import FadingPredictor
from tests.tiny import run

CONLLU = (
    b"# text = the dog.\n"
    b"1\tthe\t_\t_\t_\t_\t0\troot\t_\t_\n"
    b"2\tdog\t_\t_\t_\t_\t1\tx\t_\t_\n"
    b"3\t.\t_\t_\t_\t_\t1\tx\t_\t_\n\n"
)


@pytest.fixture(autouse=True)
def _no_training_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    install(monkeypatch)


def score(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["score", *arguments], input=stdin, catch_exceptions=False)


def truth(*words: str) -> list[float]:
    """Bits of the last of some words."""
    engine = FadingPredictor(WORDS.size)
    ids = WORDS.vocabulary.encode(words).tolist()
    return [-engine.log_probs(ids[:place])[ids[place]] / math.log(2) for place in range(1, len(ids))]


def test_a_table_with_a_header() -> None:
    result = score("--text", "the zzz. dog", "--ends")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["sentence", "number", "word", "surprisal_bits", "rank", "entropy_bits", "known"]
    places = [f"{row[0]} {row[1]} {row[2]}" for row in rows[1:]]
    assert places == ["1 1 the", "1 2 zzz", "1 3 .", "1 4 <eos>", "2 1 dog", "2 2 <eos>"]
    bits = truth("<eos>", "the", "<unk>", ".", "<eos>", "dog", "<eos>")
    assert [float(row[3]) for row in rows[1:]] == pytest.approx(bits, abs=1e-4)
    assert [row[6] for row in rows[1:]] == ["1", "0", "1", "1", "1", "1"]
    perplexity = 2 ** (sum(bits) / len(bits))
    assert result.stderr.startswith("2 sentences, 4 words, ")
    assert f"perplexity {perplexity:,.2f} per word, each sentence end counted as a word; 25.00 % of" in result.stderr
    assert result.stderr.count("\n") == 1
    assert score("--text", "the zzz. dog").stdout.splitlines() == [
        line for line in result.stdout.splitlines() if "<eos>" not in line
    ]


def test_json_lines() -> None:
    records = [json.loads(line) for line in score("--text", "the dog. dog", "--json").stdout.splitlines()]
    assert [record["words"] for record in records] == [["the", "dog", "."], ["dog"]]
    assert [record["text"] for record in records] == ["the dog.", "dog"]
    bits = truth("<eos>", "the", "dog", ".", "<eos>", "dog", "<eos>")
    assert records[0]["surprisal_bits"] == pytest.approx(bits[:3], abs=1e-4)
    assert records[0]["end_surprisal_bits"] == pytest.approx(bits[3], abs=1e-4)
    assert (records[1]["sentence"], records[1]["known"]) == (2, [True])
    assert {*records[0]} > {"rank", "entropy_bits"}


def test_every_format_gives_the_same_scores(tmp_path: Path) -> None:
    expected = score("--text", "the dog.").stdout
    files = {
        "a.txt": b"the dog.", "a.tok": b"the dog .\n", "a.conllu": CONLLU, "a.conll": b"the\tX\ndog\tX\n.\tX\n",
        "a.jsonl": b'{"tokens": ["the", "dog", "."]}\n',
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert score(name).stdout == expected
    assert score("--input", "tokens", stdin=b"the dog .").stdout == expected
    assert score("-", stdin=b"the dog.").stdout == expected


def test_context() -> None:
    both = [score("--text", "the dog. the dog.", "--context", context).stdout for context in ("text", "sentence")]
    first, second = [[line.split("\t")[3] for line in table.splitlines()[1:]] for table in both]
    assert first[:3] == second[:3] == second[3:]
    assert first[3:] != first[:3]


def test_each_file_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the dog.")
    rows = [line.split("\t") for line in score("a.txt", "a.txt").stdout.splitlines()[1:]]
    assert [row[3] for row in rows[:3]] == [row[3] for row in rows[3:]]
    assert [row[0] for row in rows] == ["1"] * 3 + ["2"] * 3


def test_characters_are_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfthe  dog. on\r\n\nran")
    records = [json.loads(line) for line in score("a.txt", "--model", "chars", "--json").stdout.splitlines()]
    assert [record["text"] for record in records] == ["the  dog. on", "ran"]
    assert records[0]["words"] == ["the", "dog", ".", "on"]
    engine, history, total = FadingPredictor(CHARACTERS.size), [CHARACTERS.end], 0.0
    for unit in [*CHARACTERS.vocabulary.encode(list("the  dog. on")).tolist(), CHARACTERS.end]:
        total -= engine.log_probs(history)[unit] / math.log(2)
        history.append(unit)
    assert sum(records[0]["surprisal_bits"]) + records[0]["end_surprisal_bits"] == pytest.approx(total, abs=1e-3)
    (tmp_path / "a.conllu").write_bytes(CONLLU)
    assert json.loads(score("a.conllu", "--model", "chars", "--json").stdout)["text"] == "the dog."


def test_output_file_and_quiet(tmp_path: Path) -> None:
    result = score("--text", "the dog.", "-o", "out.tsv", "--quiet")
    assert (result.stdout, result.stderr) == ("", "")
    assert (tmp_path / "out.tsv").read_text() == score("--text", "the dog.").stdout


def test_an_empty_text() -> None:
    result = score("--text", "")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert result.stderr == "tagger: no words in the input, nothing to score\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.txt",), "none.txt: "),
        (("latin.txt",), "latin.txt:2: not UTF-8: byte 0xe9"),
        (("latin.txt", "--model", "chars"), "latin.txt:2: not UTF-8: byte 0xe9"),
        (("bad.conllu",), "bad.conllu:2: 2 columns"),
        (("--text", "a", "--model", "xx"), "xx: no such model"),
    ],
)
def test_bad_input_ends_in_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"the\ncaf\xe9")
    (tmp_path / "bad.conllu").write_bytes(b"# x\n1\tthe\n")
    result = run("score", *arguments, "-o", "out.tsv")
    assert result.code == 1
    assert result.message.startswith(f"tagger: error: {message}")
    assert not (tmp_path / "out.tsv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("a.txt", "--text", "a"), "FILE and --text exclude each other"), (("--context", "page"), "'page' is not one of")],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    result = run("score", *arguments)
    assert result.code == 2
    assert message in result.err
