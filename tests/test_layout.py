"""The links that editors follow say the same as the mapping that packages are built by."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAPPING: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]


def package(folder: Path) -> str:
    """Import name of a folder: ``corpora/formats`` is ``tagger.corpora.formats``."""
    name = ".".join(folder.relative_to(ROOT).parts)
    return name if name.split(".")[0] == "tagger" else f"tagger.{name}"


def test_every_folder_of_modules_is_a_package_that_is_built() -> None:
    folders = {
        path.parent
        for room in MAPPING.values()
        for path in (ROOT / room).rglob("*.py")
        if not any(parent.is_symlink() for parent in path.parents)
    }
    assert all((folder / "__init__.py").is_file() for folder in folders)
    assert {package(folder) for folder in folders} == set(PROJECT["tool"]["setuptools"]["packages"])


def test_links_lead_where_the_mapping_does() -> None:
    links = {path.name: path for path in (ROOT / "tagger").iterdir() if path.is_symlink()}
    if not links:
        pytest.skip("this checkout has no symbolic links")
    mapped = {name.split(".")[1]: folder for name, folder in MAPPING.items() if name.count(".") == 1}
    assert {name: path.resolve().relative_to(ROOT).as_posix() for name, path in links.items()} == mapped


def test_generic_names_stay_inside() -> None:
    assert {name.split(".")[0] for name in MAPPING} == {"tagger"}


def test_the_command_is_there() -> None:
    module, _, function = PROJECT["project"]["scripts"]["tagger"].partition(":")
    folder = MAPPING[module.rpartition(".")[0]]
    assert f"def {function}(" in (ROOT / folder / f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8")


def test_the_version_is_said_once() -> None:
    import tagger

    assert PROJECT["project"]["version"] == tagger.__version__
