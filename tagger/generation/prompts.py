"""What a text to be continued is for the language model."""

from __future__ import annotations

from dataclasses import dataclass

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.tokenization.passages import TextSegment, line, raw_passages
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.generation.interfaces import UnitCodec


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
    lines = text.split("\n") if text else []
    for number, passage in enumerate(raw_passages(lines, tokenizer, by_lines=units.kind != "word")):
        ids += [units.end] if number else []
        found, owners = units.encode(passage)
        ids += found
        if UNKNOWN_ID in found:
            unknown.update(dict.fromkeys(_unknown(passage, found, owners, units)))
    return Prompt(text, tuple(ids), tuple(unknown))


def _unknown(passage: TextSegment, ids: list[int], owners: list[int], units: UnitCodec) -> list[str]:
    if units.kind == "char":
        return [character for character in passage.text if UNKNOWN_ID in units.encode(line(character, []))[0]]
    whose = sorted({owner for unit, owner in zip(ids, owners, strict=True) if unit == UNKNOWN_ID})
    return [passage.words[owner] for owner in whose if owner < len(passage.words)]
