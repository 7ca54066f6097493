"""``tagger tag``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import device_option, document_options, renamed
from tagger.cli.train_commands.start import Resumable
from tagger.errors import ModelError

if TYPE_CHECKING:
    from tagger.cli.output.output_file import TaggedOutput
    from tagger.corpora.documents.piece import Piece
    from tagger.corpora.formats.options import ReadOptions
    from tagger.corpora.tokenization.tokenizer import WordTokenizer
    from tagger.inference.document_tagging import Progress
    from tagger.inference.tagger import Tagger
    from tagger.token_regression.regressor import TokenRegressor

CHECKED_PIECES = 20
OUTPUTS = ("pairs", "tsv", "conllu", "jsonl", "csv")
COLUMN_OPTIONS = ("tokens_column", "text_column", "id_column")
IDENTITY = ("scores", "split", "skip_invalid", "one_sentence_per_line", *COLUMN_OPTIONS)

EPILOG = """\b
Examples:
  tagger tag --model runs/pos --text "They can fish."
  tagger tag novel.txt --model runs/pos --output jsonl -o novel.jsonl
  tagger tag treebank.conllu --scores > tagged.conllu
  xzcat corpus.xz | tagger tag --input tokens --threads 2 | head
  tagger tag OWNER/NAME:CONFIG --split train --streaming -o tagged.jsonl
"""


@click.command(cls=Resumable, epilog=EPILOG)
@document_options
@click.option(
    "--output", "output_format", type=click.Choice(OUTPUTS),
    help="Format of the output.  [default: that of conllu, jsonl, csv, tsv and vertical input, else pairs]",
)  # fmt: skip
@click.option(
    "--resume", type=click.Choice(["no", "yes", "auto"]), default="no", metavar="[auto]",
    help="Continue an unfinished -o FILE; --resume auto begins one if there is none.",
)  # fmt: skip
@click.option("--scores", is_flag=True, help="Give the probability of each tag (not in pairs).")
@device_option
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads.  [default: all cores]")
@click.option("--skip-invalid", is_flag=True, help="Pass on what cannot be read, untagged, and count it.")
@renamed("--ignore-bad", "--skip-invalid", is_flag=True)
@click.option(
    "--line-buffered", is_flag=True,
    help="Tag each line by itself and answer at once, for interactive use and pipes. The default where lines are "
    "typed.",
)  # fmt: skip
@click.option("--split", metavar="NAME", help="Which split of a data set of the hub.  [default: the only one]")
@click.option("--streaming", is_flag=True, help="Read a data set of the hub over the network, storing nothing.")
@click.option(
    "--tokens-column", metavar="NAME", help="Column or key of the words: its name, or its number in the file."
)
@click.option("--text-column", "--text-key", metavar="NAME", help="Column or key of raw text.")
@click.option("--id-column", "--id-key", metavar="NAME", help="Column or key that names the rows; it must be there.")
@click.option("--one-sentence-per-line", is_flag=True, help="Each line of raw text is one sentence.")
@click.option("--offline", is_flag=True, help="Never use the network.")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
def tag(**values: Any) -> None:
    """Tag FILEs, or the standard input, in order and in any length.

    \b
    Input                                        Output
    text    raw text, blank line = paragraph     pairs   word/TAG word/TAG
    tokens  a sentence a line, words by blanks   tsv     word<TAB>TAG, blank line after a sentence
    conllu  CoNLL-U                              conllu  only the tag column of CoNLL-U input changes
    columns a word a line in columns             jsonl   {"tokens": [...], "tags": [...]}
    jsonl   {"tokens": [...]} or {"text": ...}   csv     CSV or TSV input with a column of tags
    also csv and tsv with a header, vertical (Sketch Engine), slashed (word/TAG)

    Columns are those of the corpus that MODEL learnt from, in files of its format.

    In place of FILEs also one data set of the hub, OWNER/NAME[:CONFIG][@REVISION] or a name that `tagger corpora`
    lists: a line for each row of words, or for each sentence of a row of text, with the number of the row.
    """  # noqa: D301
    from tagger.cli.output.output_file import tagged_output

    if values["files"] and values["text"] is not None:
        raise click.UsageError("FILE and --text exclude each other; give one of them")
    of_hub = _is_of_hub(values)
    if values["scores"] and values["output_format"] == "pairs":
        raise click.UsageError("pairs have no room for --scores; use --output tsv, conllu or jsonl")
    with tagged_output(values["out"], values["resume"]) as output:
        progress = _run(values, output, of_hub=of_hub)
    _print_summary(progress, values)


def _is_of_hub(values: Mapping[str, Any]) -> bool:
    """Whether a data set of the hub is to be read; refuse options that do not go with the input."""
    from tagger.corpora.documents.hub import names_hub

    files = values["files"]
    if any(map(names_hub, files)):
        if len(files) > 1:
            raise click.UsageError("a data set of the hub is tagged by itself; leave the other FILEs out")
        if values["line_buffered"]:
            raise click.UsageError("--line-buffered is for lines that come one by one, not for a data set of the hub")
        return True
    if used := [f"--{name}" for name in ("split", "streaming") if values[name]]:
        what = ", ".join(files) or "the standard input"
        raise click.UsageError(f"{used[0]} is for a data set of the hub (OWNER/NAME); {what} is none")
    return False


def _run(values: Mapping[str, Any], out: TaggedOutput, *, of_hub: bool) -> Progress:
    """Open the documents first, which fails fastest, then load the model and tag."""
    from tagger.corpora.documents.hub import HubDocuments
    from tagger.corpora.documents.input import Documents
    from tagger.corpora.documents.output import make_renderer
    from tagger.inference.document_tagging import OneByOne, tag_documents

    files, input_format, text = (values[name] for name in ("files", "input_format", "text"))
    options = _read_options(values)
    typed = text is None and not files and sys.stdin.isatty()
    if typed and not values["quiet"]:
        click.echo("type a line to have it tagged; Ctrl-D ends", err=True)
    by_line = typed or values["line_buffered"]
    with (
        HubDocuments(files[0], options, values["split"], streaming=values["streaming"])
        if of_hub
        else Documents(files, input_format, text, options, by_line=by_line) as documents
    ):
        for note in documents.notes:
            _note(note, values)
        tagger = _load(values)
        labels: tuple[str, ...] = getattr(tagger, "labels", ())
        output = _output_format(documents.format, labels, values)
        identity = {
            "output format": output,
            "input format": input_format,
            **{name.replace("_", "-"): values[name] for name in IDENTITY},
        }
        done = out.begin(files, values["model"], tagger, identity)
        tokenizer = _tokenizer(tagger, documents.format, values)
        pieces = documents.pieces(tokenizer, skip_invalid=values["skip_invalid"])
        return tag_documents(
            OneByOne(tagger) if by_line else tagger,
            pieces if values["quiet"] else _checked(pieces, tagger, 1 if by_line else CHECKED_PIECES),
            make_renderer(output, tagger.column, labels),
            out.write_at_once if by_line else out.write,
            scores=values["scores"],
            on_progress=_print_progress if _shows_progress(values) and not typed else None,
            done=done,
            journal=out.journal,
        )


def _read_options(values: Mapping[str, Any]) -> ReadOptions:
    """Collect the columns to read, and those that the model learnt from."""
    from tagger.corpora.formats.options import CorpusReading, ReadOptions
    from tagger.serialization.manifest import find_model, read_manifest

    about: dict[str, Any] = {}
    with suppress(ModelError):  # found again when the model is loaded
        about = read_manifest(find_model(values["model"])).get("about", {})
    named = {name: values[name] for name in (*COLUMN_OPTIONS, "offline")}
    return ReadOptions(learnt=CorpusReading.of_model(about), **named)


def _output_format(form: str, labels: tuple[str, ...], values: Mapping[str, Any]) -> str:
    from tagger.corpora.documents.output import default_output

    output: str = values["output_format"] or default_output(form, labels, scores=values["scores"])
    if values["output_format"] is None and output != default_output(form, scores=values["scores"]):
        _note(f"the output is {output}, as labels of the model have no place in pairs (--output)", values)
    return output


def _note(note: str, values: Mapping[str, Any]) -> None:
    if not values["quiet"]:
        click.echo(f"note: {note}", err=True)


def _tokenizer(tagger: Any, form: str, values: Mapping[str, Any]) -> WordTokenizer:
    """Return the rules for raw text."""
    tokenizer: WordTokenizer = tagger.tokenizer
    if not values["one_sentence_per_line"]:
        return tokenizer
    if form not in ("text", "jsonl", "csv", "tsv"):
        raise click.UsageError(f"--one-sentence-per-line is for raw text, and the input is {form}")
    return tokenizer.one_sentence_per_line()


def _checked(pieces: Iterator[Piece], tagger: Tagger | TokenRegressor, number: int) -> Iterator[Piece]:
    """Pass pieces on; say once, after some of them, if the model splits raw text badly."""
    from tagger.corpora.documents.piece import JsonPiece, TextPiece
    from tagger.inference.tagger import Tagger

    words: list[str] = []
    for piece in islice(pieces, number):
        if isinstance(piece, TextPiece) or (isinstance(piece, JsonPiece) and piece.raw):
            words += piece.tokens
        yield piece
    if words and isinstance(tagger, Tagger) and (note := tagger.raw_text_note(words)):
        click.echo(f"warning: {note}", err=True)
    yield from pieces


def _load(values: Mapping[str, Any]) -> Any:
    """Load a model that tags, or gives words numbers."""
    from tagger.inference.tagger import Tagger
    from tagger.serialization.manifest import find_model, steps_of

    machine = {"device": values["device"], "threads": values["threads"]}
    if steps_of(find_model(values["model"])) == "words":
        from tagger.token_regression.regressor import TokenRegressor

        return TokenRegressor.load(values["model"], **machine)
    return Tagger.load(values["model"], **machine, worker_processes=True)


def _shows_progress(values: Mapping[str, Any]) -> bool:
    return sys.stderr.isatty() and not values["quiet"]


def _print_progress(progress: Progress) -> None:
    speed = progress.tokens / max(progress.seconds, 1e-9)
    figures = f"{progress.sentences:,} sentences, {progress.tokens:,} tokens, {speed:,.0f} tokens/s"
    click.echo(f"\r{figures}\x1b[K", err=True, nl=False)


def _print_summary(progress: Progress, values: Mapping[str, Any]) -> None:
    if _shows_progress(values):
        _print_progress(progress)
        click.echo(err=True)
    if progress.bad:
        from tagger.corpora.formats.sentence import number_of

        what = f"{number_of(progress.bad, 'span')} of the input could not be read and got no tags"
        click.echo(f"tagger: {what}, first {progress.first_bad}", err=True)
