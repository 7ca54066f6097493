"""Prompts: texts that a language model continues, as token ids."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tagger.corpora.encoding.vocabulary import UNKNOWN_ID
from tagger.corpora.subwords.base import SubwordTokenizer
from tagger.corpora.tokenization.passages import TextSegment, line, raw_passages
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.generation.decoder import State, TokenPredictor

PROMPT_STEPS = 1024  # tokens of a prompt that are read at once


@dataclass(frozen=True, slots=True)
class Prompt:
    """The beginning of a text.

    Args:
        text: as the user wrote it.
        ids: its tokens, ``<eos>`` first and between sentences (lines); the last sentence is still open.
        unknown: its words (or characters) that the model does not know, each once, in order.
    """

    text: str
    ids: tuple[int, ...]
    unknown: tuple[str, ...] = ()


def make_prompt(text: str, tokenizer: WordTokenizer, subwords: SubwordTokenizer) -> Prompt:
    """Split a prompt into tokens as the training text was split.

    Args:
        text: may be empty; the model then begins a sentence.
        tokenizer: word and sentence rules of the model.
        subwords: of the model.
    """
    ids: list[int] = [subwords.end]
    unknown: dict[str, None] = {}
    lines = text.split("\n") if text else []
    for number, passage in enumerate(raw_passages(lines, tokenizer, by_lines=subwords.kind != "word")):
        ids += [subwords.end] if number else []
        tokens, word_ids = subwords.encode(passage)
        ids += tokens
        if UNKNOWN_ID in tokens:
            unknown.update(dict.fromkeys(_unknown(passage, tokens, word_ids, subwords)))
    return Prompt(text, tuple(ids), tuple(unknown))


def _unknown(passage: TextSegment, ids: list[int], word_ids: list[int], subwords: SubwordTokenizer) -> list[str]:
    if subwords.kind == "char":
        return [character for character in passage.text if UNKNOWN_ID in subwords.encode(line(character, []))[0]]
    unknown = sorted({word for token, word in zip(ids, word_ids, strict=True) if token == UNKNOWN_ID})
    return [passage.words[word] for word in unknown if word < len(passage.words)]


def read_prompt(engine: TokenPredictor, prompt: Prompt) -> tuple[Tensor, State]:
    """Read a prompt but for its last tokens: these, (T, 1), and the state before them."""
    ids = torch.tensor(prompt.ids)[:, None]
    state = engine.start(1)
    last = (len(ids) - 1) // PROMPT_STEPS * PROMPT_STEPS
    for start in range(0, last, PROMPT_STEPS):
        _, state = engine.next(ids[start : start + PROMPT_STEPS], state)
    return ids[last:], state
