"""Damaged and hostile model folders: refused in one line, or the same model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from tagger.checkpoint import load_model
from tagger.errors import ModelError
from tests.model_mutations import ACCIDENTS, ATTACKS, mutant

MUTANTS = 8 * len(ACCIDENTS + ATTACKS)
MAY_LOAD = {"configurations", "tokenizers", "sizes"}
"""What can be changed with mended checksums so that another valid model of the same weights is left."""


def weights_or_refusal(folder: Path) -> dict[str, torch.Tensor] | str:
    """What a folder holds, or why it is refused."""
    try:
        return load_model(folder).model.state_dict()
    except ModelError as error:
        return str(error)


def test_damaged_folders(tiny_model: Path, tmp_path: Path) -> None:
    sound = load_model(tiny_model).model.state_dict()
    loaded: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for number in range(MUTANTS):
        kind = mutant(tiny_model, tmp_path / "m", number)
        kinds[kind] += 1
        found = weights_or_refusal(tmp_path / "m")
        if isinstance(found, str):
            assert "\n" not in found, (number, kind)
            assert len(found) < 1000, (number, kind)
            continue
        loaded[kind] += 1
        assert list(found) == list(sound), (number, kind)
        assert all(torch.equal(found[name], sound[name]) for name in sound), (number, kind)
    assert len(kinds) == len(ACCIDENTS + ATTACKS)
    assert set(loaded) <= MAY_LOAD | {"blank", "flip_bits"}  # which may hit white space of the configuration
    assert sum(loaded.values()) < MUTANTS / 4


@pytest.mark.parametrize("seed", range(3))
def test_a_terabyte_is_never_asked_for(tiny_model: Path, tmp_path: Path, seed: int) -> None:
    """The network of such a configuration would not fit: it is never built."""
    number = next(
        n for n in range(seed * 100, 10_000) if mutant(tiny_model, tmp_path / "m", n) == "sizes"
        and "99999" in (tmp_path / "m" / "config.json").read_text(encoding="utf-8")
    )  # fmt: skip
    mutant(tiny_model, tmp_path / "m", number)
    with pytest.raises(ModelError, match=r"the configuration asks for|is 99999|expected"):
        load_model(tmp_path / "m")
