from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as ClickResult

from tagger.cli.main import cli
from tests.cli.language_model import WORDS, FixedModel, install
from tests.tiny import run


@pytest.fixture(autouse=True)
def _no_training_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    install(monkeypatch)


def generate(*arguments: str, stdin: bytes | None = None) -> ClickResult:
    return CliRunner().invoke(cli, ["generate", *arguments], input=stdin, catch_exceptions=False)


def test_the_text_stands_alone_on_the_standard_output() -> None:
    result = generate("the river", "--seed", "3", "--max-tokens", "12")
    assert result.stdout == FixedModel(WORDS).generate("the river", seed=3, max_tokens=12)[0].text + "\n"
    assert result.stdout.startswith("the river")
    assert result.stderr == ""


def test_options_reach_the_model() -> None:
    given = (
        "--temperature 0.5 --top-k 3 --top-p 0.7 --min-p 0.01 --repetition-penalty 1.2 --unk --sentences 3 --stop zz"
    )
    result = generate("the", "--seed", "1", *given.split(), "--stop", "dog", "--max-tokens", "40")
    made = FixedModel(WORDS).generate(
        "the", seed=1, temperature=0.5, top_k=3, top_p=0.7, min_p=0.01, repetition_penalty=1.2, no_unk=False,
        sentences=3, stop=("zz", "dog"), max_tokens=40,
    )  # fmt: skip
    assert result.stdout == made[0].text + "\n"


def test_several_texts_are_parted_by_a_blank_line() -> None:
    result = generate("the", "--seed", "1", "--samples", "3", "--max-tokens", "5")
    texts = [made.text for made in FixedModel(WORDS).generate("the", seed=1, samples=3, max_tokens=5)]
    assert result.stdout == "\n\n".join(texts) + "\n"
    assert generate("the", "--seed", "1", "--max-tokens", "5").stdout == texts[0] + "\n"


def test_json_and_log_probs() -> None:
    made = FixedModel(WORDS).generate("the", seed=1, samples=2, max_tokens=5)
    options = ("--seed", "1", "--max-tokens", "5")
    lines = generate("the", *options, "--samples", "2", "--json").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    for row, one in zip(rows, made, strict=True):
        assert (row["text"], row["tokens"], row["stopped_by"]) == (one.text, one.tokens, "length")
        assert row["log_probs"] == pytest.approx(one.log_probs, abs=1e-6)
        assert row["log_prob"] == pytest.approx(sum(one.log_probs), abs=1e-5)
    table = generate("the", *options, "--log-probs").stdout
    fields = [line.split("\t") for line in table.splitlines()]
    assert [token for token, _ in fields] == made[0].tokens
    assert [float(value) for _, value in fields] == pytest.approx(made[0].log_probs, abs=1e-4)


def test_beam_search() -> None:
    result = generate("the", "--beam", "3", "--max-tokens", "4")
    texts = [made.text for made in FixedModel(WORDS).generate("the", beam=3, max_tokens=4)]
    assert result.stdout == "\n\n".join(texts) + "\n"
    assert result.stdout == generate("the", "--beam", "3", "--max-tokens", "4").stdout


def test_the_prompt_may_come_from_a_file_or_the_standard_input(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_bytes(b"the river\r\n")
    options = ("--seed", "3", "--max-tokens", "12")
    expected = generate("the river", *options).stdout
    assert generate("--prompt-file", "p.txt", *options).stdout == expected
    assert generate("-", *options, stdin=b"the river\n").stdout == expected
    assert generate(*options).stdout != expected


def test_unknown_words_are_named_once() -> None:
    result = generate("the zzz and zzz yyy", "--seed", "1")
    assert result.stdout.startswith("the zzz and zzz yyy")
    assert result.stderr == "tagger: the model does not know 'zzz', 'and', 'yyy'; reads <unk> instead\n"
    many = generate(" ".join(f"w{n}" for n in range(14)), "--seed", "1").stderr
    assert "'w9' and 4 more" in many
    assert "w10" not in many
    only = generate("zzz", "--seed", "1")
    assert (only.exit_code, only.stdout[:3]) == (0, "zzz")


def test_on_a_terminal_each_piece_appears_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        flushed: list[str] = []  # noqa: RUF012

        def isatty(self) -> bool:
            return True

        def flush(self) -> None:
            self.flushed.append(self.getvalue())

    from tagger.cli.commands.generate import _stream

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    _stream(FixedModel(WORDS), "the", {"seed": 1, "max_tokens": 9})
    pieces = list(FixedModel(WORDS).stream("the", seed=1, max_tokens=9))
    assert terminal.flushed[: len(pieces)] == ["".join(pieces[: n + 1]) for n in range(len(pieces))]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--temperature", "-1"), "generation: 'temperature' is -1.0; expected 0"),
        (("--temperature", "nan"), "generation: 'temperature' is nan; expected 0"),
        (("--top-p", "0"), "generation: 'top_p' is 0.0; expected more than 0 and at most 1"),
        (("--top-p", "1.5"), "generation: 'top_p' is 1.5; expected more than 0 and at most 1"),
        (("--top-k", "-2"), "generation: 'top_k' is -2; expected at least 0"),
        (("--max-tokens", "0"), "generation: 'max_tokens' is 0; expected at least 1"),
        (("--samples", "0"), "generation: 'samples' is 0; expected at least 1"),
        (("--seed", "-1"), "generation: 'seed' is -1; expected at least 0"),
        (("--beam", "0"), "generation: 'beam' is 0; expected at least 1"),
        (("--stop", ""), "a stop string is empty; expected at least one character"),
        (("--prompt-file", "none.txt"), "none.txt: "),
        (("--prompt-file", "empty.txt"), "empty.txt: the prompt is empty; leave it out to let the model begin"),
        (("--prompt-file", "latin.txt"), "latin.txt:2: not UTF-8: byte 0xe9"),
        (("caf\udce9",), "the prompt is not UTF-8"),
        (("--model", "xx"), "xx: no such model"),
    ],
)
def test_bad_input_ends_in_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "latin.txt").write_bytes(b"the\ncaf\xe9")
    result = run("generate", *arguments)
    assert result.code == 1
    assert result.message.startswith(f"tagger: error: {message}")
    assert result.out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "--prompt-file", "x"), "PROMPT and --prompt-file exclude each other"),
        (("--beam", "2", "--temperature", "1"), "--beam and --temperature exclude each other"),
        (("--beam", "2", "--top-k", "5"), "--beam and --top-k exclude each other"),
        (("--json", "--log-probs"), "--log-probs and --json exclude each other"),
        (("--samples", "many"), "'many' is not a valid integer"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    result: Any = run("generate", *arguments)
    assert result.code == 2
    assert message in result.err
