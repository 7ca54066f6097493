"""Large files from a small corpus: its sentences over and over, with an invented word now and then.

The invented words keep the number of types growing, as in real text: a cache without a bound would show.
"""

from __future__ import annotations

import random
import shutil
import string
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from benchmarks.peers import conllu_lines
from benchmarks.peers.conllu_lines import FORM


def bundled_file() -> Path:
    """The training file of the corpus that comes with the toolkit."""
    from tagger.corpora.sources.locate import bundled

    found = bundled("bundled")
    assert found is not None
    return found.files["train"][0]


def write_tokens(path: Path, source: Path, *, tokens: int, rare_every: int, seed: int = 1) -> int:
    """Write pre-tokenised text, one sentence a line.

    Args:
        path: to write.
        source: CoNLL-U file to repeat.
        tokens: stop with the sentence that reaches this number.
        rare_every: tokens between two invented words, about; 0 for none.
        seed: of the inventions.

    Returns:
        Tokens written.
    """
    sentences = [sentence for sentence in conllu_lines.read(source)[0] if sentence]
    lines = [" ".join(sentence) + "\n" for sentence in sentences]
    inventions = _inventions(seed)
    written, due = 0, rare_every
    with path.open("w", encoding="utf-8") as file:
        for sentence, line in cycle(zip(sentences, lines, strict=True)):
            written += len(sentence)
            if rare_every and written >= due:
                due += rare_every
                line = " ".join([next(inventions), *sentence[1:]]) + "\n"
            file.write(line)
            if written >= tokens:
                return written
    raise SystemExit(f"{source}: no sentences to repeat")


def write_conllu(path: Path, source: Path, *, size: int, rare_every: int, seed: int = 1) -> int:
    """Write a CoNLL-U file of about ``size`` bytes; the other arguments are those of ``write_tokens``.

    Returns:
        Words written.
    """
    blocks = list(conllu_lines.blocks(source))
    counts = [len(conllu_lines.words(block, "upos")[0]) for block in blocks]
    inventions = _inventions(seed)
    words, due = 0, rare_every
    with path.open("wb") as file:
        for block, count in cycle(zip(blocks, counts, strict=True)):
            words += count
            if rare_every and words >= due:
                due += rare_every
                block = _with_first_word(block, next(inventions))
            file.write(f"{block}\n".encode())
            if file.tell() >= size:
                return words
    raise SystemExit(f"{source}: no sentences to repeat")


def check_space(folder: Path, size: float) -> None:
    """Refuse to fill a disk.

    Args:
        folder: where the file is to lie.
        size: bytes that are needed.
    """
    free = shutil.disk_usage(folder).free
    if free < 1.1 * size:
        raise SystemExit(f"{folder}: {free / 1e9:.1f} GB free, {1.1 * size / 1e9:.1f} GB needed; name another --work")


def _inventions(seed: int) -> Iterator[str]:
    """Random words of 6 to 12 letters, without end."""
    rng = random.Random(seed)
    while True:
        yield "".join(rng.choices(string.ascii_lowercase, k=rng.randint(6, 12)))


def _with_first_word(block: str, word: str) -> str:
    lines = block.split("\n")
    place = next(i for i, line in enumerate(lines) if line.split("\t")[0].isdecimal())
    fields = lines[place].split("\t")
    fields[FORM] = word
    lines[place] = "\t".join(fields)
    return "\n".join(lines)
