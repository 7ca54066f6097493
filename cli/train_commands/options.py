"""Options that several commands share, and options made from the declarations of settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_args, get_origin

import click
from click.core import ParameterSource

from tagger.config.base import Settings, alternatives, declaration, find_field
from tagger.corpora.documents.piece import INPUT_FORMATS

if TYPE_CHECKING:
    from tagger.corpora.formats.options import ReadOptions

DEFAULT_MODEL = "en"
"""The bundled model that commands use where none is named."""
Chosen = TypeVar("Chosen", bound=Settings)
Command = TypeVar("Command", bound=Callable[..., Any])


def together(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Make one decorator of several."""

    def apply(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return apply


def renamed(old: str, new: str, *, is_flag: bool = False) -> Callable[[Command], Command]:
    """Accept the former name of an option; it sets the new one and prints a note. Both together are refused."""
    key = "former" + old.replace("-", "_")

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(*arguments: Any, **values: Any) -> Any:
            former = values.pop(key)
            if former not in (None, False):
                context = click.get_current_context()
                option = next(option for option in context.command.params if new in option.opts)
                name = str(option.name)
                if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                    raise click.UsageError(f"{old} is the former name of {new}; give one of them")
                values[name] = option.process_value(context, former)
                if not values.get("quiet"):
                    click.echo(f"note: {old} is now called {new}", err=True)
            return command(*arguments, **values)

        return cast(Command, click.option(old, key, is_flag=is_flag or None, hidden=True)(run))

    return decorate


class NameList(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "name,name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split a text at its commas."""
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() for part in parts if part.strip())


class DocumentFormat(click.Choice[str]):
    """Format of a document; ``conll`` is a former name of columns, and ``json`` means JSON lines, too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return one of the choices."""
        return super().convert({"conll": "columns", "json": "jsonl"}.get(value, value), param, ctx)


def setting_options(config: Any, names: str) -> Callable[[Command], Command]:
    """Make options of settings; their values are None where they are not given.

    Args:
        config: has the settings, and the defaults that ``--help`` shows.
        names: dotted names separated by blanks, in the order of ``--help``.

    Returns:
        A decorator; the command takes ``encoder__cell`` for the setting ``encoder.cell``.
    """
    return together(*(_setting_option(name, *find_field(config, name)) for name in names.split()))


def _setting_option(name: str, field: Field[Any], hint: Any, default: Any) -> Callable[[Command], Command]:
    declared = declaration(field)
    option = declared.option or "--" + field.name.replace("_", "-")
    kind = alternatives(hint)[0]
    attributes: dict[str, Any] = {"metavar": declared.metavar}
    if kind is bool:
        attributes = {} if "/" in option else {"flag_value": not default}
    elif get_origin(kind) is Literal:
        attributes["type"] = click.Choice(get_args(kind))
    else:
        attributes["type"] = NameList() if get_origin(kind) is tuple else kind
    shown = declared.default_text or ("" if isinstance(default, bool | tuple | None) else str(default))
    help_ = declared.help + (f"  [default: {shown}]" if shown else "")
    return click.option(option, name.replace(".", "__"), default=None, help=help_, **attributes)


def chosen_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the settings given as options, by their dotted names."""
    return {name.replace("__", "."): value for name, value in values.items() if "__" in name and value is not None}


def chosen_config(kind: type[Chosen], values: Mapping[str, Any], **more: Any) -> Chosen:
    """Build a configuration from ``--config``, the options over it, and ``more`` that is not None."""
    path = values["config_file"]
    config = kind() if path is None else kind.from_toml(path)
    further = {name: value for name, value in more.items() if value is not None}
    return config.with_settings({**chosen_settings(values), **further}, where="command line")


split_options = together(
    click.option("--train", "train_file", default=None, help="File of the training split, instead of CORPUS."),
    click.option("--dev", default=None, help="File of the development split."),
    click.option("--test", default=None, help="File of the test split."),
)

source_options = together(
    click.option("--format", "format_", default=None, help="Format of the files, where it is not recognised."),
    click.option("--tokens-column", default=None, help="Column of the words: its name, or its number in the file."),
    click.option("--skip-invalid", is_flag=True, help="Leave out and count what cannot be read."),
    renamed("--ignore-bad", "--skip-invalid", is_flag=True),
    click.option("--offline", is_flag=True, help="Never use the network."),
)


def label_options(default: str) -> Callable[[Command], Command]:
    """Make the options that read a labelled corpus; ``default`` describes that of ``--column``."""
    return together(
        click.option(
            "--column", help=f"Label column: its name (upos, xpos, ner) or number in the file.  [default: {default}]"
        ),
        click.option("--labels-column", default=None, help="Name of the column that holds the labels."),
        click.option("--label-names", type=NameList(), default=None, help="Names of integer labels in order."),
        source_options,
        click.option(
            "--repair",
            is_flag=True,
            help="Repair by rule and count: several labels (one stays), broken spans, white space and invisible "
            "characters in words, Unicode form.",
        ),
    )


reading_options = label_options("upos, or the only one")

text_options = together(
    click.option(
        "--tokenised", "--tokenized", is_flag=True, help="Words of the text are separated by blanks, a sentence a line."
    ),
    click.option("--text-column", default=None, help="Name of the column that holds the text."),
)

model_option: Callable[[Command], Command] = click.option(
    "--model", metavar="MODEL", default=DEFAULT_MODEL, show_default=True, help="Folder or name of a model."
)

document_options = together(
    click.argument("files", nargs=-1, metavar="[FILE]..."),
    model_option,
    click.option("--text", metavar="TEXT", help="Read this text instead of files."),
    click.option(
        "--input", "--format", "input_format", type=DocumentFormat(("auto", *INPUT_FORMATS)),
        default="auto", show_default=True, help="Format of the input; auto recognises it by name and content.",
    ),
    click.option("-o", "out", metavar="FILE", help="Write to this file instead of stdout; it appears when complete."),
)  # fmt: skip

device_option: Callable[[Command], Command] = click.option(
    "--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]), show_default=True, help="Processor."
)
machine_options = together(
    device_option, click.option("--threads", type=int, default=None, help="CPU threads.  [default: all cores]")
)


def reading(values: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the keyword arguments of ``read_corpus``."""
    names = ("tokens_column", "labels_column", "label_names", "skip_invalid", "repair", "offline")
    return {"format": values["format_"], **{name: values[name] for name in names}}


def text_reading(values: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the keyword arguments of ``read_text_corpus``."""
    names = ("tokenised", "text_column", "tokens_column", "offline", "skip_invalid")
    return {"format": values["format_"], **{name: values[name] for name in names}}


def read_options(values: Mapping[str, Any]) -> ReadOptions:
    """Build ``ReadOptions`` from the reading options."""
    from tagger.corpora.formats.options import ReadOptions

    return ReadOptions(values["column"], **reading(values))


class ShowGroup(click.Group):
    """Group whose ``show`` command runs on a first argument that names no command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Treat an argument that names no command as a name to show."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "show", self.commands["show"], args
