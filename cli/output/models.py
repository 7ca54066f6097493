"""The models that ship, as a table."""

from __future__ import annotations

from collections.abc import Iterable

from tagger.cli.output.terminal import PLAIN, TerminalCapabilities, as_text, new_table, plain_text
from tagger.serialization.manifest import find_model, read_manifest


def render_models(names: Iterable[str], look: TerminalCapabilities = PLAIN) -> str:
    """A row a model: what it can do, how big it is, how well it did.

    Args:
        names: of models that ship.
        look: what the stream can show.
    """
    table = new_table(look)
    for column in ("name", "heads", "trained on", "size", "scores"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for name in names:
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
    return as_text(table, look)


def _scores(about: dict[str, dict[str, float]]) -> str:
    """Test scores, as far as they are told."""
    told = []
    score = about.get("scores", {}).get("test")
    if score is not None:
        told.append(f"accuracy {100 * score:.2f} %" if score <= 1 else f"perplexity {score:.1f}")
    perplexity = about.get("perplexities", {}).get("test")
    if perplexity is not None:
        told.append(f"perplexity {perplexity:.1f} per word")
    return ", ".join(told)
