"""JSON lines: one object a line, with a list of words and lists of labels, or a text and labelled spans.

{"tokens": ["They", "can"], "upos": ["PRON", "AUX"]}
{"words": ["They", "can"], "ner_tags": [0, 0]}
{"text": "Ann lives in Oslo.", "spans": [[0, 3, "PER"], [13, 17, "LOC"]]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tagger.corpora.files.lines import DamagedLine
from tagger.corpora.formats.char_spans import SPAN_KEYS, spanned_sentence
from tagger.corpora.formats.metadata import METADATA_KEY, SentenceMetadata
from tagger.corpora.formats.options import LabelledFile, ReadOptions
from tagger.corpora.formats.sentence import (
    InvalidSentenceError,
    OnProblem,
    Problem,
    ProblemKind,
    RawSentence,
    excerpt,
)

TOKEN_KEYS = ("tokens", "words", "word_form", "forms", "form", "token", "word")
TEXT_KEYS = ("text", "sentence", "data")
_SURROGATE = re.compile("[\ud800-\udfff]")


def sentences(lines: Iterable[str], file: LabelledFile, on_problem: OnProblem) -> Iterator[RawSentence]:
    """Read JSON lines. The words have the key ``tokens_column``, or the first of ``TOKEN_KEYS`` there is.

    Yields:
        Sentences with every list of strings or whole numbers that is as long as the words, under its key;
        spans as the column ``ner`` in the scheme IOB2.
    """
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        try:
            record = parse_object(line)
            if "\\ud" in line.lower() and _SURROGATE.search(json.dumps(record, ensure_ascii=False)):
                raise InvalidSentenceError(f"half of a surrogate pair, which is no character: {excerpt(line)}")
            sentence = _sentence(record, number, file.options)
        except ValueError as error:
            kind = error.kind if isinstance(error, InvalidSentenceError) else ProblemKind.MALFORMED
            on_problem(Problem(number, str(error), number, kind))
            continue
        if file.metadata:
            sentence.metadata = _metadata(record, sentence, file.options.tokens_column)
        yield sentence


def parse_object(line: str, example: str = '{"tokens": [...], "upos": [...]}') -> dict[str, Any]:
    """Parse the object of a line.

    Args:
        line: of the file.
        example: of what is expected, for messages.

    Raises:
        InvalidSentenceError: the line is damaged, or is not a JSON object.
    """
    if isinstance(line, DamagedLine):
        raise InvalidSentenceError(line.reason, ProblemKind.ENCODING)
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        place = f"{error.msg} at column {error.colno}"
        raise InvalidSentenceError(f"not JSON ({place}), expected one object on each line: {excerpt(line)}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidSentenceError(f"not JSON that can be read: {excerpt(line)}") from error
    if not isinstance(record, dict):
        raise InvalidSentenceError(f"expected an object such as {example}: {excerpt(line)}")
    return record


def token_key(record: dict[str, Any], wanted: str | None = None) -> str:
    """Return the key of the words of a record: ``wanted``, or the first of ``TOKEN_KEYS`` there is.

    Raises:
        InvalidSentenceError: there is no such key.
    """
    key = wanted if wanted is not None else next((key for key in TOKEN_KEYS if key in record), None)
    if key is None or key not in record:
        expected = wanted or ", ".join(TOKEN_KEYS[:2])
        raise InvalidSentenceError(f"no list of words ({expected}) among the keys {', '.join(record) or '(none)'}")
    return key


def words_of(record: dict[str, Any], key: str) -> list[str]:
    """Return the words under a key, none of them empty; there may be no word at all.

    Raises:
        InvalidSentenceError: they are not a list of strings, or one is empty.
    """
    words = record[key]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidSentenceError(f"{key!r} must be a list of strings, one word each: {excerpt(str(words))}")
    if not all(words):
        message = f"word {words.index('') + 1} of {key!r} is empty: {excerpt(str(words))}"
        raise InvalidSentenceError(message, ProblemKind.EMPTY)
    return words


def _sentence(record: dict[str, Any], number: int, options: ReadOptions) -> RawSentence:
    tokens_column, numbers = options.tokens_column, options.numbers
    text = next((record[name] for name in TEXT_KEYS if isinstance(record.get(name), str)), None)
    spans = next((record[name] for name in SPAN_KEYS if _are_spans(record.get(name))), None)
    if spans is not None and text is not None:
        wanted = (tokens_column,) if tokens_column is not None else TOKEN_KEYS
        given = next((record[key] for key in wanted if key in record), None)
        if not _is_list_of(given, str):
            return spanned_sentence(text, spans, number)
    key = token_key(record, tokens_column)
    tokens = words_of(record, key)
    if not tokens:
        raise InvalidSentenceError(f"{key!r} holds no word", ProblemKind.EMPTY)
    others = {name: value for name, value in record.items() if name != key}
    columns = {
        name: list(map(str, value))
        for name, value in others.items()
        if name not in numbers and _is_list_of(value, str | int)
    }
    columns |= {name: value for name, value in others.items() if name in numbers and isinstance(value, list)}
    for name, labels in columns.items():
        if len(labels) != len(tokens):
            raise InvalidSentenceError(f"{len(labels)} {name!r} for {len(tokens)} words", ProblemKind.COLUMN_COUNT)
    if not columns:
        raise InvalidSentenceError(f"no list of labels among the keys {', '.join(record)}")
    return RawSentence(tokens, columns, number, [number] * len(tokens), text)


def _metadata(record: dict[str, Any], sentence: RawSentence, tokens_column: str | None) -> SentenceMetadata:
    """Keep the keys that are neither words nor text nor labels."""
    metadata = SentenceMetadata.from_value(record.pop(METADATA_KEY, None))
    used = {tokens_column or next((key for key in TOKEN_KEYS if key in record), None), *sentence.columns}
    used.add(next((key for key in TEXT_KEYS if isinstance(record.get(key), str)), None))
    if "ner" in sentence.columns and "ner" not in record:
        used |= set(SPAN_KEYS)
    metadata.extra = {key: value for key, value in record.items() if key not in used}
    return metadata


def _is_list_of(value: object, kind: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)


def _are_spans(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(span, list | dict) for span in value)
