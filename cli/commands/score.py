"""``tagger score``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import document_options, machine_options
from tagger.corpora.formats.sentence import number_of

if TYPE_CHECKING:
    from tagger.language_modelling.surprisal import ScoredPassage, ScoreTotals

HEADER = ("sentence", "number", "word", "surprisal_bits", "rank", "entropy_bits", "known")
END = "<eos>"

EPILOG = """\b
Examples:
  tagger score --text "The horse raced past the barn fell."
  tagger score novel.txt --model runs/lm -o novel.tsv
  tagger score items.txt --input tokens --context sentence --json
"""


@click.command(epilog=EPILOG)
@document_options
@click.option(
    "--context", type=click.Choice(("text", "sentence")), default="text", show_default=True,
    help="What the model reads before a word: all of its file, or its sentence alone.",
)  # fmt: skip
@click.option("--ends", is_flag=True, help=f"Add a line for each sentence end, as the word {END}.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object a sentence instead of TSV.")
@click.option("--quiet", is_flag=True, help="Print no summary.")
@machine_options
def score(**values: Any) -> None:
    """Write surprisal, rank and entropy of every word in FILEs, or in the standard input, in any length.

    \b
    surprisal_bits  -log2 of the word's probability; pieces and characters are summed
    rank            1 for the word (its first piece or character) that the model expected most
    entropy_bits    how uncertain the model was before it
    known           0 for words that the model does not know: they are scored as <unk>
    """  # noqa: D301
    if values["files"] and values["text"] is not None:
        raise click.UsageError("FILE and --text exclude each other; give one of them")
    from tagger.cli.output.output_file import output_stream

    with output_stream(values["out"]) as stream:
        totals, seconds = _run(values, stream.write)
    if not values["quiet"]:
        click.echo(_summary(totals, seconds), err=True)


def _run(values: Mapping[str, Any], write: Callable[[bytes], object]) -> tuple[ScoreTotals, float]:
    """Score all input; returns the totals and the seconds that it took."""
    from tagger.corpora.documents.passages import read_passages
    from tagger.corpora.files.streams import open_text

    text, paths = values["text"], list(values["files"]) or ["-"]
    if text is None and paths[0] != "-":
        with open_text(paths[0]):  # fails faster than loading
            pass
    from tagger.language_modelling.language_model import LanguageModel
    from tagger.language_modelling.surprisal import ScoreTotals

    model = LanguageModel.load(values["model"], device=values["device"], threads=values["threads"])
    totals, start = ScoreTotals(), time.monotonic()
    if not values["as_json"]:
        write(("\t".join(HEADER) + "\n").encode())
    for path in [""] if text is not None else paths:
        by_lines, form = model.subwords.kind != "word", values["input_format"]
        segments = read_passages(path, model.tokenizer, input_format=form, text=text, by_lines=by_lines)
        for scored in model.score_passages(segments, context=values["context"]):
            totals.add(scored)
            lines = (
                [_record(scored, totals.sentences)]
                if values["as_json"]
                else _rows(scored, totals.sentences, ends=values["ends"])
            )
            write("".join(f"{line}\n" for line in lines).encode())
    return totals, time.monotonic() - start


def _rows(scored: ScoredPassage, sentence: int, *, ends: bool) -> Iterator[str]:
    columns = (scored.passage.words, scored.surprisals, scored.ranks, scored.entropies, scored.known)
    for number, (word, bits, rank, entropy, known) in enumerate(zip(*columns, strict=True), 1):
        yield f"{sentence}\t{number}\t{word}\t{bits:.4f}\t{rank}\t{entropy:.4f}\t{int(known)}"
    if ends:
        end = f"{scored.end_surprisal:.4f}\t{scored.end_rank}\t{scored.end_entropy:.4f}"
        yield f"{sentence}\t{len(scored.known) + 1}\t{END}\t{end}\t1"


def _record(scored: ScoredPassage, sentence: int) -> str:
    record = {
        "sentence": sentence,
        "text": scored.passage.text,
        "words": scored.passage.words,
        "surprisal_bits": [round(bits, 4) for bits in scored.surprisals],
        "rank": scored.ranks,
        "entropy_bits": [round(bits, 4) for bits in scored.entropies],
        "known": scored.known,
        "end_surprisal_bits": round(scored.end_surprisal, 4),
    }
    return json.dumps(record, ensure_ascii=False)


def _summary(totals: ScoreTotals, seconds: float) -> str:
    if not totals.words:
        return "tagger: no words in the input, nothing to score"
    unknown = 100 * totals.unknown / totals.words
    counts = f"{number_of(totals.sentences, 'sentence')}, {number_of(totals.words, 'word')}"
    return (
        f"{counts}, {totals.words / max(seconds, 1e-9):,.0f} words/s; "
        f"perplexity {totals.perplexity:,.2f} per word, each sentence end counted as a word; "
        f"{unknown:.2f} % of the words unknown, scored as <unk>"
    )
