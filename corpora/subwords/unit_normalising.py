"""What is done to text before its units are looked up: small letters, digits as 0. It lies in ``tokenizer.json``.

The rules are a ``tokenizers`` normalizer, applied here through that very object, so that any program that
loads the file does the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers.normalizers import Normalizer


def normalizer_for(*, lowercase: bool, digits: bool) -> Normalizer | None:
    """The normalizer for these options, None where text is taken as it is.

    Args:
        lowercase: in small letters.
        digits: every decimal digit of any script is 0.
    """
    from tokenizers import Regex
    from tokenizers.normalizers import Lowercase, Replace, Sequence

    steps: list[Any] = [Lowercase()] if lowercase else []
    steps += [Replace(Regex(r"\p{Nd}"), "0")] if digits else []
    return Sequence(steps) if steps else None
