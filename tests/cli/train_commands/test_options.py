"""Options made from the declarations of settings."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Literal

import click
import pytest
from click.testing import CliRunner

from tagger.cli.train_commands.options import chosen_settings, renamed, setting_options
from tagger.config.base import SIZE, setting


@dataclass(frozen=True)
class Table:
    """One setting of each kind."""

    count: int = setting(None, "How many.", SIZE, default_text="by size")
    rate: float = setting(0.5, "How fast.")
    cell: Literal["lstm", "gru"] = setting("lstm", "Which cell.")
    off: bool = setting(False, "Switch on.")
    tied: bool = setting(True, "Untie.", option="--untied")
    both: bool = setting(True, "Both ways.", option="--both/--no-both")
    names: tuple[str, ...] = setting((), "Which names.")
    size: str | int | None = setting(None, "How large.", metavar="SIZE")


@dataclass(frozen=True)
class Example:
    """A table of settings."""

    table: Table = field(default_factory=Table)


NAMES = " ".join(f"table.{name}" for name in ("count", "rate", "cell", "off", "tied", "both", "names", "size"))


@click.command()
@setting_options(Example(), NAMES)
@renamed("--speed", "--rate")
@renamed("--loose", "--off", is_flag=True)
@click.option("--quiet", is_flag=True)
def command(**values: Any) -> None:
    """Print the settings that were given."""
    values.pop("quiet")
    click.echo(sorted(chosen_settings(values).items()))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        (["--count", "3", "--rate", "2"], [("table.count", 3), ("table.rate", 2.0)]),
        (["--cell", "gru", "--off"], [("table.cell", "gru"), ("table.off", True)]),
        (["--untied", "--no-both"], [("table.both", False), ("table.tied", False)]),
        (["--both", "--names", "a, b,"], [("table.both", True), ("table.names", ("a", "b"))]),
        (["--size", "2G"], [("table.size", "2G")]),
    ],
)
def test_options_become_settings(arguments: list[str], expected: list[tuple[str, Any]]) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.output == f"{expected}\n"


def test_former_names_set_the_new_option_with_a_note() -> None:
    done = CliRunner().invoke(command, ["--speed", "2", "--loose"])
    assert done.stdout == "[('table.off', True), ('table.rate', 2.0)]\n"
    assert done.stderr == "note: --speed is now called --rate\nnote: --loose is now called --off\n"


def test_former_names_are_converted_and_checked_as_the_new_ones() -> None:
    assert CliRunner().invoke(command, ["--speed", "0", "--quiet"]).output == "[('table.rate', 0.0)]\n"
    done = CliRunner().invoke(command, ["--speed", "fast"])
    assert done.exit_code == 2
    assert "Invalid value for '--rate': 'fast' is not a valid float" in done.output


@pytest.mark.parametrize("arguments", [["--speed", "2", "--rate", "3"], ["--rate", "3", "--speed", "2"]])
def test_a_former_name_beside_the_new_one_is_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert "--speed is the former name of --rate; give one of them" in done.output


def test_help_shows_defaults_and_hides_former_names() -> None:
    shown = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    for text in ("--count INTEGER How many. [default: by size]", "--rate FLOAT How fast. [default: 0.5]"):
        assert text in shown
    assert "--cell [lstm|gru] Which cell. [default: lstm]" in shown
    assert "--both / --no-both" in shown
    assert "--speed" not in shown


def test_settings_import_neither_torch_nor_datasets() -> None:
    modules = "base defaults forecaster generation language_model tagger token_regressor"
    code = "import sys; " + "; ".join(f"import tagger.config.{name}" for name in modules.split())
    code += "; print([name for name in ('torch', 'datasets', 'pyarrow') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
