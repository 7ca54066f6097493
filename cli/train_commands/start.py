"""Start and end of every command that trains: options of the run, checks, resuming, closing lines."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import Command, machine_options, together
from tagger.corpora.files.paths import user_path

if TYPE_CHECKING:
    from tagger.training.task import RunOptions

RESUME = "--resume"
EXAMPLE_WORDS = 12
"""Words of the example in the last line that a training prints."""


class Resumable(click.Command):
    """Command whose ``--resume`` stands alone or before ``auto``; it never takes a file name as its value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give the option a value before click reads it."""
        end = args.index("--") if "--" in args else len(args)
        spelled: list[str] = []
        for previous, argument in zip(["", *args], args[:end], strict=False):
            if argument == "auto" and previous == RESUME:
                spelled[-1] = f"{RESUME}=auto"
            else:
                spelled.append(f"{RESUME}=yes" if argument == RESUME else argument)
        return super().parse_args(ctx, spelled + args[end:])


def run_options(out: str) -> Callable[[Command], Command]:
    """Make the options that every command that trains has; ``out`` is the default of ``--out``."""
    return together(
        click.option(
            "--out", default=out, show_default=True, type=user_path, metavar="FOLDER", help="Folder of the model."
        ),
        click.option("--overwrite", is_flag=True, help="Replace a model that is already there."),
        click.option(
            RESUME, type=click.Choice(["no", "yes", "auto"]), default="no", metavar="[auto]",
            help="Continue an unfinished run; --resume auto starts one if there is none.",
        ),
        click.option(
            "--checkpoint-minutes", type=click.FloatRange(min=0, min_open=True), default=2.0, show_default=True,
            help="Minutes between checkpoints; each epoch ends with one, too.",
        ),
        click.option("--keep-state", is_flag=True, help="Keep the last checkpoint in the finished folder."),
        machine_options,
        click.option("--config", "config_file", default=None, help="TOML file of settings; options override it."),
        click.option("--quiet", is_flag=True, help="Print nothing but errors."),
    )  # fmt: skip


def may_start(values: Mapping[str, Any]) -> bool:
    """Check folder, threads and device early; False if the run to resume is finished."""
    from tagger.runtime.device import check_threads, choose_device
    from tagger.serialization.atomic_folder import check_free, clear_up, finished

    out: Path = values["out"]
    if values["resume"] != "no" and not values["overwrite"] and finished(out):
        clear_up(out)
        click.echo(f"{out}: the run is finished, nothing is left to resume", err=True)
        return False
    check_free(out, overwrite=values["overwrite"])
    check_threads(values["threads"])
    choose_device(values["device"])
    return True


@contextmanager
def displayed_run(values: Mapping[str, Any]) -> Iterator[RunOptions]:
    """Make the options of a run, with a display that closes with the block."""
    from tagger.cli.output.training_display import TrainingDisplay
    from tagger.training.checkpoint_callback import CheckpointConfig
    from tagger.training.task import RunOptions

    checkpointing = CheckpointConfig(values["resume"], values["checkpoint_minutes"], values["keep_state"])
    given = {name: values[name] for name in ("out", "overwrite", "device", "threads", "seeds") if name in values}
    with TrainingDisplay(quiet=values["quiet"]) as display:
        yield RunOptions(listener=display, checkpointing=checkpointing, **given)


def print_closing(out: Path, command: str, arguments: str, more: str = "") -> None:
    """Print where the model is, how large it is, and a command to try next."""
    size = sum(path.stat().st_size for path in out.iterdir() if path.is_file())
    click.echo(f"model saved in {out} ({size / 1e6:.1f} MB{more})")
    click.echo(f"next: {command} {shlex.quote(os.fspath(out))} {arguments}".rstrip())
