"""The vocabulary of a language model: always with ``<unk>`` and ``<eos>``, never of nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from tagger.corpora.encoding.vocabulary import UNKNOWN, Vocabulary
from tagger.corpora.formats.sentence import excerpt, number_of
from tagger.errors import ConfigError, CorpusError

END = "<eos>"
MARKS = (UNKNOWN, END)


def unit_vocabulary(
    counts: Mapping[str, int],
    ends: int,
    *,
    max_size: int | None,
    min_count: int,
    what: str = "word",
    source: str | None = None,
) -> Vocabulary:
    """Builds a vocabulary whose every entry can be predicted.

    Rarer units are not kept: they are ``<unk>``. A literal ``<unk>`` in the text is the unknown unit and a
    literal ``<eos>`` the end of a passage, not second entries.

    Args:
        counts: occurrences of each unit.
        ends: how many passages there are.
        max_size: V at most.
        min_count: rarer units are left out.
        what: ``word`` or ``character``, for messages.
        source: the file, for messages.

    Raises:
        CorpusError: fewer than two different units are in the text, or frequent enough.
        ConfigError: ``max_size`` leaves room for ``<unk>`` and ``<eos>`` only.
    """
    if max_size is not None and max_size < 4:
        raise ConfigError(f"a vocabulary of {max_size}, expected at least 4: {UNKNOWN}, {END} and two {what}s")
    units = {unit: count for unit, count in counts.items() if unit not in MARKS}
    frequent = sorted((unit for unit in units if units[unit] >= min_count), key=lambda unit: (-units[unit], unit))
    if len(frequent) < 2:
        raise CorpusError(_too_few(units, frequent, min_count, what), path=source)
    kept = {unit: units[unit] for unit in frequent[: None if max_size is None else max_size - 2]}
    return Vocabulary.from_counts({**kept, END: max(1, ends + counts.get(END, 0))})


def _too_few(units: Mapping[str, int], frequent: list[str], min_count: int, what: str) -> str:
    if len(units) < 2:
        held = f"one, {excerpt(next(iter(units)))}" if units else "none"
        return f"the vocabulary has too few different {what}s: {held}; expected running text"
    most = max(units, key=lambda unit: (units[unit], unit))
    found = number_of(len(frequent), what)
    return (
        f"{found} of {len(units):,} occurring {min_count} times or more, all others would be {UNKNOWN}; "
        f"the most frequent, {excerpt(most)}, occurs {number_of(units[most], 'time')}: lower --min-count"
    )
