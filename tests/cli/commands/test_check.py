"""``tagger check``: what it prints, its JSON, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger.cli.commands.check import check
from tagger.errors import CorpusError
from tests.tiny import conllu

CLEAN = [
    (["They", "fish", "."], ["PRON", "VERB", "PUNCT"]),
    (["They", "run", "."], ["PRON", "VERB", "PUNCT"]),
]
TWICE = [*CLEAN, CLEAN[0]]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(check, [str(argument) for argument in arguments])


def write(path: Path, made: list[tuple[list[str], list[str]]], end: str = "") -> Path:
    path.write_text(conllu(made) + end, encoding="utf-8")
    return path


def test_a_clean_corpus(tmp_path: Path) -> None:
    result = run(write(tmp_path / "a.conllu", CLEAN), "--strict")
    assert result.exit_code == 0
    assert result.stdout.startswith("a: CoNLL-U; labels: upos\nnote: not split yet")
    assert "They/PRON fish/VERB ./PUNCT" in result.stdout
    assert "Labels: PRON 2, VERB 2, PUNCT 2" in result.stdout
    assert result.stdout.endswith("Clean: nothing found.\n")
    assert result.stderr == ""


def test_warnings_and_strict(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conllu", TWICE)
    result = run(path)
    assert result.exit_code == 0
    assert f"warning: 1 sentence repeats an earlier one of the same split\n    {path}:11: 3 words" in result.stdout
    assert "\n  why:  0 of them" in result.stdout
    assert "\n  fix:  Remove repeated documents." in result.stdout
    assert result.stdout.endswith("Can be trained on: no errors, 1 kind of warning.\n")
    assert run(path, "--strict").exit_code == 1


def test_errors(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conllu", CLEAN, "1\tx\n\n" * 7)
    result = run(path)
    assert result.exit_code == 1
    assert f"error: 7 lines have a wrong number of columns\n    {path}:11: 2 columns, expected 10" in result.stdout
    assert "    ... 2 more (--places N)\n" in result.stdout
    verdict = "Training would stop: 1 kind of error. --skip-invalid leaves 7 sentences out and goes on."
    assert result.stdout.endswith(verdict + "\n")
    assert run(path, "--places", "7").stdout.count(f"    {path}:") == 7
    for option in ("--skip-invalid", "--ignore-bad"):  # the second is its former name
        lenient = run(path, option)
        assert lenient.exit_code == 0
        assert "1 kind of warning. 7 sentences left out." in lenient.stdout


def test_json(tmp_path: Path) -> None:
    result = run(write(tmp_path / "a.conllu", TWICE, "1\tx\n\n" * 7), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["verdict"], found["column"], found["left_out"]) == ("errors", "upos", 7)
    assert found["parts"] == [
        {
            "name": "all",
            "sentences": 3,
            "words": 9,
            "types": 4,
            "labels": {"PRON": 3, "VERB": 3, "PUNCT": 3},
            "unknown_rate": None,
        }
    ]
    assert [len(sentence["tokens"]) for sentence in found["first"]] == [3, 3, 3]
    assert [(one["kind"], one["severity"], one["count"]) for one in found["findings"]] == [
        ("column-count", "error", 7),
        ("duplicate", "warning", 1),
    ]
    assert [place["line"] for place in found["findings"][0]["places"]] == [16, 18, 20, 22, 24, 26, 28]


def test_reading_options(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"w": ["a", "b"], "x": [0, 1], "y": [1, 0]}\n', encoding="utf-8")
    options = ("--tokens-column", "w", "--label-names", "NOUN,VERB")
    assert "b/VERB" in run(path, *options, "--column", "x").stdout
    assert "b/NOUN" in run(path, *options, "--labels-column", "y").stdout


def test_parts_by_option(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.conllu", CLEAN), write(tmp_path / "b.conllu", CLEAN[:1])
    result = run("--train", train, "--test", test)
    assert f"{test}:1: 3 words, the same as in {train}:1" in result.stdout


def test_terminal_escapes_are_made_visible(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("\x1b[31mred\tX\nb\tY\x1b\n", encoding="utf-8")
    result = run(path, "--column", "tag")
    assert "\x1b" not in result.stdout
    assert "U+001B" in result.stdout


def test_no_such_corpus() -> None:
    result = run("./nowhere.conllu")
    assert isinstance(result.exception, CorpusError)


@pytest.mark.parametrize("arguments", [("--places", "0"), ("a", "b"), ("--frmat", "x")])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_bundled_corpus_is_checked_by_default() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.startswith("bundled-en: CoNLL-U; labels: upos\n")
