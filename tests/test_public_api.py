"""What users import: everything that is promised is there, loads when used, and says what it does."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import tagger

HEAVY = ("torch", "numpy", "datasets", "pyarrow", "seqeval", "tokenizers", "rich", "click", "matplotlib")


@pytest.mark.parametrize("name", tagger.__all__)
def test_what_is_promised_is_there_and_described(name: str) -> None:
    value = getattr(tagger, name)
    if name != "__version__":
        assert value.__name__ == name
        assert inspect.getdoc(value)


def test_all_is_sorted_complete_and_nothing_more() -> None:
    assert sorted(tagger.__all__) == sorted(set(tagger.__all__)) == dir(tagger)
    public = {name for name, value in vars(tagger).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public - {"annotations", "import_module", "TYPE_CHECKING", "Any"} <= set(tagger.__all__)


def test_every_error_is_public() -> None:
    from tagger import errors

    tree = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert tree <= set(tagger.__all__)
    assert all(issubclass(getattr(errors, name), tagger.TaggerError) for name in tree)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'tagger' has no attribute 'Taggr'"):
        _ = tagger.Taggr
    with pytest.raises(ImportError):
        importlib.import_module("tagger.taggr")


def test_importing_costs_nothing() -> None:
    code = f"import sys, tagger; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_loading_a_model_imports_no_compiler_of_torch() -> None:
    """Drawing weights for a network without memory, for one, would: a second or two at each start."""
    code = """
import sys
from tagger import LanguageModel, Tagger

Tagger.load("en").tag("They can fish.")
LanguageModel.load("en").generate("The", max_tokens=3)
print([name for name in ("sympy", "torch._dynamo", "torch._inductor", "torch.fx.experimental.symbolic_shapes",
                         "datasets", "pandas", "matplotlib") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
