"""Which column of a table holds the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tagger.corpora.formats.jsonl import TOKEN_KEYS
from tagger.errors import CorpusError

TEXT_COLUMNS = ("text", "sentence", "content", "document", "article", "story", "body")


def choose_text_column(
    held: Mapping[str, bool], asked: str | None, source: str, *, tokens: Sequence[str] = TOKEN_KEYS
) -> str | None:
    """The column of text.

    Args:
        held: the columns that there are, each with whether it holds strings.
        asked: the column that the user named, None for one with a usual name.
        source: what to call the table in messages.
        tokens: names of columns of words, which stand in for text.

    Returns:
        Its name, or None where there is a column of words instead.

    Raises:
        CorpusError: there is neither.
    """
    if asked is not None:
        if held.get(asked):
            return asked
        what = "holds no strings" if asked in held else "is not there"
        raise CorpusError(f"the column {asked!r} {what}; {_columns(held)}", path=source)
    words = next((name for name in tokens if name in held and not held[name]), None)
    if words is not None and held.get("text"):
        return None  # words in their raw text
    text = next((name for name in TEXT_COLUMNS if held.get(name)), None)
    strings = [name for name, of_strings in held.items() if of_strings]
    text = text or (strings[0] if len(strings) == 1 and words is None else None)
    if text is None and words is None:
        raise CorpusError(f"no column of text; {_columns(held)}; name it (--text-column)", path=source)
    return text


def _columns(held: Mapping[str, bool]) -> str:
    strings = ", ".join(name for name, of_strings in held.items() if of_strings) or "none"
    return f"columns of strings: {strings} (of {', '.join(held) or 'none'})"
