"""``tagger``: loads commands on demand and reports errors of the user in one line."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from tagger.errors import TaggerError
from tagger.runtime.filesystem import NO_ROOM
from tagger.runtime.signals import ended_by_sigterm
from tagger.runtime.version import __version__

COMMANDS = {
    "train": ("tagger.cli.train_commands.pos", "Train a tagger, a language model, or a model of numbers."),
    "tag": ("tagger.cli.commands.tag", "Tag text, tokens, CoNLL-U, CoNLL columns or JSON lines."),
    "generate": ("tagger.cli.commands.generate", "Write text with a language model."),
    "score": ("tagger.cli.commands.score", "Compute the surprisal of each word of a text with a language model."),
    "evaluate": ("tagger.cli.commands.evaluate", "Score a model: its tags, or its perplexity."),
    "inspect": ("tagger.cli.commands.inspect", "Show the gates of a model while it reads a sentence."),
    "forecast": ("tagger.cli.commands.forecast", "Forecast a time series, with intervals."),
    "cells": ("tagger.cli.commands.cells", "Compare RNN, LSTM and GRU: size, speed, score, vanishing gradients."),
    "models": ("tagger.cli.commands.models", "List the models that ship, show or verify one."),
    "check": ("tagger.cli.commands.check", "Check a corpus: list errors, where they are, and how to fix them."),
    "corpora": ("tagger.cli.commands.corpora", "List known corpora, describe one, convert between formats."),
}
EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


class ReaderGone(Exception):
    """The reader of the output has gone (`| head`). Click would handle a BrokenPipeError itself and exit 1."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command runs or its help is asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError as error:
            raise ReaderGone from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tagger")
def cli() -> None:
    """Train your own part-of-speech tagger and language model, use them, and look inside.

    \b
    tagger tag --text "They can fish."        with the English model that ships
    tagger check my-treebank/                 list its errors, line by line
    tagger train pos                          train on the bundled corpus
    tagger train pos my-treebank/ --out m     train on your own
    tagger evaluate m my-treebank/
    tagger train lm novels/ --out lm          a language model from any text
    tagger generate "The river" --model lm
    tagger inspect m --text "They can fish."  the gates of its cells
    """  # noqa: D301 - a line of \\b keeps click from filling the paragraph


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the user's data or model, 2 wrong usage, 130 interrupted."""
    os.environ.setdefault("HF_UPDATE_DOWNLOAD_COUNTS", "0")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        with ended_by_sigterm(), _warnings_as_notes():
            status = cli.main(args=arguments, prog_name="tagger", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except TaggerError as error:
        from tagger.cli.output.terminal import printable

        click.echo(f"tagger: error: {printable(str(error))}", err=True)
        sys.exit(EXIT_ERROR)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:  # click makes an Abort of a KeyboardInterrupt
        stopped = error.__cause__ or error
        message = str(stopped) if isinstance(stopped, KeyboardInterrupt) else ""  # may say how to resume
        click.echo(f"tagger: {message or 'interrupted'}", err=True)
        sys.exit(getattr(stopped, "status", EXIT_INTERRUPTED))
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to flush would fail again
        click.echo(f"tagger: error: cannot write the output: {error.strerror}; it is incomplete", err=True)
        sys.exit(EXIT_ERROR)
    except ReaderGone:  # nobody reads what is left to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Print warnings about renamed settings as one-line notes."""
    show = warnings.showwarning

    def note(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if category.__name__ == "RenamedSetting":
            context = click.get_current_context(silent=True)
            if context is None or not context.params.get("quiet"):
                click.echo(f"note: {message}", err=True)
        else:
            show(message, category, *place, **more)

    with warnings.catch_warnings():
        warnings.showwarning = note
        yield


if __name__ == "__main__":
    main()
