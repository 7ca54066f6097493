"""``tagger models``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from tagger.cli.train_commands.options import ShowGroup


@click.group(
    cls=ShowGroup,
    invoke_without_command=True,
    epilog="Examples: tagger models; tagger models show en; tagger models show runs/pos --verify",
)
@click.pass_context
def models(context: click.Context) -> None:
    """List the models that ship with the toolkit; show any model."""
    if context.invoked_subcommand is None:
        click.echo(_table_of_models())


@models.command()
@click.argument("model")
@click.option("--verify", is_flag=True, help="Check size and checksum of every file and load the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the configuration and the facts about the model as JSON.")
def show(model: str, *, verify: bool, as_json: bool) -> None:
    """Print the card of MODEL: a name that `tagger models` lists, or a folder."""
    from tagger.errors import ModelError
    from tagger.serialization.manifest import CARD, find_model, read_verified_manifest

    folder = find_model(model)
    if verify:
        click.echo(_verified(folder))
        return
    values = read_verified_manifest(folder)
    if as_json:
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
    elif (folder / CARD).is_file():
        click.echo((folder / CARD).read_text(encoding="utf-8"), nl=False)
    else:
        raise ModelError(f"{folder / CARD}: the folder has no card; --json prints what its configuration says")


def _verified(folder: Path) -> str:
    """Check every file and load the model; describe both.

    Raises:
        ModelError: files are not those that were saved; the message names them all.
    """
    from tagger.errors import ModelError
    from tagger.forecasting.checkpoint import load_any
    from tagger.serialization.manifest import clipped, read_manifest, verify

    files = list(verify(folder))
    if damaged := [clipped(file.name) for file in files if file.problem]:
        raise ModelError(f"{folder}: missing or not what was saved: {', '.join(damaged)}; copy the folder again, whole")
    names, network = load_any(folder)
    lines = [f"{file.name}  {file.size:,} bytes  SHA-256 {file.sha256}" for file in files]
    parameters = sum(parameter.numel() for parameter in network.parameters())
    heads, version = " and ".join(names), read_manifest(folder)["format_version"]
    return "\n".join([*lines, f"whole: format {version}, heads {heads}, {parameters:,} parameters"])


def _table_of_models() -> str:
    """Render a row for each model that ships: its heads, its size, its scores."""
    from tagger.cli.output.terminal import TerminalCapabilities, as_text, new_table, plain_text
    from tagger.serialization.manifest import bundled_names, find_model, read_manifest

    terminal = TerminalCapabilities.of(sys.stdout)
    table = new_table(terminal)
    for column in ("name", "heads", "trained on", "size", "scores"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for name in bundled_names():
        folder = find_model(name)
        values = read_manifest(folder)
        size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        about = values.get("about", {})
        table.add_row(
            name,
            ", ".join(values.get("heads", ["tag"])),
            plain_text(str(about.get("corpus", {}).get("name", ""))),
            f"{size / 1e6:.1f} MB",
            plain_text(_scores(about)),
        )
    if not table.row_count:
        return "no models ship with this installation; `tagger train pos` and `tagger train lm` make some"
    return as_text(table, terminal)


def _scores(about: dict[str, dict[str, float]]) -> str:
    """Format the scores on test, as far as the model folder states them."""
    figures = []
    if (score := about.get("scores", {}).get("test")) is not None:
        figures.append(f"accuracy {100 * score:.2f} %" if score <= 1 else f"perplexity {score:.1f}")
    if (perplexity := about.get("perplexities", {}).get("test")) is not None:
        figures.append(f"perplexity {perplexity:.1f} per word")
    return ", ".join(figures)
