"""``tagger cells``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tagger.cli.train_commands.options import reading, reading_options

EPILOG = """\b
Examples:
  tagger cells                                     on the bundled corpus
  tagger cells my-treebank/ --column xpos --hidden-size 64
  tagger cells --task copy --lengths 10,50,100,200
"""


@click.command(short_help="Compare RNN, LSTM and GRU: size, speed, score, vanishing gradients.", epilog=EPILOG)
@click.argument("corpus", required=False)
@reading_options
@click.option("--task", type=click.Choice(["tags", "copy"]), default="tags", show_default=True, help="What is learnt.")
@click.option("--hidden-size", type=int, default=None, help="Units of all cells.  [default: 64]")
@click.option("--epochs", type=int, default=None, help="Of each training.  [default: 5]")
@click.option("--lengths", default=None, help="Of the memory, rising, separated by commas.  [default: 5,10,20,50,100]")
@click.option("--updates", type=int, default=None, help="Most updates at one length.  [default: 600]")
@click.option("--learning-rate", type=float, default=None)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--threads", type=int, default=None, help="CPU threads.  [default: all cores]")
@click.option("--picture", default="cells.png", show_default=True, metavar="FILE", help="Where the picture goes.")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def cells(**values: Any) -> None:
    """Train a plain RNN, an LSTM and a GRU on CORPUS and show what sets them apart.

    Parameters, time, score at equal size and at equal parameters, and the gradient that arrives k steps back, before
    and after training. With --task copy: for how many steps each of them can remember one symbol.
    """
    if values["task"] == "copy":
        _copy(values)
    else:
        _tags(values)


def _tags(values: dict[str, Any]) -> None:
    from tagger.cli.output.cells import render_cells, render_gradients
    from tagger.cli.output.terminal import TerminalCapabilities
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
    equal, matched = compare_cells(corpus, config, threads=values["threads"], on_start=_teller(values))
    look = TerminalCapabilities.of(sys.stdout)
    click.echo(render_cells(equal, matched, look))
    click.echo()
    click.echo(render_gradients({one.cell: (one.before, one.after) for one in equal}, look))
    _say_drawn(values, draw_gradients(values["picture"], equal))


def _copy(values: dict[str, Any]) -> None:
    from tagger.cli.output.cells import render_copy, render_gradients
    from tagger.cli.output.terminal import TerminalCapabilities
    from tagger.experiments.compare_cells import CELLS
    from tagger.experiments.copy_task import copy_gradients, learn_copy, make_copy_network
    from tagger.experiments.plots import draw_copy
    from tagger.runtime.device import intra_op_threads, seed_everything

    if values["corpus"] is not None:
        raise click.UsageError("--task copy makes its own sequences; leave CORPUS out")
    settings = _copy_settings(values)
    tell = _teller(values)
    results, gradients = {}, {}
    with intra_op_threads(1):
        for cell in CELLS:
            tell(cell, settings.hidden_size)
            seed_everything(settings.seed)
            before = copy_gradients(make_copy_network(cell, settings.hidden_size), settings.lengths[-1], settings.seed)
            network, results[cell] = learn_copy(cell, settings)
            gradients[cell] = before, copy_gradients(network, settings.lengths[-1], settings.seed)
    look = TerminalCapabilities.of(sys.stdout)
    click.echo(render_copy(results, settings, look))
    click.echo()
    click.echo(render_gradients(gradients, look))
    _say_drawn(values, draw_copy(values["picture"], results, {cell: after for cell, (_, after) in gradients.items()}))


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
            raise ConfigError(f"--lengths is {values['lengths']!r}; expected numbers from 1 to 10,000 parted by commas")
        given["lengths"] = tuple(sorted(int(part) for part in parts))
    return CopySettings(**given, seed=values["seed"])


def _teller(values: dict[str, Any]) -> Any:
    def tell(cell: str, size: int) -> None:
        if not values["quiet"]:
            click.echo(f"training {cell} with {size} units ...", err=True)

    return tell


def _say_drawn(values: dict[str, Any], drawn: bool) -> None:
    if drawn:
        click.echo(f"\npicture: {Path(values['picture'])}")
    elif not values["quiet"]:
        click.echo("note: no picture was drawn; it needs matplotlib: pip install 'sequence-tagger[plots]'", err=True)
