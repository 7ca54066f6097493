"""The options with which a run that ended early is gone on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import Command, together

if TYPE_CHECKING:
    from tagger.training.checkpoint_callback import CheckpointConfig

OPTION = "--resume"


class Resumable(click.Command):
    """A command whose ``--resume`` may stand alone or before ``auto``, and never takes a file name for its value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spell the option out before click reads it."""
        return super().parse_args(ctx, _spelled_out(args))


def _spelled_out(args: list[str]) -> list[str]:
    end = args.index("--") if "--" in args else len(args)
    spelled: list[str] = []
    place = 0
    while place < end:
        if args[place] != OPTION:
            spelled.append(args[place])
        elif args[place + 1 : place + 2] == ["auto"]:
            spelled.append(f"{OPTION}=auto")
            place += 1
        else:
            spelled.append(f"{OPTION}=yes")
        place += 1
    return spelled + args[end:]


resume_options: Callable[[Command], Command] = together(
    click.option(
        OPTION,
        type=click.Choice(["no", "yes", "auto"]),
        default="no",
        metavar="[auto]",
        help="Go on with an unfinished run; --resume auto starts one if there is none.",
    ),
    click.option(
        "--checkpoint-minutes",
        type=click.FloatRange(min=0, min_open=True),
        default=2.0,
        show_default=True,
        help="Save the state of the run so often, and at the end of each epoch.",
    ),
    click.option("--keep-state", is_flag=True, help="Leave the state of the run in the finished folder."),
)


def checkpointing(values: Mapping[str, Any]) -> CheckpointConfig:
    """What the options say."""
    from tagger.training.checkpoint_callback import CheckpointConfig

    return CheckpointConfig(values["resume"], values["checkpoint_minutes"], values["keep_state"])


def nothing_left(values: Mapping[str, Any]) -> bool:
    """Whether a run that is to be resumed is finished, and nothing is to be replaced; then it is said."""
    from tagger.serialization.atomic_folder import clear_up, finished

    out: Path = values["out"]
    if values["resume"] == "no" or values["overwrite"] or not finished(out):
        return False
    clear_up(out)
    click.echo(f"{out}: the run is finished, nothing is left to resume", err=True)
    return True
