"""A made-up language that a tagger learns within a second, as CoNLL-U files, and a way to run the command line."""

from __future__ import annotations

import io
import random
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.cli.main import main

LEXICON = {
    "DET": ["the", "a", "this", "every"],
    "NOUN": ["dog", "dogs", "cat", "cats", "can", "cans", "fish", "stone", "stones", "river", "rivers"],
    "VERB": ["sees", "likes", "finds", "fish", "takes", "follows", "drops", "washes"],
    "AUX": ["can", "will", "must"],
    "PRON": ["they", "she", "it", "we"],
    "ADV": ["often", "slowly", "never"],
    "PUNCT": [".", "!"],
}
PATTERNS = [
    "PRON AUX VERB PUNCT",
    "DET NOUN VERB DET NOUN PUNCT",
    "PRON ADV VERB DET NOUN PUNCT",
    "DET NOUN AUX ADV VERB PUNCT",
    "PRON VERB ADV",
]
SETTINGS: dict[str, Any] = {
    "words.embedding_size": 12,
    "words.min_count": 1,
    "words.characters": "affix",
    "words.affix_size": 4,
    "words.character_size": 8,
    "words.output_size": 16,
    "encoder.hidden_size": 12,
    "training.epochs": 10,
    "training.batch_tokens": 60,
    "training.learning_rate": 4e-2,
    "training.dropout": 0.1,
    "training.word_dropout": 0.1,
    "training.label_smoothing": 0.05,
    "training.auxiliary": [],
    "training.average": 0.5,
}
"""Small and quick; independent of what the defaults are."""
TOML = """
[words]
embedding_size = 12
min_count = 1
characters = "affix"
affix_size = 4
character_size = 8
output_size = 16
[encoder]
hidden_size = 12
[training]
epochs = 10
batch_tokens = 60
learning_rate = 0.04
dropout = 0.1
word_dropout = 0.1
label_smoothing = 0.05
auxiliary = []
average = 0.5
"""
"""The same as a file."""

Sentence = tuple[list[str], list[str]]


def sentences(number: int, seed: int) -> list[Sentence]:
    """Random sentences with their tags; "can" and "fish" take two of them."""
    rng = random.Random(seed)
    made = []
    for _ in range(number):
        tags = rng.choice(PATTERNS).split()
        made.append(([rng.choice(LEXICON[tag]) for tag in tags], tags))
    return made


def conllu(made: list[Sentence]) -> str:
    """CoNLL-U; the XPOS is the UPOS in small letters, FEATS say whether the word ends in s."""
    blocks = []
    for words, tags in made:
        rows = [
            f"{n}\t{word}\t{word}\t{tag}\t{tag.lower()}\tS={'Yes' if word.endswith('s') else 'No'}\t0\tdep\t_\t_"
            for n, (word, tag) in enumerate(zip(words, tags, strict=True), 1)
        ]
        blocks.append("\n".join([f"# text = {' '.join(words)}", *rows]) + "\n\n")
    return "".join(blocks)


def write_corpus(folder: Path) -> Path:
    """A folder of three files: 60 sentences to learn from, 15 each for dev and test."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, number, seed in (("train", 60, 1), ("dev", 15, 2), ("test", 15, 3)):
        (folder / f"xx_tiny-ud-{split}.conllu").write_text(conllu(sentences(number, seed)), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Result:
    """What a command did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one line that an error may be."""
        lines = self.err.splitlines()
        assert "Traceback" not in self.err
        assert len(lines) == 1, self.err
        return lines[0]


def run(*arguments: str | float | Path) -> Result:
    """Run ``tagger ARGUMENTS`` in this process, through the boundary that turns errors into exit codes."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    code: Any = None
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code
    assert isinstance(code, int)
    return Result(code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    """What was written, as text and as bytes."""
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
