"""Records, to sentences: JSON objects, rows of Parquet, rows of tables whose cells hold lists.

A record holds a list of words and lists of labels, a list of objects with a word and its labels each, or a text and
labelled spans. The exports of Label Studio, doccano, Prodigy, spaCy, Stanza and CoreNLP are such records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from tagger.corpora.formats.char_spans import SPAN_KEYS, spanned_sentence
from tagger.corpora.formats.metadata import METADATA_KEY, SentenceMetadata
from tagger.corpora.formats.options import LabelledFile, ReadOptions
from tagger.corpora.formats.sentence import (
    MISSING,
    InvalidSentenceError,
    OnProblem,
    ProblemKind,
    RawSentence,
    excerpt,
    label_texts,
)

TOKEN_KEYS = ("tokens", "words", "word_form", "forms", "form", "token", "word")
TEXT_KEYS = ("text", "sentence", "data", "content")
EXAMPLE = '{"tokens": [...], "upos": [...]}'
PROBE_RECORDS = 1000  # looked at to learn which columns there are
_WORD_KEYS = ("word", "form", "token", "orth", "text")  # of an object that is one word
_WRAPPERS = (
    *("data", "examples", "rasa_nlu_data", "common_examples", "annotations", "documents", "docs", "paragraphs"),
    *("sentences", "sents", "records", "rows", "items"),
)


def records_in(value: Any, options: ReadOptions) -> Iterator[Any]:
    """Yield the records that a value of JSON holds, in the usual form; everything else as it is."""
    match value:
        case [str(text), dict(notes)]:  # spaCy
            yield {"text": text, **notes}
        case [{}, *_] if all(isinstance(word, dict) for word in value):  # Stanza
            yield {TOKEN_KEYS[0]: value}
        case [[*_], *_]:  # documents of them
            for item in value:
                yield from records_in(item, options)
        case {"data": {}, "annotations": [*_]} | {"data": {}, "completions": [*_]}:  # Label Studio
            yield value
        case {"columns": [*names], "data": [[*_], *_]}:  # pandas, orient="split"
            yield from (dict(zip(names, row, strict=False)) for row in value["data"])
        case {} if value and not value.keys() & {*_WRAPPERS} and all(isinstance(one, dict) for one in value.values()):
            rows = list(value.values())  # pandas, orient="index"
            if find_text_key(rows[0]) is None and find_token_key(rows[0], options.tokens_column) is None:  # "columns"
                rows = [{name: column.get(number) for name, column in value.items()} for number in rows[0]]
            yield from rows
        case {} if not find_text_key(value) and find_token_key(value, options.tokens_column) is None:
            inner = next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list | dict)), None)
            if inner is None:
                yield value
            for item in [inner] if isinstance(inner, dict) else inner or ():
                yield from records_in(item, options)
        case _:
            yield value


def find_token_key(record: dict[str, Any], wanted: str | None) -> str | None:
    """Return the key of the words of a record, None if there is none."""
    return next((key for key in (TOKEN_KEYS if wanted is None else (wanted,)) if key in record), None)


def find_text_key(record: dict[str, Any]) -> str | None:
    """Return the key of the text of a record, None if there is none."""
    return next((key for key in TEXT_KEYS if isinstance(record.get(key), str)), None)


def read_records(
    records: Iterable[tuple[int, Any]], file: LabelledFile, on_problem: OnProblem, numbers: dict[str, int] | None = None
) -> Iterator[RawSentence]:
    """Read the sentences of records, one or several in each.

    Args:
        records: with the line or row of each; an ``InvalidSentenceError`` stands for one that cannot be read.
        file: how to read it.
        on_problem: receives the problems.
        numbers: of the columns of a table, from 1; None for the places of the keys in each record.

    Yields:
        Sentences with the columns that any of the first thousand has; a word without a label has ``MISSING``.
    """
    source = _valid_sentences(records, file, on_problem)
    probe = list(islice(source, PROBE_RECORDS))
    names = dict.fromkeys(name for sentence in probe for name in sentence.columns)
    for sentence in chain(probe, source):
        sentence.numbers = numbers or sentence.numbers
        if names.keys() - sentence.columns.keys():
            sentence.columns = {name: [MISSING] * len(sentence.tokens) for name in names} | sentence.columns
        yield sentence


def _valid_sentences(
    records: Iterable[tuple[int, Any]], file: LabelledFile, on_problem: OnProblem
) -> Iterator[RawSentence]:
    for number, record in records:
        try:
            found = list(_sentences_of(record, number, file))
        except InvalidSentenceError as error:
            on_problem(error.at(number))
        else:
            yield from found


def _sentences_of(record: Any, number: int, file: LabelledFile) -> Iterator[RawSentence]:
    """Read the sentence of a record, or the sentences of one whose words are lists of lists.

    Yields:
        Sentences with every list of labels, under its key; spans as the column ``ner`` in the scheme IOB2. A label
        that is null, NaN, empty or -100 is ``MISSING``.

    Raises:
        InvalidSentenceError: the record is malformed.
    """
    options = file.options
    record = checked_record(record)
    text = record.get(find_text_key(record) or "")
    words = record.get(find_token_key(record, options.tokens_column) or "")
    spans = [record[key] for key in SPAN_KEYS if _are_spans(record.get(key))]
    if not spans and record.get("answer") == "accept" and "text" in record:  # Prodigy, nothing found
        spans = [[]]
    if spans and text is not None and not _is_list_of(words, str):
        sentence = spanned_sentence(text, next(filter(None, spans), []), number)
    else:
        key = token_key(record, options.tokens_column)
        if _is_list_of(record[key], list):
            for place in range(len(record[key])):
                yield from _sentences_of(sentence_at(record, key, place), number, file)
            return
        sentence = _labelled(record, key, text, number, options)
    if file.metadata:
        sentence.metadata = _metadata(record, sentence, options.tokens_column)
    yield sentence


def checked_record(record: Any) -> dict[str, Any]:
    """Return a record that is an object, and one that its annotator accepted.

    Raises:
        InvalidSentenceError: it is not.
    """
    if isinstance(record, InvalidSentenceError):
        raise record
    if not isinstance(record, dict):
        raise InvalidSentenceError(f"expected an object such as {EXAMPLE}: {excerpt(str(record))}")
    if record.get("answer") in ("reject", "ignore"):
        raise InvalidSentenceError(f"its annotator did not accept it: the answer is {record['answer']!r}")
    return _of_task(record) if isinstance(record.get("data"), dict) else record


def token_key(record: dict[str, Any], wanted: str | None = None) -> str:
    """Return the key of the words of a record: ``wanted``, or the first of ``TOKEN_KEYS`` there is.

    Raises:
        InvalidSentenceError: there is no such key.
    """
    key = find_token_key(record, wanted)
    if key is None:
        expected = wanted or ", ".join(TOKEN_KEYS[:2])
        message = f"no list of words ({expected}) among the keys {', '.join(record) or '(none)'}"
        raise InvalidSentenceError(f"{message}; name it (--tokens-column)")
    return key


def words_of(record: dict[str, Any], key: str) -> list[str]:
    """Return the words under a key, none of them empty; there may be no word at all.

    Raises:
        InvalidSentenceError: they are not a list of strings, or one is empty.
    """
    words = record[key]
    if _is_list_of(words, dict):
        words = [_word(item, record.get("text")) for item in _single_words(words)]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidSentenceError(f"{key!r} must be a list of strings, one word each: {excerpt(str(words))}")
    if not all(words):
        message = f"word {words.index('') + 1} of {key!r} is empty: {excerpt(str(words))}"
        raise InvalidSentenceError(message, ProblemKind.EMPTY)
    return words


def _labelled(record: dict[str, Any], key: str, text: str | None, number: int, options: ReadOptions) -> RawSentence:
    tokens = words_of(record, key)
    if not tokens:
        raise InvalidSentenceError(f"{key!r} holds no word", ProblemKind.EMPTY)
    others = {name: value for name, value in record.items() if name != key}
    if _is_list_of(record[key], dict):
        others |= _labels_of_words(record[key])
    lists = {
        name: value for name, value in others.items() if isinstance(value, list) and (value or name in options.numbers)
    }
    found = {name: label_texts(value, name, options.numbers) for name, value in lists.items()}
    columns = {name: labels for name, labels in found.items() if labels is not None}
    for name, labels in columns.items():
        if len(labels) != len(tokens):
            raise InvalidSentenceError(f"{len(labels)} {name!r} for {len(tokens)} words", ProblemKind.COLUMN_COUNT)
    if not columns:
        raise InvalidSentenceError(f"no list of labels among the keys {', '.join(record)}")
    numbers = {name: place for place, name in enumerate(record, 1)}
    return RawSentence(tokens, columns, number, [number] * len(tokens), text, numbers=numbers)


def _single_words(words: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the ranges of words that Stanza writes before the words of a contraction."""
    return [word for word in words if not isinstance(word.get("id"), list)]


def _word(item: dict[str, Any], text: Any) -> Any:
    """Return the word of an object; spaCy gives its place in the text only."""
    word = next((item[key] for key in _WORD_KEYS if key in item), None)
    match item:
        case {"start": int(start), "end": int(end)} if word is None and isinstance(text, str):
            return text[start:end]
    return word


def _labels_of_words(words: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return what the objects of words hold beside the word itself, as columns."""
    single = _single_words(words)
    names = dict.fromkeys(key for word in single for key, value in word.items() if isinstance(value, str))
    return {name: [word.get(name) for word in single] for name in names if name not in _WORD_KEYS}


def _of_task(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task of Label Studio as a text with spans."""
    data = task["data"]
    given = task.get("annotations", task.get("completions"))
    if not isinstance(given, list):
        return task
    done = [work for work in given if isinstance(work, dict) and not work.get("was_cancelled")]
    done = [work for work in done if work.get("ground_truth")] or done
    spans = [
        [item["value"] for item in work.get("result") or () if "start" in (item.get("value") or ())] for work in done
    ]
    if not spans:
        raise InvalidSentenceError(f"a task without annotation: {excerpt(str(data))}")
    if any(other != spans[0] for other in spans):
        raise InvalidSentenceError(f"{len(spans)} annotations that differ, expected one: {excerpt(str(data))}")
    texts = [value for key, value in data.items() if isinstance(value, str) and key != "id"]
    if "text" not in data and len(texts) != 1:
        raise InvalidSentenceError(f"no text among the data of the task: {excerpt(str(data))}")
    others = {key: value for key, value in task.items() if key not in ("data", "annotations", "completions")}
    return {**others, "text": data["text"] if "text" in data else texts[0], "spans": spans[0]}


def sentence_at(record: dict[str, Any], key: str, place: int) -> dict[str, Any]:
    """Return one sentence of a record that is a document."""
    sentence = {name: value for name, value in record.items() if not isinstance(value, list)}
    for name, value in record.items():
        if _is_list_of(value, list):
            if len(value) != len(record[key]):
                message = f"{len(value)} lists in {name!r} for {len(record[key])} in {key!r}"
                raise InvalidSentenceError(message, ProblemKind.COLUMN_COUNT)
            sentence[name] = value[place]
    return sentence


def _metadata(record: dict[str, Any], sentence: RawSentence, tokens_column: str | None) -> SentenceMetadata:
    """Keep the keys that are neither words nor text nor labels."""
    metadata = SentenceMetadata.from_value(record.get(METADATA_KEY))
    text_key = find_text_key(record) or "text"
    used = {METADATA_KEY, find_token_key(record, tokens_column), text_key, *sentence.columns}
    if "ner" in sentence.columns and "ner" not in record:
        used |= set(SPAN_KEYS)
    metadata.extra = {key: value for key, value in record.items() if key not in used}
    return metadata


def _is_list_of(value: object, kind: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)


def _are_spans(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(span, list | dict) for span in value)
