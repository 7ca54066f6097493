"""``tagger models``."""

from __future__ import annotations

import json
import sys
from typing import Any

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
        from tagger.bundled_models import bundled_names
        from tagger.cli.look import Look
        from tagger.cli.models_report import render_models

        click.echo(render_models(bundled_names(), Look.of(sys.stdout)))


@models.command()
@click.argument("model")
@click.option("--verify", is_flag=True, help="Check every file against its size and checksum, and load the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the configuration and what is known of the model as JSON.")
def show(model: str, *, verify: bool, as_json: bool) -> None:
    """Print the card of MODEL: a name that `tagger models` lists, or a folder."""
    from tagger.bundled_models import find_model
    from tagger.errors import ModelError
    from tagger.model_folder import CARD, read_config

    folder = find_model(model)
    values = read_config(folder)
    if verify:
        click.echo(_verified(folder, values))
    elif as_json:
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
    elif (folder / CARD).is_file():
        click.echo((folder / CARD).read_text(encoding="utf-8"), nl=False)
    else:
        raise ModelError(f"{folder / CARD}: the folder has no card; --json prints what its configuration says")


def _verified(folder: Any, values: dict[str, Any]) -> str:
    """A line a file; reading the configuration has compared them all already."""
    from tagger.checkpoint import load_model

    saved = load_model(folder)
    lines = [f"{name}  {facts['size']:,} bytes  SHA-256 {facts['sha256']}" for name, facts in values["files"].items()]
    parameters = sum(parameter.numel() for parameter in saved.model.parameters())
    heads = " and ".join(saved.heads)
    return "\n".join([*lines, f"whole: format {values['format_version']}, heads {heads}, {parameters:,} parameters"])
