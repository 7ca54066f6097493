"""What users import: everything that is promised is there, loads when used, and says what it does."""

from __future__ import annotations

import importlib
import inspect
import logging
import subprocess
import sys

import pytest

import tagger
from tests.tiny import SETTINGS, sentences

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


def test_the_library_logs_and_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tagger")
    assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]
    events: list[object] = []
    pairs = [list(zip(words, tags, strict=True)) for words, tags in sentences(30, 1)]
    settings = {**SETTINGS, "training.epochs": 2}
    with caplog.at_level("DEBUG", logger="tagger"):
        tagger.train_pos(pairs, settings=settings, threads=1, listener=events.append)
        tagger.Tagger.load("en", threads=1)
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("tagger.")]
    assert messages[:-1] == [f"seed {settings.get('training.seed', 1)}: {event}" for event in events]
    assert messages[-1].startswith("loaded ")
    levels = [record.levelname for record in caplog.records if "EpochEnd(" in record.getMessage()]
    assert levels == ["INFO", "INFO"]
    assert "split off at random" in caplog.text


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
