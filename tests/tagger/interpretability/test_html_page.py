"""The page: what it holds, and that it needs and runs nothing else."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from tagger.errors import ConfigError
from tagger.interpretability.gate_activations import Gates
from tagger.interpretability.html_page import MOST_WORDS, gates_page

EVIL = ("</script><script>alert(1)</script>", "<b>", "&amp;", '"', "'", "@DATA@", "@TITLE@", "文\u2028", "\\u003c")


def made(tokens: tuple[str, ...] = EVIL) -> Gates:
    rng = np.random.default_rng(1)
    shape = (len(tokens), 3)
    arrays: dict[tuple[str, int, str], Any] = {
        ("forward", 1, "forget_gate"): rng.uniform(size=shape),
        ("backward", 2, "cell_state"): 40 * rng.normal(size=shape).astype(np.float32),
    }
    return Gates("lstm", tokens, arrays, tuple(reversed(tokens)), (0, 2) if len(tokens) > 2 else (0,))


class Page(HTMLParser):
    """Tags, attributes, and the text within each kind of tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.tags[-1][0] if self.tags else "", []).append(data)


def contents(text: str) -> dict[str, Any]:
    """The data of a page, as a browser reads it."""
    found = [data for data in Page(text).texts["script"] if data.startswith("{")]
    assert len(found) == 1
    read: dict[str, Any] = json.loads(found[0])
    return read


def test_every_value_is_there() -> None:
    gates = made()
    data = contents(gates_page(gates))
    assert data["tokens"] == list(EVIL)
    assert data["tags"] == list(reversed(EVIL))
    assert data["starts"] == [0, 2]
    assert list(data["names"]) == ["forget_gate", "cell_state"]
    assert data["names"]["forget_gate"]["equation"] == "f = σ(W_f x + U_f h + b_f)"
    assert data["names"]["cell_state"]["gate"] is False
    for one, (key, expected) in zip(data["arrays"], gates.arrays.items(), strict=True):
        assert (one["direction"], one["layer"], one["name"]) == key
        values = np.frombuffer(base64.b64decode(one["values"]), dtype="<i2").reshape(-1, one["size"])
        np.testing.assert_allclose(values * one["limit"] / 32767, expected, rtol=0, atol=one["limit"] / 60_000)


def test_text_cannot_become_markup() -> None:
    """Whatever the words are, the page has the same tags."""
    plain, evil = Page(gates_page(made(("a", "b", "c")))), Page(gates_page(made(), title="</title><script>@DATA@"))
    assert evil.tags == plain.tags
    assert [tag for tag, _ in evil.tags].count("script") == 2
    assert evil.texts["title"][0] == "</title><script>@DATA@"


def test_the_script_writes_text_never_markup() -> None:
    page = gates_page(made())
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert forbidden not in page


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = gates_page(made())
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttpRequest|import\(", page)
    attributes = [name for _, found in Page(page).tags for name in found]
    assert not {"src", "href", "srcset", "action", "background"} & set(attributes)
    policy = next(found["content"] for tag, found in Page(page).tags if tag == "meta" and "http-equiv" in found)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_light_and_dark() -> None:
    page = gates_page(made())
    assert "color-scheme: light dark" in page
    assert "prefers-color-scheme: dark" in page


def test_the_title_names_the_cell_and_the_first_words() -> None:
    page = Page(gates_page(made(tuple("abcdefghij"))))
    assert page.texts["h1"][0] == page.texts["title"][0] == "What an LSTM does at “a b c d e f g h …”"


def test_picked_units_keep_their_numbers() -> None:
    assert contents(gates_page(made().pick(units=[2, 0])))["units"] == [2, 0]
    assert contents(gates_page(made()))["units"] is None


def test_too_many_words_are_refused() -> None:
    tokens = ("a",) * (MOST_WORDS + 1)
    with pytest.raises(ConfigError, match="page: the text has 1,001 words; expected at most 1,000"):
        gates_page(made(tokens))
