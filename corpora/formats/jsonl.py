"""JSON lines: one object a line, with a list of words and lists of labels, or a text and labelled spans.

{"tokens": ["They", "can"], "upos": ["PRON", "AUX"]}
{"words": ["They", "can"], "ner_tags": [0, 0]}
{"text": "Ann lives in Oslo.", "spans": [[0, 3, "PER"], [13, 17, "LOC"]]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.char_spans import SPAN_KEYS, spanned_sentence
from tagger.corpora.formats.sentence import OnProblem, Problem, RawSentence, excerpt

TOKEN_KEYS = ("tokens", "words", "word_form", "forms", "form", "token", "word")
TEXT_KEYS = ("text", "sentence", "data")
_SURROGATE = re.compile("[\ud800-\udfff]")


def sentences(
    lines: Iterable[str], on_problem: OnProblem, *, tokens_column: str | None = None, numbers: Collection[str] = ()
) -> Iterator[RawSentence]:
    """Reads JSON lines.

    Args:
        lines: the lines of a file from its first.
        on_problem: told of every line that is no such object; it is then left out.
        tokens_column: the key of the words, None for the first of ``TOKEN_KEYS`` there is.
        numbers: keys of lists of numbers, which come along as they are.

    Yields:
        Sentences with every list of strings or whole numbers that is as long as the words, under its key;
        spans as the column ``ner`` in the scheme IOB2.
    """
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            try:
                yield _sentence(_parse(line), number, tokens_column, numbers)
            except ValueError as error:
                on_problem(Problem(number, str(error), number))


def _parse(line: str) -> dict[str, Any]:
    if isinstance(line, DamagedLine):
        raise ValueError(line.reason)
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        place = f"{error.msg} at column {error.colno}"
        raise ValueError(f"not JSON ({place}), expected one object on each line: {excerpt(line)}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON that can be read: {excerpt(line)}") from error
    if "\\ud" in line.lower() and _SURROGATE.search(json.dumps(found, ensure_ascii=False)):
        raise ValueError(f"half of a surrogate pair, which is no character: {excerpt(line)}")
    if not isinstance(found, dict):
        raise ValueError(f'expected an object such as {{"tokens": [...], "upos": [...]}}: {excerpt(line)}')
    return found


def _sentence(row: dict[str, Any], number: int, tokens_column: str | None, numbers: Collection[str]) -> RawSentence:
    key = tokens_column if tokens_column is not None else next((k for k in TOKEN_KEYS if k in row), None)
    text = next((row[name] for name in TEXT_KEYS if isinstance(row.get(name), str)), None)
    spans = next((row[name] for name in SPAN_KEYS if _are_spans(row.get(name))), None)
    if spans is not None and text is not None and (key is None or not _are_words(row[key])):
        return spanned_sentence(text, spans, number)
    if key is None or key not in row:
        expected = tokens_column or ", ".join(TOKEN_KEYS[:2])
        raise ValueError(f"no list of words ({expected}) among the keys {', '.join(row) or '(none)'}")
    if not _are_words(row[key]):
        raise ValueError(f"{key!r} must be a list of strings, one word each: {excerpt(str(row[key]))}")
    tokens: list[str] = row[key]
    if "" in tokens:
        raise ValueError(f"word {tokens.index('') + 1} of {key!r} is empty: {excerpt(str(tokens))}")
    others = {name: value for name, value in row.items() if name != key}
    columns = {name: _labels(value) for name, value in others.items() if name not in numbers and _are_labels(value)}
    columns |= {name: value for name, value in others.items() if name in numbers and isinstance(value, list)}
    for name, labels in columns.items():
        if len(labels) != len(tokens):
            raise ValueError(f"{len(labels)} {name!r} for {len(tokens)} words")
    if not columns:
        raise ValueError(f"no list of labels among the keys {', '.join(row)}")
    return RawSentence(tokens, columns, number, [number] * len(tokens), text)


def _are_words(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _are_labels(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(label, str | int) for label in value)


def _are_spans(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(span, list | dict) for span in value)


def _labels(values: list[str | int]) -> list[str]:
    return [str(value) for value in values]
