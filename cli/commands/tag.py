"""``tagger tag``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.train_commands.options import renamed
from tagger.cli.train_commands.start import Resumable

if TYPE_CHECKING:
    from tagger.cli.output.output_file import TaggedOutput
    from tagger.corpora.documents.hub import HubRequest
    from tagger.inference.document_tagging import Progress

DEFAULT_MODEL = "en"
INPUTS = ("auto", "text", "tokens", "conllu", "conll", "jsonl")
OUTPUTS = ("pairs", "tsv", "conllu", "jsonl")
HUB_OPTIONS = ("split", "streaming", "tokens_column", "text_column", "offline")

EPILOG = """\b
Examples:
  tagger tag --model runs/pos --text "They can fish."
  tagger tag novel.txt --model runs/pos --output jsonl -o novel.jsonl
  tagger tag treebank.conllu --scores > tagged.conllu
  xzcat corpus.xz | tagger tag --input tokens --threads 2 | head
  tagger tag OWNER/NAME:CONFIG --split train --streaming -o tagged.jsonl
"""


@click.command(cls=Resumable, short_help="Tag text, tokens, CoNLL-U, CoNLL columns or JSON lines.", epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--model", metavar="MODEL", help=f"Folder or name of a model.  [default: {DEFAULT_MODEL}]")
@click.option("--text", metavar="TEXT", help="Tag this text instead of files.")
@click.option(
    "--input", "input_format", type=click.Choice(INPUTS), default="auto", show_default=True,
    help="Format of the input; auto goes by name and content.",
)  # fmt: skip
@click.option(
    "--output", "output_format", type=click.Choice(OUTPUTS),
    help="Format of the output.  [default: conllu for conllu, jsonl for jsonl, else pairs]",
)  # fmt: skip
@click.option("-o", "out", metavar="FILE", help="Write to this file, once all is done, instead of stdout.")
@click.option(
    "--resume", type=click.Choice(["no", "yes", "auto"]), default="no", metavar="[auto]",
    help="Go on with an unfinished -o FILE; --resume auto begins one if there is none.",
)  # fmt: skip
@click.option("--scores", is_flag=True, help="Give the probability of each tag (not in pairs).")
@click.option("--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads.  [default: all cores]")
@click.option("--skip-invalid", is_flag=True, help="Pass on what cannot be read, untagged, and count it.")
@renamed("--ignore-bad", "--skip-invalid", is_flag=True)
@click.option(
    "--line-buffered", is_flag=True,
    help="Answer each line at once, as a partner in a pipe wants it; each line is a text by itself. The default where "
    "lines are typed.",
)  # fmt: skip
@click.option("--split", metavar="NAME", help="Which split of a data set of the hub.  [default: the only one]")
@click.option("--streaming", is_flag=True, help="Read a data set of the hub over the network, keep nothing on disk.")
@click.option("--tokens-column", metavar="NAME", help="Column of words of a data set of the hub.")
@click.option("--text-column", metavar="NAME", help="Column of raw text of a data set of the hub.")
@click.option("--offline", is_flag=True, help="Never use the network.")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
def tag(files: tuple[str, ...], out: str | None, quiet: bool, **options: Any) -> None:
    """Tag FILEs, or the standard input, in order and in any length.

    \b
    Input                                        Output
    text    raw text, blank line = paragraph     pairs   word/TAG word/TAG
    tokens  a sentence a line, words by blanks   tsv     word<TAB>TAG, blank line after a sentence
    conllu  CoNLL-U                              conllu  only the tag column of CoNLL-U input changes
    conll   a word a line in columns             jsonl   {"tokens": [...], "tags": [...]}
    jsonl   {"tokens": [...]} a line

    In place of FILEs also one data set of the hub, OWNER/NAME[:CONFIG][@REVISION] or a name that `tagger corpora`
    lists: a line for each row of words, or for each sentence of a row of text, with the number of the row.
    """  # noqa: D301
    from tagger.cli.output.output_file import tagged_output

    if files and options["text"] is not None:
        raise click.UsageError("FILE and --text exclude each other; give one of them")
    hub = _hub_request(files, options)
    if options["scores"] and options["output_format"] == "pairs":
        raise click.UsageError("pairs have no room for --scores; use --output tsv, conllu or jsonl")
    show = _show if sys.stderr.isatty() and not quiet else None
    with tagged_output(out, options.pop("resume")) as output:
        progress = _run(files, hub, output, show, quiet=quiet, **options)
    _conclude(progress, shown=show is not None)


def _hub_request(files: tuple[str, ...], options: dict[str, Any]) -> HubRequest | None:
    """What to read from the hub, None if files are to be read."""
    from tagger.corpora.documents.hub import HubRequest, names_hub

    given = {name: options.pop(name) for name in HUB_OPTIONS}
    if any(map(names_hub, files)):
        if len(files) > 1:
            raise click.UsageError("a data set of the hub is tagged by itself; leave the other FILEs out")
        if options["line_buffered"]:
            raise click.UsageError("--line-buffered is for lines that come one by one, not for a data set of the hub")
        return HubRequest(files[0], **given)
    if used := [f"--{name.replace('_', '-')}" for name in HUB_OPTIONS[:-1] if given[name]]:
        what = ", ".join(files) or "the standard input"
        raise click.UsageError(f"{used[0]} is for a data set of the hub (OWNER/NAME); {what} is none")
    return None


def _run(
    files: tuple[str, ...],
    hub: HubRequest | None,
    out: TaggedOutput,
    show: Any,
    *,
    quiet: bool,
    model: str | None,
    text: str | None,
    input_format: str,
    output_format: str | None,
    scores: bool,
    device: str,
    threads: int | None,
    skip_invalid: bool,
    line_buffered: bool,
) -> Progress:
    """Open the documents first, for that fails fastest, then load the model and tag."""
    from tagger.corpora.documents.hub import HubDocuments
    from tagger.corpora.documents.input import Documents
    from tagger.corpora.documents.output import default_output, make_renderer
    from tagger.inference.document_tagging import OneByOne, tag_documents

    typed = hub is None and text is None and not files and sys.stdin.isatty()
    if typed and not quiet:
        click.echo("type a line to have it tagged; Ctrl-D ends", err=True)
    by_line = typed or line_buffered
    with Documents(files, input_format, text, by_line=by_line) if hub is None else HubDocuments(hub) as documents:
        if not quiet:
            for note in documents.notes:
                click.echo(f"note: {note}", err=True)
        output = output_format or default_output(documents.format, scores=scores)
        tagger = _load(model, device, threads)
        pieces = documents.pieces(tagger.tokenizer, tagger.column, skip_invalid=skip_invalid)
        render = make_renderer(output, tagger.column)
        written = {
            "output format": output,
            "scores": scores,
            "input format": input_format,
            "skip-invalid": skip_invalid,
        }
        done = out.begin(files if hub is None else [repr(hub)], model or DEFAULT_MODEL, tagger, written)
        return tag_documents(
            OneByOne(tagger) if by_line else tagger,
            pieces,
            render,
            out.write_at_once if by_line else out.write,
            scores=scores,
            on_progress=None if typed else show,
            done=done,
            journal=out.journal,
        )


def _load(model: str | None, device: str, threads: int | None) -> Any:
    """Load a model that tags, or gives words numbers."""
    from tagger.inference.tagger import Tagger
    from tagger.serialization.manifest import find_model, steps_of

    name = model or DEFAULT_MODEL
    if steps_of(find_model(name)) == "words":
        from tagger.token_regression.regressor import TokenRegressor

        return TokenRegressor.load(name, device=device, threads=threads)
    return Tagger.load(name, device=device, threads=threads, copies=True)


def _figures(progress: Progress) -> str:
    speed = progress.tokens / max(progress.seconds, 1e-9)
    return f"{progress.sentences:,} sentences, {progress.tokens:,} tokens, {speed:,.0f} tokens/s"


def _show(progress: Progress) -> None:
    click.echo(f"\r{_figures(progress)}\x1b[K", err=True, nl=False)


def _conclude(progress: Progress, *, shown: bool) -> None:
    if shown:
        click.echo(f"\r{_figures(progress)}\x1b[K", err=True)
    if progress.bad:
        plural = "stretches" if progress.bad > 1 else "stretch"
        click.echo(
            f"tagger: {progress.bad:,} {plural} of the input could not be read and got no tags, "
            f"first {progress.first_bad}",
            err=True,
        )
