"""Paths as users write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.corpora.files.paths import user_path


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    given: list[str | Path] = ["~", "~/m", Path("~/a/b.txt"), "a/~", "./~/m", "~nobody-of-this-name/m", "a~"]
    expected = ["/home/ada", "/home/ada/m", "/home/ada/a/b.txt", "a/~", "~/m", "~nobody-of-this-name/m", "a~"]
    assert [str(user_path(path)) for path in given] == expected
