"""Options that several commands share, and how options become settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def together(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several decorators as one."""

    def apply(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return apply


def renamed(old: str, new: str, *, is_flag: bool = False) -> Callable[[Command], Command]:
    """Accept the former name of an option: it is hidden, sets the new option and prints a note.

    Args:
        old: the former name, such as ``--ignore-bad``.
        new: the name of an option of the same command.
        is_flag: whether the option takes no value.
    """

    def pass_on(context: click.Context, _: click.Parameter, value: Any) -> None:
        if not value:
            return
        target = next(option.name for option in context.command.params if new in option.opts)
        context.default_map = {**(context.default_map or {}), str(target): value}
        click.echo(f"note: {old} is now called {new}", err=True)

    return click.option(old, is_flag=is_flag or None, hidden=True, expose_value=False, is_eager=True, callback=pass_on)


reading_options = together(
    click.option("--column", default=None, help="Label column: upos, xpos, feats, or any other.  [default: upos]"),
    click.option("--format", "format_", default=None, help="Format of the files, where it is not recognised."),
    click.option("--tokens-column", default=None, help="Name of the column that holds the words."),
    click.option("--labels-column", default=None, help="Name of the column that holds the labels."),
    click.option("--label-names", default=None, help="Names of integer labels in order, separated by commas."),
    click.option("--skip-invalid", is_flag=True, help="Leave malformed sentences out and count them."),
    renamed("--ignore-bad", "--skip-invalid", is_flag=True),
    click.option(
        "--repair",
        is_flag=True,
        help="Mend what a rule can mend, and count it: several labels (one stays), broken spans, white space "
        "and invisible characters in words, Unicode form.",
    ),
    click.option("--offline", is_flag=True, help="Never use the network."),
)

machine_options = together(
    click.option("--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]), show_default=True),
    click.option("--threads", type=int, default=None, help="CPU threads.  [default: all cores]"),
)


def reading(values: dict[str, Any]) -> dict[str, Any]:
    """Take the reading options out of a command's values, as keyword arguments of ``read_corpus``."""
    names = values.pop("label_names")
    return {
        "format": values.pop("format_"),
        "tokens_column": values.pop("tokens_column"),
        "labels_column": values.pop("labels_column"),
        "label_names": names.split(",") if names else None,
        "skip_invalid": values.pop("skip_invalid"),
        "repair": values.pop("repair"),
        "offline": values.pop("offline"),
    }
