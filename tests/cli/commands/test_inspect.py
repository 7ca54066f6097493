"""``tagger inspect``: what it prints and writes, and the one line that a mistake gets."""

from __future__ import annotations

import builtins
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from tagger.cli.main import COMMANDS, cli
from tagger.cli.output.gates import render_gates
from tagger.cli.output.terminal import TerminalCapabilities
from tagger.inference.tagger import Tagger
from tagger.interpretability.gate_activations import Gates
from tests.tiny import Result, run

TEXT = "They can fish. The dog sees this stone!"


@pytest.fixture(autouse=True)
def _the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "inspect", ("tagger.cli.commands.inspect", ""))


@pytest.fixture(scope="module")
def seen(tiny_model: Path) -> Gates:
    return Tagger.load(tiny_model, threads=1, precision="float32", device="cpu").gates(TEXT)


def inspect(model: Path, *arguments: str | Path) -> Result:
    return run("inspect", model, "--text", TEXT, *arguments)


def json_of(model: Path, *arguments: str) -> dict[str, Any]:
    """What the command writes to a standard output that takes bytes."""
    result = CliRunner().invoke(cli, ["inspect", str(model), *arguments, "--json", "-"], catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def figures(text: str, word: str) -> list[list[float]]:
    """The figures in the rows of a word, table by table."""
    rows = [line for line in text.splitlines() if line.split()[:1] == [word]]
    return [[float(figure) for figure in re.findall(r"-?\d+\.\d\d", row)] for row in rows]


def test_means_of_each_gate_at_each_word(tiny_model: Path, seen: Gates) -> None:
    result = inspect(tiny_model)
    assert (result.code, result.err) == (0, "")
    for row, word in enumerate(["They", "can", "fish"]):
        for found, direction in zip(figures(result.out, word), ("forward", "backward"), strict=True):
            expected = [seen.mean(name, direction, size=not name.endswith("_gate"))[row] for name in seen.names]
            assert found == pytest.approx(expected, abs=0.00501)
    assert "An LSTM reads 10 words." in result.out
    assert "forget gate   how much of the old cell state stays: near 1 keeps it" in result.out
    assert result.out.index("Forward: mean of 12 units") < result.out.index("Backward: mean of 12 units")


def test_tags_stand_beside_the_words_and_sentences_apart(tiny_model: Path) -> None:
    lines = inspect(tiny_model, "--direction", "forward", "--top", "0").out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("They"))
    assert lines[start].split()[1] == "PRON"
    assert lines[start + 2].split()[:2] == ["fish", "VERB"]
    assert lines[start + 4] == ""
    assert lines[start + 5].split()[:2] == ["The", "DET"]


def test_single_units(tiny_model: Path, seen: Gates) -> None:
    arguments = ("--gate", "forget", "--units", "7, 2", "--direction", "backward", "--top", "0")
    out = inspect(tiny_model, *arguments).out
    expected = seen["backward", 1, "forget_gate"][0, [7, 2]]
    assert figures(out, "They") == [pytest.approx(expected, abs=0.00501)]
    assert out.index("unit 7") < out.index("unit 2")


def test_the_units_that_move_most_are_listed(tiny_model: Path, seen: Gates) -> None:
    out = inspect(tiny_model, "--direction", "forward", "--top", "3").out
    rows = out[out.index("Forward: units that move most") :].splitlines()[3:]
    assert len(rows) == 3
    for row, move in zip(rows, seen.pick(direction="forward").top(3), strict=True):
        does = "opens" if move.value > move.mean else "closes"
        assert row.split()[:6] == [str(move.unit), *move.name.split("_"), does, "at", move.token]


def test_a_plain_rnn_has_no_gates() -> None:
    arrays = {("forward", 1, "hidden_state"): np.array([[0.5, -0.5], [0.25, 0.75]])}
    text = render_gates(Gates("rnn", ("a", "b"), arrays))
    assert text.startswith("A plain RNN reads 2 words. It has no gates")
    assert figures(text, "a") == [[0.5]]
    assert "hidden state falls at a  -0.50  0.12" in text


@pytest.mark.slow
@pytest.mark.parametrize("width", [30, 60, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_tables_fit_the_terminal(seen: Gates, width: int, unicode: bool) -> None:
    long = Gates(seen.cell, ("長い語" * 9, *seen.tokens[1:]), seen.arrays, seen.tags, seen.starts)
    for shown in (seen, long.pick(names=["input"], units=range(12))):
        text = render_gates(shown, TerminalCapabilities(width=width, unicode=unicode), top=5)
        tables = "\n\n".join(text.split("\n\n")[1:])
        rows = [line for line in tables.splitlines() if not line.startswith(("Forward", "Backward"))]
        assert max(map(cell_len, rows)) <= width
        assert not [row for row in rows if "…" in row and "長" not in row], "a figure or tag is cut"
        assert unicode or not set(tables) & set("█▏─▁")


def test_bars_are_as_long_as_their_figures_and_warm_where_high() -> None:
    arrays = {("forward", 1, "update_gate"): np.array([[0.0], [0.5], [1.0]])}
    gates = Gates("gru", ("a", "b", "c"), arrays)
    plain = render_gates(gates, TerminalCapabilities(width=60), top=0).splitlines()
    assert [line.split()[1:] for line in plain[-3:]] == [["0.00"], ["0.50", "████"], ["1.00", "████████"]]
    coloured = render_gates(gates, TerminalCapabilities(width=60, colour=True), top=0)
    assert "\x1b[34m" in coloured.splitlines()[-3]
    assert "\x1b[31m" in coloured.splitlines()[-1]


def test_control_characters_do_not_reach_the_terminal() -> None:
    arrays = {("forward", 1, "update_gate"): np.array([[0.0], [0.5]])}
    text = render_gates(Gates("gru", ("\x1b[2J", "[red]b"), arrays, ("A", "[b]")))
    assert "\x1b" not in text
    assert "[red]b" in text
    assert "[b]" in text


def test_json_on_the_standard_output_stands_alone(tiny_model: Path, seen: Gates) -> None:
    read = json_of(tiny_model, "--text", TEXT, "--gate", "forget_gate", "--gate", "cell_state")
    assert read["tokens"] == list(seen.tokens)
    assert [(one["direction"], one["name"]) for one in read["arrays"]] == [
        (direction, name) for direction in ("forward", "backward") for name in ("forget_gate", "cell_state")
    ]
    np.testing.assert_allclose(read["arrays"][1]["values"], seen["forward", 1, "cell_state"], atol=1e-6)


@pytest.mark.slow
def test_files(tiny_model: Path, tmp_path: Path) -> None:
    png, html, values = (tmp_path / name for name in ("a.png", "a.html", "a.json"))
    result = inspect(tiny_model, "--png", png, "--html", html, "--json", values, "--gate", "forget")
    assert "An LSTM reads 10 words." in result.out
    assert result.err.splitlines() == [f"heat map: {png}", f"page: {html}", f"values: {values}"]
    assert png.read_bytes().startswith(b"\x89PNG")
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(json.loads(values.read_text(encoding="utf-8"))["arrays"]) == 2


@pytest.mark.slow
def test_pictures_of_means_and_of_sorted_units(tiny_model: Path, tmp_path: Path) -> None:
    pictures = set()
    for option in ((), ("--average",), ("--sort",)):
        path = tmp_path / "a.png"
        assert inspect(tiny_model, "--png", path, "--gate", "forget", "--direction", "forward", *option).code == 0
        pictures.add(path.read_bytes())
    assert len(pictures) == 3


def test_tokens_are_one_sentence(tiny_model: Path) -> None:
    read = json_of(tiny_model, "--tokens", "They can fish. The dog")
    assert (read["tokens"], read["starts"]) == (["They", "can", "fish.", "The", "dog"], [0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--gate", "forgot"), "did you mean 'forget_gate'?"),
        (("--gate", "update_gate"), "the model is an LSTM and has input_gate, forget_gate, output_gate, candidate"),
        (("--layer", "2"), "layer is 2; the model has 1"),
        (("--units", "3,12"), "unit is 12; a layer has 12 units, numbered from 0 to 11"),
        (("--html", "none/a.html"), "none/a.html: cannot write: No such file"),
        (("--json", "."), ".: is a folder"),
        (("--png", "none/a.png", "--gate", "input"), "none/a.png: cannot write: No such file"),
    ],
)
def test_mistakes_get_one_line(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = inspect(tiny_model, *arguments)
    assert (result.code, result.out) == (1, "")
    assert message in result.message


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_text(tiny_model: Path, text: str) -> None:
    for option in ("--text", "--tokens"):
        result = run("inspect", tiny_model, option, text)
        assert (result.code, result.message) == (1, "tagger: error: the text has no words; expected at least one")


def test_a_missing_model(tmp_path: Path) -> None:
    result = run("inspect", tmp_path / "none", "--text", "a")
    assert result.code == 1
    assert str(tmp_path / "none") in result.message


def test_a_picture_without_matplotlib(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    result = inspect(tiny_model, "--png", tmp_path / "a.png")
    assert result.code == 1
    assert 'pip install "sequence-tagger[plots]"' in result.message
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give the text with --text, or the words of one sentence with --tokens"),
        (("--text", "a", "--tokens", "a"), "give the text with --text, or the words of one sentence with --tokens"),
        (("--text", "a", "--average"), "give --png FILE, too"),
        (("--text", "a", "--png", "a", "--average", "--units", "1"), "--average leaves no single units"),
        (("--text", "a", "--units", "1,x"), "'1,x'; expected numbers from 0, separated by commas"),
        (("--text", "a", "--layer", "0"), "0 is not in the range"),
        (("--text", "a", "--direction", "up"), "'up' is not one of 'forward', 'backward'"),
        (("--text", "a", "--png", "-", "--json", "-"), "only one of --png, --html and --json"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("inspect", tmp_path / "none", *arguments)
    assert result.code == 2
    assert message in " ".join(result.err.split())
