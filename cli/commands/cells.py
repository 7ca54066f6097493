"""``tagger cells``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from tagger.cli.output.terminal import TerminalCapabilities
from tagger.cli.train_commands.options import reading, reading_options
from tagger.corpora.files.paths import user_path

EPILOG = """\b
Examples:
  tagger cells                                     on the bundled corpus
  tagger cells my-treebank/ --column xpos --hidden-size 64
  tagger cells --task copy --lengths 10,50,100,200
"""


@click.command(epilog=EPILOG)
@click.argument("corpus", required=False)
@reading_options
@click.option("--task", type=click.Choice(["tags", "copy"]), default="tags", show_default=True, help="Task to learn.")
@click.option("--hidden-size", type=int, default=None, help="Units of all cells.  [default: 64]")
@click.option("--epochs", type=int, default=None, help="Epochs of each training.  [default: 5]")
@click.option("--lengths", default=None, help="Lengths of the memory, separated by commas.  [default: 5,10,20,50,100]")
@click.option("--updates", type=int, default=None, help="Largest number of updates at one length.  [default: 600]")
@click.option("--learning-rate", type=float, default=None, help="Peak of the learning rate.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of weights and data.")
@click.option("--threads", type=int, default=None, help="CPU threads.  [default: all cores]")
@click.option("--picture", default="cells.png", show_default=True, metavar="FILE", help="PNG to draw.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
def cells(**values: Any) -> None:
    """Train a plain RNN, an LSTM and a GRU on CORPUS and compare them.

    Prints parameters, time, scores at equal size and at equal parameters, and the gradient that arrives k steps back,
    before and after training. With --task copy, prints for how many steps each cell remembers one symbol.
    """
    if values["task"] == "copy":
        _copy(values)
    else:
        _tags(values)


def _tags(values: dict[str, Any]) -> None:
    from tagger.cli.output.cells import render_cells, render_gradients
    from tagger.config.tagger import Config
    from tagger.corpora.read_corpus import read_corpus
    from tagger.experiments.compare_cells import SETTINGS, compare_cells
    from tagger.experiments.plots import draw_gradients

    if values["lengths"] is not None or values["updates"] is not None:
        raise click.UsageError("--lengths and --updates are for --task copy")
    options = reading(values)
    given = {
        "encoder.hidden_size": values["hidden_size"],
        "training.epochs": values["epochs"],
        "training.learning_rate": values["learning_rate"],
        "training.seed": values["seed"],
        "column": values["column"],
    }
    settings = {**SETTINGS, **{name: value for name, value in given.items() if value is not None}}
    config = Config().with_settings(settings, where="command line")
    corpus = read_corpus(values["corpus"], column=config.column, seed=config.training.seed, **options)
    equal, matched = compare_cells(corpus, config, threads=values["threads"], on_start=_announcer(values))
    terminal = TerminalCapabilities.of(sys.stdout)
    click.echo(render_cells(equal, matched, terminal))
    click.echo()
    click.echo(render_gradients({one.cell: (one.before, one.after) for one in equal}, terminal))
    _report_picture(values, draw_gradients(values["picture"], equal))


def _copy(values: dict[str, Any]) -> None:
    from tagger.cli.output.cells import render_copy, render_gradients
    from tagger.experiments.copy_task import compare_on_copy
    from tagger.experiments.plots import draw_copy

    if values["corpus"] is not None:
        raise click.UsageError("--task copy makes its own sequences; leave CORPUS out")
    settings = _copy_settings(values)
    results, gradients = compare_on_copy(settings, _announcer(values))
    terminal = TerminalCapabilities.of(sys.stdout)
    click.echo(render_copy(results, settings, terminal))
    click.echo()
    click.echo(render_gradients(gradients, terminal))
    after = {cell: trained for cell, (_, trained) in gradients.items()}
    _report_picture(values, draw_copy(values["picture"], results, after))


def _copy_settings(values: dict[str, Any]) -> Any:
    from tagger.errors import ConfigError
    from tagger.experiments.copy_task import CopySettings

    given = {name: values[name] for name in ("hidden_size", "updates", "learning_rate") if values[name] is not None}
    for name, value in given.items():
        if value <= 0:
            raise ConfigError(f"--{name.replace('_', '-')} is {value}; expected more than 0")
    if values["lengths"] is not None:
        parts = values["lengths"].split(",")
        if not all(part.strip().isdecimal() and 0 < int(part) <= 10_000 for part in parts):
            raise ConfigError(
                f"--lengths is {values['lengths']!r}; expected numbers from 1 to 10,000 separated by commas"
            )
        given["lengths"] = tuple(sorted(int(part) for part in parts))
    return CopySettings(**given, seed=values["seed"])


def _announcer(values: dict[str, Any]) -> Callable[[str, int], None]:
    """Make a function that announces each training."""

    def announce(cell: str, size: int) -> None:
        if not values["quiet"]:
            click.echo(f"training {cell} with {size} units ...", err=True)

    return announce


def _report_picture(values: dict[str, Any], drawn: bool) -> None:
    from tagger.model_cards.plots import MISSING

    if drawn:
        click.echo(f"\npicture: {user_path(values['picture'])}")
    elif not values["quiet"]:
        click.echo(f"note: {MISSING}", err=True)
