"""The curves of training: the line of text and the picture."""

from __future__ import annotations

import builtins
import math
import struct
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import OutputError
from tagger.model_cards.plots import BLOCKS, draw_curves, spark

LOG: list[dict[str, Any]] = [
    {"epoch": 1, "loss_per_step": 0.9, "dev_loss_per_step": 0.7, "dev_accuracy": 0.81},
    {"epoch": 2, "loss_per_step": 0.4, "dev_loss_per_step": 0.5, "dev_accuracy": 0.88},
    {"epoch": 3, "loss_per_step": math.nan, "dev_loss_per_step": None, "dev_accuracy": 0.87},
]


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_spark_goes_from_lowest_to_highest() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6, 7]) == BLOCKS
    assert spark([7, 0]) == "█▁"
    assert spark([0.5, 0.5]) == "▄▄"
    assert spark([0, math.nan, 1]) == "▁ █"
    assert spark([]) == ""


def test_long_sparks_are_thinned_and_keep_both_ends() -> None:
    line = spark([1.0, *[0.5] * 998, 0.0], width=40)
    assert len(line) == 40
    assert (line[0], line[-1]) == ("█", "▁")


def test_picture_with_dev_has_two_panels(tmp_path: Path) -> None:
    assert draw_curves(LOG, tmp_path / "curves.png")
    width, height = png_size(tmp_path / "curves.png")
    assert width > 2 * height


def test_picture_without_dev_has_one_panel(tmp_path: Path) -> None:
    assert draw_curves([{"epoch": 1, "loss_per_step": 0.9}], tmp_path / "curves.png")
    width, height = png_size(tmp_path / "curves.png")
    assert width < 2 * height


def test_no_epoch_no_picture(tmp_path: Path) -> None:
    assert not draw_curves([], tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def test_without_matplotlib_there_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    assert not draw_curves(LOG, tmp_path / "curves.png")


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere.curves\.png: the picture cannot be written \(No such file"):
        draw_curves(LOG, tmp_path / "nowhere" / "curves.png")
