"""What a text to be continued is for the language model."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.corpora.passages import Passage, line, sentence
from tagger.corpora.tokenization import WordTokenizer
from tagger.corpora.vocabulary import UNKNOWN_ID
from tagger.unit_predictor import UnitCodec


@dataclass(frozen=True, slots=True)
class Prompt:
    """The beginning of a text.

    Args:
        text: as the user wrote it.
        ids: its units, ``<eos>`` first and between sentences (lines); the last sentence is still open.
        unknown: its words (characters, pieces) that the model does not know, each once, in order.
    """

    text: str
    ids: tuple[int, ...]
    unknown: tuple[str, ...] = ()


def make_prompt(text: str, tokenizer: WordTokenizer, units: UnitCodec) -> Prompt:
    """Cut a prompt into units as the training text was cut.

    Args:
        text: may be empty: the model begins a sentence of its own.
        tokenizer: word and sentence rules of the model.
        units: of the model.
    """
    ids: list[int] = [units.end]
    unknown: dict[str, None] = {}
    for number, passage in enumerate(_passages(text, tokenizer, units.kind)):
        ids += [units.end] if number else []
        found, owners = units.encode(passage)
        ids += found
        if UNKNOWN_ID in found:
            unknown.update(dict.fromkeys(_unknown(passage, found, owners, units)))
    return Prompt(text, tuple(ids), tuple(unknown))


def _unknown(passage: Passage, ids: list[int], owners: list[int], units: UnitCodec) -> list[str]:
    if units.kind == "char":
        return [character for character in passage.text if UNKNOWN_ID in units.encode(line(character, []))[0]]
    whose = sorted({owner for unit, owner in zip(ids, owners, strict=True) if unit == UNKNOWN_ID})
    return [passage.words[owner] for owner in whose if owner < len(passage.words)]


def _passages(text: str, tokenizer: WordTokenizer, kind: str) -> list[Passage]:
    if kind == "word":
        return [sentence(tokens) for tokens in tokenizer.sentences(text)]
    lines = text.split("\n") if text else []
    return [line(row, tokenizer.words(row)) for row in lines]
