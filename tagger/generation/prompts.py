"""What a text to be continued is for the language model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.tokenization.passages import TextSegment, line, raw_passages
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.generation.interfaces import State, TokenCodec, TokenPredictor

PROMPT_STEPS = 1024  # tokens of a prompt that are read at once


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


def make_prompt(text: str, tokenizer: WordTokenizer, subwords: TokenCodec) -> Prompt:
    """Cut a prompt into units as the training text was cut.

    Args:
        text: may be empty: the model begins a sentence of its own.
        tokenizer: word and sentence rules of the model.
        subwords: of the model.
    """
    ids: list[int] = [subwords.end]
    unknown: dict[str, None] = {}
    lines = text.split("\n") if text else []
    for number, passage in enumerate(raw_passages(lines, tokenizer, by_lines=subwords.kind != "word")):
        ids += [subwords.end] if number else []
        found, owners = subwords.encode(passage)
        ids += found
        if UNKNOWN_ID in found:
            unknown.update(dict.fromkeys(_unknown(passage, found, owners, subwords)))
    return Prompt(text, tuple(ids), tuple(unknown))


def _unknown(passage: TextSegment, ids: list[int], owners: list[int], subwords: TokenCodec) -> list[str]:
    if subwords.kind == "char":
        return [character for character in passage.text if UNKNOWN_ID in subwords.encode(line(character, []))[0]]
    whose = sorted({owner for unit, owner in zip(ids, owners, strict=True) if unit == UNKNOWN_ID})
    return [passage.words[owner] for owner in whose if owner < len(passage.words)]


def read_prompt(engine: TokenPredictor, prompt: Prompt) -> tuple[Tensor, State]:
    """(T, 1) last units of the prompt, and the state before them; they are to be read next."""
    ids = torch.tensor(prompt.ids)[:, None]
    state = engine.start(1)
    last = (len(ids) - 1) // PROMPT_STEPS * PROMPT_STEPS
    for start in range(0, last, PROMPT_STEPS):
        _, state = engine.next(ids[start : start + PROMPT_STEPS], state)
    return ids[last:], state
