"""The front door: commands, exit codes, and what is not loaded before it is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tagger
from tagger.cli.main import COMMANDS, cli, main
from tests.processes import started
from tests.tiny import run

HEAVY = ("torch", "numpy", "datasets", "pyarrow", "seqeval", "tokenizers", "rich", "safetensors", "matplotlib")
HELP = f"""
import sys
from tagger.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    heavy = [name for name in {HEAVY} if name in sys.modules]
    print(end.code, heavy, file=sys.stderr)
"""
TAGGER = [sys.executable, "-m", "tagger.cli.main"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["-h"],
        ["--version"],
        ["train", "--help"],
        ["train", "pos", "--help"],
        ["tag", "-h"],
        ["evaluate", "-h"],
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", HELP, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == "0 []\n"
    assert done.stdout


@pytest.mark.parametrize("name", ["train", "tag", "evaluate"])
def test_every_command_is_listed_and_helps(name: str) -> None:
    assert name in COMMANDS
    listed = CliRunner().invoke(cli, ["--help"])
    assert listed.exit_code == 0
    assert f"{name} " in listed.output
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


def test_help_has_the_fixed_interface() -> None:
    shown = CliRunner().invoke(cli, ["train", "pos", "--help"]).output
    options = "train dev test column out overwrite cell layers hidden-size characters vectors epochs batch-tokens "
    options += "learning-rate seed seeds max-minutes device threads config offline quiet"
    assert [name for name in options.split() if f"--{name}" not in shown] == []
    shown = CliRunner().invoke(cli, ["evaluate", "--help"]).output
    assert [name for name in ("split", "json") if f"--{name}" not in shown] == []


def test_help_of_every_option_says_something() -> None:
    group = cli.get_command(click.Context(cli), "train")
    assert isinstance(group, click.Group)
    for command in (group.commands["pos"], cli.get_command(click.Context(cli), "evaluate")):
        assert command is not None
        assert command.help
        names = [option.name for option in command.params if isinstance(option, click.Option)]
        assert len(names) == len(set(names))


def test_version() -> None:
    assert run("--version").out == f"tagger, version {tagger.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tran"], "No such command 'tran'"),
        (["--nonesuch"], "No such option"),
        (["train", "pos", "--layers", "two"], "'two' is not a valid integer"),
        (["train", "pos", "--cell", "qrnn"], "'qrnn' is not one of 'lstm', 'gru', 'rnn'"),
        (["train", "pos", "--characters", "bpe"], "'bpe' is not one of"),
        (["train", "pos", "--device", "tpu"], "'tpu' is not one of"),
        (["train", "pos", "a", "b"], "unexpected extra argument"),
        (["evaluate"], "Missing argument 'MODEL'"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert message in done.err
    assert "Usage:" in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_an_error_of_the_user_is_one_line_and_1(tmp_path: Path) -> None:
    done = subprocess.run([*TAGGER, "evaluate", str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("tagger: error: ")
    assert done.stderr.count("\n") == 1


def test_an_interruption_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupt)
    done = run("train", "pos")
    assert (done.code, done.message) == (130, "tagger: interrupted")


@pytest.mark.slow
def test_a_reader_that_has_gone_is_no_error(tiny_model: Path, tiny_corpus: Path) -> None:
    """``tagger evaluate ... --json - | head -c 0``."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [*TAGGER, "evaluate", str(tiny_model), str(tiny_corpus), "--json", "-", "--threads", "1"]
    with os.fdopen(writer, "w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_main_reads_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["tagger", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert tagger.__version__ in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_control_c_while_training_leaves_no_model(tiny_corpus: Path, tmp_path: Path) -> None:
    command = [*TAGGER, "train", "pos", str(tiny_corpus), "--out", str(tmp_path / "m"), "--epochs", "100000"]
    command += ["--patience", "0", "--threads", "1"]
    with started(command, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if (tmp_path / "m.partial" / "log.jsonl").exists():
                break
            assert "error" not in line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("tagger: stopped ")
    assert err.splitlines()[-1].endswith("; all is saved, the same command with --resume goes on from there")
    assert "Traceback" not in out + err
    assert not (tmp_path / "m").exists()


@pytest.mark.filterwarnings("default")
def test_former_names_of_options_and_settings_work_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[training]\nfrozen_epochs = 2\n")
    done = run("train", "pos", tmp_path / "none", "--config", tmp_path / "run.toml", "--init-rate", "-1")
    assert "note: --init-rate is now called --pretrained-lr-scale\n" in done.err
    assert "the setting 'training.frozen_epochs' is now called 'training.freeze_epochs'\n" in done.err
    assert "'training.pretrained_lr_scale' is -1.0" in done.err
    assert "--init-rate" not in run("train", "pos", "--help").out
