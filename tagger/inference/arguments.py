"""What people hand to a tagger in Python: texts and tokens are checked, and what is neither is named with its place."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import Any

from tagger.corpora.encoding.vocabulary import Vocabulary
from tagger.corpora.tokenization.sentence_splitter import Token
from tagger.corpora.tokenization.tokenizer import WordTokenizer

TOKENS = "the tokens of a sentence (a list, tuple or array of str)"
SENTENCE = f"expected {TOKENS}"
TEXT = "expected a text (str)"
TEXT_OR_SENTENCE = f"{TEXT} or {TOKENS}"
BLANK_SHARE = 0.005
"""Share of the vocabulary with white space inside from which on words may hold it."""
CJK_ENDS = "。！？"
SEVERAL_WORDS = re.compile(rf"[^\0 \t\r\n\f\v](?:[ \t\r\n\f\v]+[^\0 \t\r\n\f\v]|[{CJK_ENDS}](?=\0|$))")
"""White space inside a token, but for no-break spaces, or the end of a sentence in a script without white space."""


def check_text(text: Any, where: str, expected: str = TEXT) -> None:
    """Check that something is a text.

    Raises:
        TypeError: it is no string, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise TypeError(f"{where} is {described(text)}; {expected}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X} at {error.start}, half of a surrogate pair"
        raise TypeError(f"{where} has {half}; {expected}") from None


def split_text(text: Any, tokenizer: WordTokenizer, where: str) -> list[list[Token]]:
    """Split a text into sentences of words.

    Raises:
        TypeError: as ``check_text``.
    """
    check_text(text, where)
    return list(tokenizer.sentences(text))


def split_texts(
    texts: Iterable[Any], tokenizer: WordTokenizer, *, as_tuples: bool
) -> Iterator[tuple[list[list[Token]], Any]]:
    """Split texts into sentences of words; each is given with what stands beside it in its pair, or None.

    Raises:
        TypeError: as ``split_text``, or what should be a pair is none.
    """
    for number, text in enumerate(texts):
        where, other = f"texts[{number}]", None
        if as_tuples:
            if not isinstance(text, tuple | list) or len(text) != 2:
                raise TypeError(f"{where} is {described(text)}; expected a pair of a text (str) and anything")
            where, (text, other) = f"{where}[0]", text
        yield split_text(text, tokenizer, where), other


def check_tokens(tokens: Any, where: str, expected: str = SENTENCE) -> None:
    """Check that something is the tokens of a sentence.

    Raises:
        TypeError: it is no sequence of strings, or one holds half of a surrogate pair.
    """
    if type(tokens) is not list:
        _check_sequence(tokens, where, expected)
    try:
        "".join(tokens).encode()
    except UnicodeEncodeError:
        for number, token in enumerate(tokens):
            check_text(token, f"{where}[{number}]", "expected a token (str)")
    except TypeError:
        number, token = next((at, one) for at, one in enumerate(tokens) if not isinstance(one, str))
        several = "; for many sentences use tag_sentences()" if isinstance(token, list | tuple) else ""
        raise TypeError(f"{where}[{number}] is {described(token)}; expected a token (str){several}") from None


def _check_sequence(tokens: Any, where: str, expected: str) -> None:
    if isinstance(tokens, str):  # its letters would be tagged as words
        raise TypeError(f"{where} is the text {reprlib.repr(tokens)}; {SENTENCE}; for texts use tag() or tag_texts()")
    ordered = isinstance(tokens, Collection) and not isinstance(tokens, Set | Mapping | bytes | bytearray)
    if not ordered or hasattr(tokens, "columns"):
        raise TypeError(f"{where} is {described(tokens)}; {expected}")


def check_one_sentence(tokens: Collection[str], vocabulary: Vocabulary, tokenizer: WordTokenizer) -> None:
    """Check that a list is the tokens of one sentence rather than texts.

    Raises:
        TypeError: it holds texts, each of which would be tagged as one word.
    """
    if not SEVERAL_WORDS.search("\0".join(tokens)):
        return
    several = [token for token in tokens if SEVERAL_WORDS.search(token) and token not in vocabulary]
    texts = [token for token in several if len(tokenizer.words(token)) > 2 or token[-1] in CJK_ENDS]
    if not texts and len(several) < len(tokens):
        return
    words = vocabulary.words
    if sum(" " in word for word in words) < BLANK_SHARE * len(words):
        raise TypeError(
            f"{described((texts or several)[0])} in the list is a text; expected the tokens of one sentence. "
            "For many texts use tag_texts(); tag_sentences() takes tokens that hold white space"
        )


def described(value: Any) -> str:
    """Describe a value by its beginning and its type."""
    return f"{' '.join(reprlib.repr(value).split())} ({type(value).__name__})"
