"""Scores of a language model on a text, in every unit that people compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CacheScore:
    """Perplexity with a neural cache beside the model (Grave et al. 2017).

    Args:
        perplexity: per token.
        window: tokens that the cache remembers.
        theta: flatness.
        weight: lambda, the share of the cache.
    """

    perplexity: float
    window: int
    theta: float
    weight: float


@dataclass(frozen=True, slots=True)
class LanguageScores:
    """Cross-entropy over a text, and perplexities derived from it.

    Args:
        unit: "word", "bpe" or "char".
        units: predicted tokens, ends of sentences or lines included.
        words: in the text.
        characters: in the text, one more for each end.
        nats: cross-entropy summed over all tokens.
        unknown: tokens that are ``<unk>``.
        unknown_nats: their part of ``nats``.
        ends: ends of sentences or lines.
        cache: the same text with a neural cache, if one was tried.
    """

    unit: str
    units: int
    words: int
    characters: int
    nats: float
    unknown: int
    unknown_nats: float
    ends: int
    cache: CacheScore | None = None

    @property
    def perplexity(self) -> float:
        """Perplexity per token, ``<unk>`` counted like any other, as in the literature."""
        return _exp(self.nats / max(1, self.units))

    @property
    def perplexity_without_unknown(self) -> float:
        """Perplexity over known tokens: no credit for guessing that a word is unknown."""
        return _exp((self.nats - self.unknown_nats) / max(1, self.units - self.unknown))

    @property
    def perplexity_per_word(self) -> float:
        """Perplexity per word or end of sentence."""
        return _exp(self.nats / max(1, self.words + self.ends))

    @property
    def bits_per_character(self) -> float:
        """Bits per character; of little meaning for words, whose ``<unk>`` hides characters."""
        return self.nats / math.log(2) / max(1, self.characters)

    @property
    def unknown_rate(self) -> float:
        """Share of ``<unk>``, 0 to 1."""
        return self.unknown / max(1, self.units)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, derived ones first; None where a figure is not finite."""
        derived = ("perplexity", "unit", "perplexity_without_unknown", "perplexity_per_word", "bits_per_character")
        values = {name: getattr(self, name) for name in (*derived, "unknown_rate")} | asdict(self)
        del values["cache"]
        cache = {"cache": _finite(asdict(self.cache))} if self.cache else {}
        return {**_finite(values), **cache}


def score_rows(scores: Sequence[LanguageScores]) -> list[tuple[str, ...]]:
    """Format rows of a table: a name, then a figure for each text."""
    unit = scores[0].unit
    rows = [(f"perplexity per {unit}", *(_number(one.perplexity) for one in scores))]
    if any(one.cache for one in scores):
        cached = (_number(one.cache.perplexity) if one.cache else "" for one in scores)
        rows.append(("... with a neural cache", *cached))
    rows += [
        ("... without the unknown", *(_number(one.perplexity_without_unknown) for one in scores)),
        (f"unknown {unit}s", *(f"{100 * one.unknown_rate:.2f} %" for one in scores)),
    ]
    if unit != "word":
        rows.append(("perplexity per word", *(_number(one.perplexity_per_word) for one in scores)))
    return [
        *rows,
        ("bits per character", *(f"{one.bits_per_character:.3f}" for one in scores)),
        (f"{unit}s", *(f"{one.units:,}" for one in scores)),
    ]


def _number(perplexity: float) -> str:
    return f"{perplexity:,.2f}" if math.isfinite(perplexity) else "too large"


def _exp(nats: float) -> float:
    """Exponentiate; infinity where a float is too small."""
    return math.exp(nats) if nats < 700 else math.inf


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Replace infinity by None: JSON has none."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
