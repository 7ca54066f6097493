"""``tagger models``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


class ModelsGroup(click.Group):
    """A group whose first argument may also be the name or folder of a model, which is then shown."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Takes what is no command for a model."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "show", self.commands["show"], args


@click.group(
    cls=ModelsGroup,
    invoke_without_command=True,
    epilog="Examples: tagger models; tagger models show en; tagger models show runs/pos --verify",
)
@click.pass_context
def models(context: click.Context) -> None:
    """List the models that ship with the toolkit; show any model."""
    if context.invoked_subcommand is None:
        from tagger.cli.output.models import render_models
        from tagger.cli.output.terminal import TerminalCapabilities
        from tagger.serialization.manifest import bundled_names

        click.echo(render_models(bundled_names(), TerminalCapabilities.of(sys.stdout)))


@models.command()
@click.argument("model")
@click.option("--verify", is_flag=True, help="Check every file against its size and checksum, and load the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the configuration and what is known of the model as JSON.")
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
    """A line a file, and what the model is that they make.

    Raises:
        ModelError: files are not those that were saved: all of them are named.
    """
    from tagger.errors import ModelError
    from tagger.forecasting.checkpoint import load_any
    from tagger.serialization.manifest import clipped, read_manifest, verify

    files = verify(folder)
    if damaged := [clipped(file.name) for file in files if not file.intact]:
        raise ModelError(f"{folder}: missing or not what was saved: {', '.join(damaged)}; copy the folder again, whole")
    names, network = load_any(folder)
    lines = [f"{file.name}  {file.size:,} bytes  SHA-256 {file.sha256}" for file in files]
    parameters = sum(parameter.numel() for parameter in network.parameters())
    heads, version = " and ".join(names), read_manifest(folder)["format_version"]
    return "\n".join([*lines, f"whole: format {version}, heads {heads}, {parameters:,} parameters"])
