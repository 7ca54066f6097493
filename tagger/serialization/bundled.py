"""Models by name: those that ship with the toolkit, and folders."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tagger.serialization.manifest import CONFIG

DEFAULT = "en"
"""What commands use where no model is named."""


def bundled_folder() -> Path:
    """Where models that ship with the toolkit lie."""
    return Path(str(resources.files("tagger.models"))) / "pretrained"


def bundled_names() -> list[str]:
    """Their names."""
    folder = bundled_folder()
    return sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}")) if folder.is_dir() else []


def find_model(name: str | Path) -> Path:
    """The folder of a model: one that holds a model, else a model that ships, by its name."""
    path = Path(name)
    if not (path / CONFIG).is_file() and str(name) in bundled_names():
        return bundled_folder() / str(name)
    return path
