from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tagger.cli.commands import tag as tag_module
from tagger.cli.main import cli, main
from tagger.cli.output.output_file import output_stream
from tagger.corpora.read_corpus import read_split
from tagger.errors import CorpusError, ModelError, OutputError
from tests.corpora.document_samples import LengthTagger
from tests.processes import started

CONLLU = b"# c\n1\tfish\tfish\tVERB\tVB\t_\t0\troot\t_\t_\r\n\n"


@pytest.fixture(autouse=True)
def _no_model_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    def load(path: str, **options: object) -> LengthTagger:
        if not Path(path).is_dir():
            raise ModelError(f"{path}: no such model")
        return LengthTagger()

    monkeypatch.setattr("tagger.inference.tagger.Tagger.load", load)
    (tmp_path / "m").mkdir()


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["tag", *arguments], input=stdin, catch_exceptions=True)


def test_a_text_is_tagged() -> None:
    result = run("--model", "m", "--text", "They can't fish. No")
    assert result.stdout == "They/L4 ca/L2 n't/L3 fish/L4 ./L1\nNo/L2\n"
    assert result.stderr == ""


def test_standard_input_and_default_outputs() -> None:
    assert run("--model", "m", "-", stdin=CONLLU).stdout_bytes == CONLLU.replace(b"VERB", b"L4")
    assert run("--model", "m", stdin=b'{"tokens": ["a"]}').stdout == '{"tokens": ["a"], "tags": ["L1"]}\n'
    assert run("--model", "m", "--input", "tokens", stdin=b"a.b\n").stdout == "a.b/L3\n"
    assert run("--model", "m", "--scores", stdin=b"to").stdout == "to\tL2\t0.5000\n\n"
    assert run("--model", "m", "--output", "tsv", stdin=CONLLU).stdout == "fish\tL4\n\n"


def test_the_default_model_is_the_one_that_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(path: str, **options: object) -> LengthTagger:
        asked.append(path)
        return LengthTagger()

    monkeypatch.setattr("tagger.inference.tagger.Tagger.load", load)
    assert run("--text", "a").stdout == "a/L1\n"
    assert asked == ["en"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x.txt", "--text", "a"), "FILE and --text exclude each other"),
        (("--scores", "--output", "pairs"), "pairs have no room for --scores; use --output tsv"),
        (("--input", "xml"), "'xml' is not one of"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    result = run("--model", "m", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_missing_file_is_found_before_the_model_is_loaded() -> None:
    assert isinstance(run("--model", "no-model", "none.txt").exception, CorpusError)
    assert isinstance(run("--model", "no-model", "--text", "a").exception, ModelError)


def test_errors_end_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.conllu").write_bytes(CONLLU + b"1\tx\n")
    with pytest.raises(SystemExit) as stop:
        main(["tag", "--model", "m", "a.conllu"])
    assert stop.value.code == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("tagger: error: a.conllu:4: 2 columns, expected 10")
    assert captured.err.count("\n") == 1


def test_bad_sentences_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_bytes(b"1\tx\n\n" + CONLLU + b"y\n")
    result = run("--model", "m", "--skip-invalid", "--quiet", "a.conllu")
    assert result.stdout_bytes == b"1\tx\n\n" + CONLLU.replace(b"VERB", b"L4") + b"y\n"
    assert result.stderr.startswith(
        "tagger: 2 spans of the input could not be read and got no tags, first a.conllu:1: 2"
    )


def test_a_file_may_be_replaced_by_its_tagged_self(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_bytes(CONLLU * 10_000)
    result = run("--model", "m", "a.conllu", "-o", "a.conllu")
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_bytes() == CONLLU.replace(b"VERB", b"L4") * 10_000
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.conllu", "m"]


def test_a_failed_run_leaves_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    (tmp_path / "a.tok").write_bytes(b"one\n\xff\n")
    assert isinstance(run("--model", "m", "a.tok", "-o", "out").exception, CorpusError)
    assert (tmp_path / "out").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tok", "m", "out"]


def test_outputs_that_are_no_regular_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").write_text("old")
    assert run("--model", "m", "--text", "a", "-o", "link").exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "a/L1\n"
    assert run("--model", "m", "--text", "a", "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()
    assert run("--model", "m", "--text", "a", "-o", "-").stdout == "a/L1\n"


@pytest.mark.parametrize(
    ("path", "message"), [("m", "m: is a folder"), ("none/x", "none/x: cannot write: No such file")]
)
def test_places_that_cannot_be_written(path: str, message: str) -> None:
    with pytest.raises(OutputError, match=message), output_stream(path):
        pass


def test_progress_goes_to_the_terminal_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr("tagger.inference.document_tagging.REPORT_EVERY", -1)
    (tmp_path / "a.tok").write_bytes(b"one two\n" * 300)
    tag_module.tag.main(["a.tok", "--model", "m", "-o", "out"], standalone_mode=False)
    lines = shown.getvalue().split("\r")
    assert lines[-1].startswith("300 sentences, 600 tokens, ")
    assert lines[-1].endswith("tokens/s\x1b[K\n")
    assert len(lines) > 3
    shown.truncate(0)
    tag_module.tag.main(["a.tok", "--model", "m", "-o", "out", "--quiet"], standalone_mode=False)
    assert shown.getvalue().strip("\0") == ""


def test_help_shows_real_commands() -> None:
    shown = run("--help").stdout
    assert 'tagger tag --model runs/pos --text "They can fish."' in shown
    assert "tokens  a sentence a line, words by blanks" in shown


def test_importing_the_command_is_cheap() -> None:
    heavy = "('torch', 'datasets', 'tokenizers', 'numpy')"
    code = f"import sys, tagger.cli.commands.tag; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


WITHOUT_MODEL = [
    sys.executable,
    "-c",
    "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
    "import tagger.inference.tagger; from tests.corpora.document_samples import LengthTagger\n"
    "tagger.inference.tagger.Tagger.load = lambda *a, **k: LengthTagger()\n"
    "from tagger.cli.main import main; main(sys.argv[1:])",
    str(Path(__file__).parents[3]),
    "tag",
    "--model",
    "m",
]


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    (tmp_path / "a.tok").write_bytes(b"one two\n" * 200_000)
    with started([*WITHOUT_MODEL, "a.tok"], cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"one/L3 two/L3\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "asked", "answered"),
    [
        ("tokens", [b"one two\n", b"\n", b"three\r\n"], [b"one/L3 two/L3\n", b"\n", b"three/L5\n"]),
        ("text", [b"It is so.\n", b"(Not)\n"], [b"It/L2 is/L2 so/L2 ./L1\n", b"(/L1 Not/L3 )/L1\n"]),
        (
            "jsonl",
            [b'{"tokens": ["a"]}\n', b'{"tokens": ["bc"], "id": 2}\n'],
            [b'{"tokens": ["a"], "tags": ["L1"]}\n', b'{"tokens": ["bc"], "id": 2, "tags": ["L2"]}\n'],
        ),
    ],
)
def test_each_line_is_answered_before_the_next_is_there(
    kind: str, asked: list[bytes], answered: list[bytes], tmp_path: Path
) -> None:
    command = [*WITHOUT_MODEL, "--line-buffered", "--input", kind]
    with started(command, cwd=tmp_path, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line, answer in zip(asked, answered, strict=True):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == answer
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait() == 0


def test_each_line_of_a_file_is_a_text_by_itself(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\n")
    assert run("--model", "m", "a.txt").stdout == "one/L3 two/L3\n"
    assert run("--model", "m", "--line-buffered", "a.txt").stdout == "one/L3\ntwo/L3\n"
    (tmp_path / "b.txt").write_bytes(b"one\ncaf\xe9\n")
    assert "b.txt:2: not UTF-8" in str(run("--model", "m", "--line-buffered", "b.txt").exception)
    result = run("--model", "m", "--line-buffered", "--skip-invalid", "b.txt")
    assert (result.exit_code, result.stdout) == (0, "one/L3\ncaf/L3 \N{REPLACEMENT CHARACTER}/L1\n")
    assert "1 span of the input could not be read" in result.stderr


def test_what_cannot_be_answered_line_by_line_is_refused() -> None:
    result = run("--model", "m", "--line-buffered", stdin=CONLLU)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the format is conllu, whose sentences have several lines" in str(result.exception)
    result = run("--model", "m", "--line-buffered", "a/b")
    assert result.exit_code == 2
    assert "--line-buffered is for lines that come one by one" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal that a program can type into")
def test_a_person_who_types_gets_an_answer_to_each_line(tmp_path: Path) -> None:
    keyboard, terminal = os.openpty()
    try:
        with started(WITHOUT_MODEL, cwd=tmp_path, stdin=terminal) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stderr.readline() == b"type a line to have it tagged; Ctrl-D ends\n"
            for line, answer in ((b"It is so.\n", b"It/L2 is/L2 so/L2 ./L1\n"), (b"No\n", b"No/L2\n")):
                os.write(keyboard, line)
                assert process.stdout.readline() == answer
            os.write(keyboard, b"\x04")
            assert process.wait(60) == 0
    finally:
        os.close(keyboard)
        os.close(terminal)


def test_threads_below_one_are_wrong_usage() -> None:
    result = run("--threads", "0")
    assert result.exit_code == 2
    assert "0 is not in the range x>=1" in result.stderr


def test_columns_that_the_format_has_not_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"words": ["a"], "body": "b c", "nr": 5}\n')
    for option in ("--tokens-column", "--text-key", "--id-column"):
        result = run("--model", "m", "--input", "text", option, "body", stdin=b"a")
        assert isinstance(result.exception, CorpusError)
        assert "text, which has no column for --" in str(result.exception)
        result = run("--model", "m", option, "absent", "a.jsonl")
        assert isinstance(result.exception, CorpusError)
        assert "absent" in str(result.exception)
        assert "words, body, nr" in str(result.exception)
    assert '"tokens": ["b", "c"]' in run("--model", "m", "--text-key", "body", "--id-key", "nr", "a.jsonl").stdout
    assert run("--model", "m", "--format", "conll", "--tokens-column", "-1", stdin=b"a bc\n").stdout == "bc/L2\n"


def test_each_line_is_one_sentence(tmp_path: Path) -> None:
    text = b"Milk. Eggs.\n\nNo\nbread\n"
    assert run("--model", "m", stdin=text).stdout == "Milk/L4 ./L1\nEggs/L4 ./L1\nNo/L2 bread/L5\n"
    asked = run("--model", "m", "--one-sentence-per-line", stdin=text)
    assert asked.stdout == "Milk/L4 ./L1 Eggs/L4 ./L1\nNo/L2\nbread/L5\n"
    refused = run("--model", "m", "--one-sentence-per-line", "--input", "tokens", stdin=text)
    assert refused.exit_code == 2
    assert "--one-sentence-per-line is for raw text, and the input is tokens" in refused.stderr


@pytest.mark.parametrize("label", ["L 4", "L/4", "L\u00a04"])
def test_labels_that_pairs_cannot_hold(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LengthTagger, "labels", ("X", label), raising=False)
    result = run("--model", "m", stdin=b"fish")
    assert result.stdout == "fish\tL4\n\n"
    assert "note: the output is tsv" in result.stderr
    refused = run("--model", "m", "--output", "pairs", stdin=b"fish")
    assert isinstance(refused.exception, OutputError)
    assert "pairs cannot hold the label" in str(refused.exception)
    in_cells = run("--model", "m", stdin=b"id,text\n1,A fish\n")
    assert isinstance(in_cells.exception, OutputError)


@pytest.mark.parametrize("word", [" ", "  a", "a\tb", "a\u00a0b", "a\u3000b", "a/b", "\u00a0"])
def test_pairs_can_be_read_back(word: str, tmp_path: Path) -> None:
    words = ["so", word, "on", "and", "on"]
    (tmp_path / "a.jsonl").write_text(json.dumps({"tokens": words}))
    (tmp_path / "pairs.tagged").write_text(run("--model", "m", "--output", "pairs", "a.jsonl").stdout)
    expected = [re.sub(r"[ \t]+", "_", token) for token in words]
    assert read_split(str(tmp_path / "pairs.tagged"), column=None).tokens() == [expected]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["tag", "--model", "m", "--text", "a"], ["--help"]])
def test_a_full_disk_is_one_line(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        code = "from tagger.cli.main import main; main()"
        arguments = ["en" if argument == "m" else argument for argument in arguments]
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "tagger: error: cannot write the output: No space left on device; it is incomplete\n"
