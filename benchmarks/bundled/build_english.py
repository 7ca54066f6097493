"""Builds the bundled English model. Run: ``python -m benchmarks.bundled.build_english --help``.

A language model reads the treebank, contemporary English and novels in both directions; from its words and stacks a
tagger starts, and the language-model heads are trained along, so that one folder tags, scores and writes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from benchmarks.bundled.english_text import Sources, write_text
from tagger.config.language_model import LanguageConfig
from tagger.config.tagger import Config
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.train import train_language_model
from tagger.sequence_labelling.train import train_runs
from tagger.serialization.manifest import CARD, METRICS
from tagger.training.events import EpochEnd, Event
from tagger.training.task import RunOptions

SETTINGS = Path(__file__).with_name("english.toml")
TESTS = {
    "contemporary": "MASC, documents held out",
    "treebank": "EWT, its test part",
    "novel": "The War of the Worlds (Wells), held out",
}
COMMAND = (
    "python -m benchmarks.bundled.build_english --treebank UD_English-EWT --contemporary masc.txt "
    "--novels gutenberg --out en"
)
SOURCES = """\
## Sources and licences

- Universal Dependencies English Web Treebank (EWT), UD 2.16 development state of May 2025: tags and words. CC BY-SA
  4.0; Natalia Silveira, Timothy Dozat, Christopher Manning, Sebastian Schuster, Ethan Chi, John Bauer, Miriam Connor,
  Marie-Catherine de Marneffe, Nathan Schneider, Sam Bowman, Hanzhi Zhu, Daniel Galbraith and others.
- Manually Annotated Sub-Corpus (MASC) of the American National Corpus: raw text, contemporary American English. Open,
  no restrictions.
- Eleven novels from Project Gutenberg (texts 98, 76, 345, 158, 1400, 1260, 145, 2701, 1342, 1661, 2600): raw text,
  public domain in the United States.

The weights are shared under CC BY-SA 4.0, the licence of the treebank. For one reading of the novels, the treebank was
read four times and the contemporary text three times. No text is stored in the model but its words.
"""


def main() -> None:
    """Write the text, train twice, measure, complete the card."""
    arguments = _arguments()
    text = write_text(Sources(arguments.treebank, arguments.contemporary, arguments.novels), arguments.work / "text")
    lm = arguments.work / "lm"
    if not lm.is_dir():
        corpus = read_text_corpus(train=str(text["train"]), dev=str(text["dev"]), tokenised=True)
        train_language_model(corpus, LanguageConfig.from_toml(SETTINGS), RunOptions(out=lm, listener=_tell))
    treebank = read_corpus(str(arguments.treebank))
    config = Config().with_settings(
        {
            "training.init_from": str(lm),
            "training.lm_weight": arguments.lm_weight,
            "head.bidirectional": False,
        }
    )
    train_runs(
        treebank,
        config,
        RunOptions(out=arguments.out, overwrite=True, listener=_tell, command=COMMAND),
        text=read_text_corpus(train=str(text["train"]), dev=str(text["dev"]), tokenised=True),
    )
    complete_card(arguments.out, text)


def complete_card(folder: Path, text: dict[str, Path]) -> None:
    """Add perplexities of held-out texts, sources and licences to the card; leave out what only the run needs."""
    model = LanguageModel.load(folder)
    scores = {name: model.evaluate(str(text[name]), split="all", tokenised=True) for name in TESTS}
    rows = [
        f"| {TESTS[name]} | {one.perplexity:.1f} | {100 * one.unknown_rate:.2f} % | {one.words:,} |"
        for name, one in scores.items()
    ]
    table = "\n".join(["| text | perplexity per word | unknown words | words |", "|---|---:|---:|---:|", *rows])
    card = (folder / CARD).read_text(encoding="utf-8")
    parts = [card.rstrip(), "## Perplexity on held-out texts", table, SOURCES.rstrip()]
    (folder / CARD).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    metrics["texts"] = {name: one.to_dict() for name, one in scores.items()}
    (folder / METRICS).write_text(json.dumps(metrics, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for name in ("log.jsonl", "curves.png"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "training", ignore_errors=True)


def _tell(event: Event) -> None:
    if isinstance(event, EpochEnd):
        accuracy = "" if event.dev_accuracy is None else f", dev accuracy {100 * event.dev_accuracy:.2f} %"
        print(f"{event.epoch}/{event.epochs}{accuracy}, dev perplexity {event.dev_perplexity:.2f}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--treebank", type=Path, required=True, help="folder of UD English EWT")
    parser.add_argument(
        "--contemporary", type=Path, required=True, help="MASC, tokenised, documents parted by blank lines"
    )
    parser.add_argument("--novels", type=Path, required=True, help="folder of plain text files")
    parser.add_argument(
        "--work", type=Path, default=Path("runs/english"), help="folder for the text and the first model"
    )
    parser.add_argument("--out", type=Path, default=Path("models/pretrained/en"))
    parser.add_argument("--lm-weight", type=float, default=0.2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
