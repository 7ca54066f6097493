"""Who may import whom, how long things may be, and what may occur nowhere: read from the source, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"corpora": "tagger.corpora", "models": "tagger.models", "cli": "tagger.cli", "tagger": "tagger"}
FILES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if not any(folder.is_symlink() for folder in path.parents)
)
LIBRARY = [path for path in FILES if path.relative_to(ROOT).parts[0] != "cli"]
FORBIDDEN = {
    "corpora": ("tagger.models", "tagger.cli", "tagger."),
    "models": ("tagger.corpora", "tagger.cli", "tagger."),
    "tagger": ("tagger.cli",),
    "cli": (),
}
"""Prefixes that a room may not import; of the library itself, corpora and models take ``tagger.errors`` alone."""
HEAVY = ("torch", "numpy", "datasets", "pyarrow", "seqeval", "tokenizers", "rich", "safetensors", "matplotlib")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(node: ast.AST) -> Iterator[str]:
    """Full names of what a piece of source imports: ``from tagger import errors`` is ``tagger.errors``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            assert inner.level == 0, "relative import"
            yield from (f"{inner.module}.{alias.name}" for alias in inner.names)


def room_of(path: Path) -> str:
    """The folder at the top that holds a module."""
    return path.relative_to(ROOT).parts[0]


def may_import(room: str, name: str) -> bool:
    own = f"{ROOMS[room]}."
    if name.startswith(own if room != "tagger" else "tagger.errors.") or name.startswith("tagger.errors"):
        return True
    if room in ("corpora", "models") and name == "tagger":
        return False
    return not name.startswith(FORBIDDEN[room])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rooms_import_downwards_alone(path: Path) -> None:
    wrong = [name for name in imports(tree(path)) if not may_import(room_of(path), name)]
    assert wrong == []


@pytest.mark.parametrize(
    ("room", "name", "allowed"),
    [
        ("corpora", "tagger.models.layers.encoder.Encoder", False),
        ("corpora", "tagger.config.tagger.Config", False),
        ("corpora", "tagger.errors.CorpusError", True),
        ("corpora", "tagger.corpora.sources.corpus.Corpus", True),
        ("corpora", "tagger", False),
        ("models", "tagger.corpora.encoding.batching.Batch", False),
        ("models", "tagger.models.layers.dropout.LockedDropout", True),
        ("models", "torch.nn", True),
        ("tagger", "tagger.cli.main.main", False),
        ("tagger", "tagger.models.layers.encoder.Encoder", True),
        ("cli", "tagger.sequence_labelling.train.train_runs", True),
    ],
)
def test_the_rule_itself(room: str, name: str, allowed: bool) -> None:
    assert may_import(room, name) is allowed


def test_errors_import_nothing_of_the_project() -> None:
    assert not [name for name in imports(tree(ROOT / "tagger" / "errors.py")) if name.startswith("tagger")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rooms_are_imported_by_their_full_names(path: Path) -> None:
    assert not [name for name in imports(tree(path)) if name.split(".")[0] in ("corpora", "models", "cli", "tests")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_can_run_code(path: Path) -> None:
    """Nothing is pickled, evaluated or loaded by torch: a model or corpus is data."""
    assert not [
        name for name in imports(tree(path)) if name.split(".")[0] in ("pickle", "dill", "marshal", "shelve", "joblib")
    ]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("torch.load", "torch.save", "eval", "exec", "np.load", "numpy.load"), ast.unparse(
                node
            )
            assert "allow_pickle" not in [keyword.arg for keyword in node.keywords]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_library_prints_nothing(path: Path) -> None:
    calls = [ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert not {"print", "input", "sys.exit", "exit", "sys.stdout.write", "sys.stderr.write"} & set(calls)
    assert not {name.split(".")[0] for name in imports(tree(path))} & {"click", "rich"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_sizes(path: Path) -> None:
    """A module holds one idea; no function is longer than a screen."""
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            start = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.lineno
            assert (node.end_lineno or 0) - start < 60, f"{node.name} is too long"


def test_no_room_for_leftovers() -> None:
    assert not [path.name for path in FILES if path.stem in ("utils", "util", "helpers", "helper", "common", "misc")]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "cli").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_commands_load_what_is_heavy_when_they_run(path: Path) -> None:
    outside = [node for node in tree(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [name for node in outside for name in imports(node) if name.split(".")[0] in HEAVY]
