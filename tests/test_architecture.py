"""Rules of the source, read from it and never run. A rule is one test, which lists every offender.

The map in CONTRIBUTING.md says who may import whom: a package imports packages above it, and there is no circle.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import tagger
from tests.source_tree import (
    FILES,
    MODULES,
    ROOT,
    circles,
    imports,
    modules_imported,
    name_of,
    place_in,
    tree,
    written_order,
)  # fmt: skip

HEAVY = ("torch", "numpy", "datasets", "pyarrow", "seqeval", "tokenizers", "rich", "safetensors", "matplotlib")
MOST_MODULES = 14
MOST_LINES = 400
LONGEST_BODY = 40
MOST_PARAMETERS = 8
FRONT = {"tagger", "tagger.corpora", "tagger.models", "tagger.cli", "tagger.errors", "tagger.corpora.bundled"}
"""Modules outside the order: the front door, which imports what it promises, and what every package may import."""

PUBLIC = {*tagger.__all__, "train_series"}
"""Functions that users call: each of their options is a parameter."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def within(path: Path) -> str:
    """A path as the project writes it."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    """Every function of a module, at any depth."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def test_packages_import_only_packages_above_them() -> None:
    order = written_order()
    upward = []
    for path in FILES:
        importer = name_of(path)
        if importer in FRONT:
            continue
        own = place_in(order, importer)
        assert own is not None, f"{within(path)} stands in no package of the map in CONTRIBUTING.md"
        for imported in sorted(modules_imported(path) - FRONT):
            other = place_in(order, imported)
            if other is None or other > own:
                upward.append(f"{within(path)} imports {imported}")
    assert upward == []


def test_every_package_of_the_map_is_there() -> None:
    order = written_order()
    assert len(order) > 30
    assert [name for name in order if name not in MODULES] == []


def test_corpora_and_models_know_nothing_of_each_other_and_of_the_library() -> None:
    wrong = [
        f"{name_of(path)} imports {imported}"
        for path in FILES
        for imported in modules_imported(path)
        for room, other in (("corpora", "models"), ("models", "corpora"))
        if within(path).startswith(f"{room}/") and not imported.startswith((f"tagger.{room}", "tagger.errors"))
    ]
    assert wrong == []


def test_there_is_no_circle_of_imports() -> None:
    assert circles({name: modules_imported(path) - {"tagger"} for name, path in MODULES.items()}) == []


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_packages_are_small() -> None:
    sizes = Counter(path.parent for path in FILES if path.name != "__init__.py")
    assert {within(folder): size for folder, size in sizes.items() if size > MOST_MODULES} == {}
    loose = [path.name for path in FILES if path.parent == ROOT / "tagger"]
    assert sorted(loose) == ["__init__.py", "errors.py"]


def test_modules_and_functions_are_short() -> None:
    long = [within(path) for path in FILES if path.read_text(encoding="utf-8").count("\n") > MOST_LINES]
    for path in FILES:
        for node in functions(path):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            if (node.end_lineno or 0) - first.lineno + 1 > LONGEST_BODY:
                long.append(f"{within(path)}: {node.name}")
    assert long == []


def test_functions_take_few_parameters() -> None:
    """Options travel as one object, but for what users call and for click, which gives a command its options."""
    many = []
    for path in FILES:
        for node in functions(path):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
            is_command = any("click.command" in ast.unparse(decorator) for decorator in node.decorator_list)
            if count > MOST_PARAMETERS and node.name not in PUBLIC and not is_command:
                many.append(f"{within(path)}: {node.name} takes {count}")
    assert many == []


def test_no_file_can_run_code() -> None:
    """Nothing is pickled, evaluated or loaded by torch: a model or corpus is data."""
    wrong = []
    for path in FILES:
        modules = {name.split(".")[0] for name in imports(tree(path))}
        wrong += [f"{within(path)}: {name}" for name in modules & {"pickle", "dill", "marshal", "shelve", "joblib"}]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and (
                ast.unparse(node.func) in ("torch.load", "torch.save", "eval", "exec", "np.load", "numpy.load")
                or "allow_pickle" in [keyword.arg for keyword in node.keywords]
            ):
                wrong.append(f"{within(path)}:{node.lineno}: {ast.unparse(node.func)}")
    assert wrong == []


def test_the_library_prints_nothing() -> None:
    wrong = []
    for path in FILES:
        if within(path).startswith("cli/"):
            continue
        calls = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
        modules = {name.split(".")[0] for name in imports(tree(path))}
        printing = {"print", "input", "sys.exit", "exit", "sys.stdout.write", "sys.stderr.write"}
        wrong += [f"{within(path)}: {name}" for name in (calls & printing) | (modules & {"click", "rich"})]
    assert wrong == []


def test_names_say_what_they_hold() -> None:
    vague = ("utils", "util", "helpers", "helper", "common", "misc")
    assert [within(path) for path in FILES if path.stem in vague or path.parent.name in vague] == []
    short = [
        f"{within(path)}: {name}"
        for path in FILES
        for name in imports(tree(path))
        if name.split(".")[0] in ("corpora", "models", "cli", "tests")
    ]
    assert short == []


def test_commands_load_what_is_heavy_when_they_run() -> None:
    wrong = [
        f"{within(path)}: {name}"
        for path in FILES
        if within(path).startswith("cli/")
        for node in tree(path).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imports(node)
        if name.split(".")[0] in HEAVY
    ]
    assert wrong == []


def test_public_things_are_described() -> None:
    missing = []
    for path in FILES:
        module = tree(path)
        if not ast.get_docstring(module):
            missing.append(within(path))
        classes = [node for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        scopes: list[ast.Module | ast.ClassDef] = [module, *classes]
        for scope in scopes:
            for node in scope.body:
                if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
                    overload = any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)
                    if not ast.get_docstring(node) and not overload:
                        missing.append(f"{within(path)}: {node.name}")
    assert missing == []


RETIRED = re.compile(
    r"\b(Fitting|Keeper|Keeping|Remembers|Divides|Places|BestOf|Companion|TypeCache|Intake|Opponents|Prospects|Races"
    r"|[Ss]tretch(es)?|spooled|heeded|told_of|but_for|lifted|seal|SPENT|put_back|in_a_row|take_over|united_\w+"
    r"|start_new_rows|added_up|hiding|side_by_side|filled_up|grain|surely_kept|unit_owners|ignore_bad|init_rate"
    r"|frozen_epochs|look_ahead|doctor\w*|word_numbers\w*|WordNumbers\w*|copies)\b"
)
"""House names that gave way to the field's: see the glossary in CONTRIBUTING.md."""


def test_retired_names_stay_retired() -> None:
    used = []
    for path in FILES:
        for node in ast.walk(tree(path)):
            names = [
                getattr(node, field)
                for field in ("name", "id", "attr", "arg")
                if isinstance(getattr(node, field, None), str)
            ]
            used += [
                f"{within(path)}:{getattr(node, 'lineno', 0)}: {name}" for name in names if RETIRED.fullmatch(name)
            ]
        if RETIRED.fullmatch(path.stem):
            used.append(within(path))
    assert used == []


ROUNDABOUT = re.compile(
    r"\b(?:is|are|was|were|be) told\b|\bso many\b|\bwhat is no\b|\bit is none\b|\bthat came\b"
    r"|\bto be mended\b|\ball but for\b",
    re.IGNORECASE,
)


def test_english_is_plain() -> None:
    lines = [
        f"{within(path)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ROUNDABOUT.search(line)
    ]
    assert lines == []


@pytest.mark.parametrize(
    ("module", "place"),
    [
        ("tagger.corpora.files.paths", 0),
        ("tagger.corpora.files", 0),
        ("tagger.corpora.read_corpus", 1),
        ("tagger.x", None),
    ],
)
def test_places_in_the_order(module: str, place: int | None) -> None:
    assert place_in(["tagger.corpora.files", "tagger.corpora.read_corpus"], module) == place
