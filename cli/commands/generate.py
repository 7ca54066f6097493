"""``tagger generate``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from tagger.cli.train_commands.options import machine_options, setting_options
from tagger.config.generation import Generated, GenerationSettings
from tagger.errors import CorpusError

DEFAULT_MODEL = "en"
MOST_NAMED = 10
SETTINGS = "max_tokens sentences temperature top_k top_p min_p repetition_penalty no_unk samples seed beam"
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "samples")

EPILOG = """\b
Examples:
  tagger generate "The river" --seed 1
  tagger generate "He said" --samples 5 --temperature 0.7 --sentences 2
  tagger generate --model runs/lm --max-tokens 500
  tagger generate "The river" --beam 8 --json
  echo "Once upon" | tagger generate - --stop "." --log-probs
"""


@click.command(short_help="Write text with a language model.", epilog=EPILOG)
@click.argument("prompt", required=False)
@click.option("--model", metavar="MODEL", default=DEFAULT_MODEL, show_default=True, help="Name or folder of a model.")
@click.option("--prompt-file", metavar="FILE", help="Read the prompt from a file.")
@click.option("--stop", multiple=True, metavar="TEXT", help="End before this text; may be given several times.")
@setting_options(GenerationSettings(), SETTINGS)
@click.option("--log-probs", is_flag=True, help="token<TAB>log-probability (nats) lines in place of the text.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a text: text, tokens, log_probs, stopped_by.")
@machine_options
def generate(
    prompt: str | None,
    model: str,
    prompt_file: str | None,
    log_probs: bool,
    as_json: bool,
    device: str,
    threads: int | None,
    **given: Any,
) -> None:
    """Continue PROMPT (- for the standard input), or begin a text, and print it alone on the standard output.

    Several texts are separated by a blank line.
    """
    settings = {name: value for name, value in given.items() if value is not None}
    settings["stop"] = tuple(settings["stop"])
    _check_usage(prompt, prompt_file, settings, log_probs=log_probs, as_json=as_json)
    text = _prompt(prompt, prompt_file)
    GenerationSettings(**settings)  # refuses what is out of range before the model loads
    from tagger.language_modelling.language_model import LanguageModel

    loaded = LanguageModel.load(model, device=device, threads=threads)
    _warn(loaded.prompt(text).unknown)
    if log_probs or as_json or settings.get("samples", 1) > 1 or "beam" in settings:
        _print(loaded.generate(text, **settings), log_probs=log_probs, as_json=as_json)
    else:
        _stream(loaded, text, settings)


def _check_usage(
    prompt: str | None, prompt_file: str | None, settings: dict[str, Any], *, log_probs: bool, as_json: bool
) -> None:
    if prompt is not None and prompt_file is not None:
        raise click.UsageError("PROMPT and --prompt-file exclude each other; give one of them")
    if log_probs and as_json:
        raise click.UsageError("--log-probs and --json exclude each other; the JSON has the log-probabilities")
    drawing = [f"--{name.replace('_', '-')}" for name in SAMPLING if name in settings]
    if "beam" in settings and drawing:
        raise click.UsageError(f"--beam and {drawing[0]} exclude each other: beam search draws nothing")


def _prompt(prompt: str | None, prompt_file: str | None) -> str:
    """The prompt; one line end at the end of a file is that of the file."""
    if prompt_file is None and prompt != "-":
        text = prompt or ""
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise CorpusError("the prompt is not UTF-8; expected text in the encoding of the terminal")
        return text
    from tagger.corpora.files.document_blocks import not_utf8
    from tagger.corpora.files.streams import open_text

    path = prompt_file or "-"
    with open_text(path) as stream:
        data = stream.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message, line = not_utf8(error, 1)
        raise CorpusError(message, path=path, line=line) from None
    if not text.strip():
        raise CorpusError("the prompt is empty; leave it out to let the model begin", path=path)
    return text.removesuffix("\n").removesuffix("\r")


def _warn(unknown: Sequence[str]) -> None:
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED:,} more" if len(unknown) > MOST_NAMED else ""
        named = ", ".join(map(repr, unknown[:MOST_NAMED]))
        click.echo(f"tagger: the model does not know {named}{more}; reads <unk> in place of it", err=True)


def _stream(model: Any, text: str, settings: dict[str, Any]) -> None:
    """Print each piece as soon as it is certain."""
    for piece in model.stream(text, **settings):
        sys.stdout.write(piece)
        if sys.stdout.isatty():
            sys.stdout.flush()
    click.echo()


def _print(texts: Sequence[Generated], *, log_probs: bool, as_json: bool) -> None:
    for number, made in enumerate(texts):
        if as_json:
            click.echo(json.dumps(_record(made), ensure_ascii=False))
            continue
        if number:
            click.echo()
        if log_probs:
            rows = zip(made.tokens, made.log_probs, strict=True)
            click.echo("".join(f"{_on_a_line(token)}\t{value:.4f}\n" for token, value in rows), nl=False)
        else:
            click.echo(made.text)


def _record(made: Generated) -> dict[str, Any]:
    return {
        "text": made.text,
        "tokens": made.tokens,
        "log_probs": [round(value, 6) for value in made.log_probs],
        "log_prob": round(made.log_prob, 6),
        "stopped_by": made.stopped_by,
    }


def _on_a_line(token: str) -> str:
    """A token that may be a tab or a line end, so that it takes one field of one line."""
    return token.encode("unicode_escape").decode() if token in ("\t", "\n", "\r", "\v", "\f") else token
