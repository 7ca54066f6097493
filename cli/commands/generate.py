"""``tagger generate``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tagger.cli.train_commands.options import machine_options, model_option, setting_options
from tagger.config.generation import Generated, GenerationSettings
from tagger.errors import CorpusError

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


@click.command(epilog=EPILOG)
@click.argument("prompt", required=False)
@model_option
@click.option("--prompt-file", metavar="FILE", help="Read the prompt from a file.")
@click.option("--stop", multiple=True, metavar="TEXT", help="End before this text; may be given several times.")
@setting_options(GenerationSettings(), SETTINGS)
@click.option("--log-probs", is_flag=True, help="Print token<TAB>log-probability (nats) lines instead of the text.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object a text: text, tokens, log_probs, stopped_by."
)
@machine_options
def generate(**values: Any) -> None:
    """Continue PROMPT (- for the standard input), or begin a text, and print nothing else to the standard output.

    Several texts are separated by a blank line.
    """
    given = {name: values[name] for name in ("stop", *SETTINGS.split())}
    settings = {name: value for name, value in given.items() if value is not None}
    _check_usage(values, settings)
    text = _prompt(values["prompt"], values["prompt_file"])
    GenerationSettings(**settings)  # refuses what is out of range before the model loads
    from tagger.language_modelling.language_model import LanguageModel

    model = LanguageModel.load(values["model"], device=values["device"], threads=values["threads"])
    _warn(model.prompt(text).unknown)
    if values["log_probs"] or values["as_json"] or settings.get("samples", 1) > 1 or "beam" in settings:
        _print(model.generate(text, **settings), log_probs=values["log_probs"], as_json=values["as_json"])
    else:
        _stream(model, text, settings)


def _check_usage(values: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    if values["prompt"] is not None and values["prompt_file"] is not None:
        raise click.UsageError("PROMPT and --prompt-file exclude each other; give one of them")
    if values["log_probs"] and values["as_json"]:
        raise click.UsageError("--log-probs and --json exclude each other; the JSON has the log-probabilities")
    sampling = [f"--{name.replace('_', '-')}" for name in SAMPLING if name in settings]
    if "beam" in settings and sampling:
        raise click.UsageError(f"--beam and {sampling[0]} exclude each other: beam search draws nothing")


def _prompt(prompt: str | None, prompt_file: str | None) -> str:
    """Read the prompt; a line end that closes a file is not part of it."""
    if prompt_file is None and prompt != "-":
        text = prompt or ""
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise CorpusError("the prompt is not UTF-8; expected text in the encoding of the terminal")
        return text
    from tagger.corpora.files.lines import not_utf8
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
        click.echo(f"tagger: the model does not know {named}{more}; reads <unk> instead", err=True)


def _stream(model: Any, text: str, settings: dict[str, Any]) -> None:
    """Print each piece of the text as soon as it is certain."""
    for piece in model.stream(text, **settings):
        sys.stdout.write(piece)
        if sys.stdout.isatty():
            sys.stdout.flush()
    click.echo()


def _print(texts: Sequence[Generated], *, log_probs: bool, as_json: bool) -> None:
    for number, generated in enumerate(texts):
        if as_json:
            click.echo(json.dumps(_record(generated), ensure_ascii=False))
            continue
        if number:
            click.echo()
        if log_probs:
            rows = zip(generated.tokens, generated.log_probs, strict=True)
            click.echo("".join(f"{_on_a_line(token)}\t{value:.4f}\n" for token, value in rows), nl=False)
        else:
            click.echo(generated.text)


def _record(generated: Generated) -> dict[str, Any]:
    return {
        "text": generated.text,
        "tokens": generated.tokens,
        "log_probs": [round(value, 6) for value in generated.log_probs],
        "log_prob": round(generated.log_prob, 6),
        "stopped_by": generated.stopped_by,
    }


def _on_a_line(token: str) -> str:
    """Escape tabs and line ends, so that a token takes one field of one line."""
    return token.encode("unicode_escape").decode() if token in ("\t", "\n", "\r", "\v", "\f") else token
