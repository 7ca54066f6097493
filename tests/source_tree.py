"""The source of the project as syntax trees: which modules there are, and what each imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("corpora", "models", "tagger", "cli")
FILES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if not any(folder.is_symlink() for folder in path.parents)
]
"""Every module at every level; the links ``tagger/{corpora,models,cli}`` are not followed."""


def name_of(path: Path) -> str:
    """Import name of a module: ``corpora/files/paths.py`` is ``tagger.corpora.files.paths``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    full = parts if parts[0] == "tagger" else ("tagger", *parts)
    return ".".join(full[:-1] if full[-1] == "__init__" else full)


MODULES = {name_of(path): path for path in FILES}


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(node: ast.AST) -> Iterator[str]:
    """Full names of what source imports, at any depth: ``from tagger import errors`` is ``tagger.errors``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            assert inner.level == 0, "relative import"
            yield from (f"{inner.module}.{alias.name}" for alias in inner.names)


def modules_imported(path: Path) -> set[str]:
    """Modules of the project that a module imports, also inside functions and for types alone."""
    found = set()
    for name in imports(tree(path)):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        found.add(name)
    return found - {"", name_of(path)}


def written_order() -> list[str]:
    """Packages in the order of the map in CONTRIBUTING.md, as import names."""
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    paths = [
        match[1] for line in lines if (match := re.match(r"((?:corpora|models|tagger|cli)/[\w/]+(?:\.py)?)  ", line))
    ]
    return [name_of(ROOT / path) for path in paths]


def place_in(order: list[str], module: str) -> int | None:
    """Which entry of the order holds a module: the longest that is it or a package above it."""
    holders = [name for name in order if module == name or module.startswith(f"{name}.")]
    return order.index(max(holders, key=len)) if holders else None


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules each of which imports, through others, itself."""
    reached = {module: _reachable(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached.get(other, ())))
        for module in graph
        if module in reached[module]
    }
    return sorted(map(list, groups))


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += graph.get(module, ())
    return seen
