"""From a corpus to a model folder: read, prepare, fit, score, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import Config
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.text.text_split import TextCorpus
from tagger.errors import ConfigError, CorpusError
from tagger.inference.tagger import Tagger
from tagger.sequence_labelling.multitask_preparation import prepare_companion, with_streams
from tagger.sequence_labelling.preparation import prepare
from tagger.sequence_labelling.raw_text import choose_tokenizer
from tagger.sequence_labelling.results import Run, write_runs
from tagger.sequence_labelling.tagger_run import Material, train_one
from tagger.sequence_labelling.transfer import take_over
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.bundled import find_model
from tagger.serialization.checkpoint import LANGUAGE, SavedModel, load_model
from tagger.training.checkpoint_callback import Keeping
from tagger.training.events import Listener
from tagger.training.training_place import at_work, make_machine


@dataclass(frozen=True, slots=True)
class Training:
    """What ``train`` did.

    Args:
        best: the run that was kept, the best on dev.
        runs: all runs, one a seed.
        folder: where the best model was saved, or None.
        corpus: what was read.
    """

    best: Run
    runs: Sequence[Run]
    folder: Path | None
    corpus: Corpus


def train_pos(
    corpus: str | Corpus | None = None,
    *,
    train: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    column: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: Resume = "no",
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    listener: Listener | None = None,
) -> Tagger:
    """Train a tagger on a labelled corpus; the easy way.

    >>> tagger = train_pos("my-treebank/", out="runs/pos", settings={"encoder.layers": 2})

    Args:
        corpus: a path, folder, glob, name or hub id (``OWNER/NAME:CONFIG@REVISION``); the bundled corpus if None.
        train: file of the training split, instead of ``corpus``.
        dev: file of the development split.
        test: file of the test split.
        column: label column: "upos", "xpos", "feats" or any other that the corpus has.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        resume: "yes" goes on with the unfinished run in ``out``, "auto" does if there is one.
        config: settings, or a TOML file of them.
        settings: dotted settings that override ``config``.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        offline: never use the network.
        listener: called with every event of ``tagger.training.events``.

    Returns:
        The trained tagger.

    Raises:
        TaggerError: the data, the settings or the output folder are not usable; the message says how to mend it.
    """
    if not isinstance(config, Config):
        config = Config() if config is None else Config.from_toml(config)
    config = config.with_settings({**({"column": column} if column else {}), **(settings or {})})
    if not isinstance(corpus, Corpus):
        seed = config.training.seed
        corpus = read_corpus(corpus, train=train, dev=dev, test=test, column=config.column, offline=offline, seed=seed)
    return train_runs(
        corpus,
        config,
        out=None if out is None else Path(out),
        overwrite=overwrite,
        device=device,
        threads=threads,
        listener=listener,
        keeping=Keeping(resume),
    ).best.tagger


def train_runs(
    corpus: Corpus,
    config: Config,
    *,
    seeds: int = 1,
    out: Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: int | None = None,
    listener: Listener | None = None,
    command: str | None = None,
    text: TextCorpus | None = None,
    keeping: Keeping | None = None,
) -> Training:
    """Train one model a seed and keep the best on dev.

    Args:
        corpus: with a training split.
        config: settings; those left None are decided from the corpus.
        seeds: how many models to train, with the seeds ``config.training.seed`` and following.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        listener: called with every event.
        command: told in the model card; the command line of this process by default.
        text: further text for a language model that is trained along (``training.lm_weight``).
        keeping: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: as ``train_pos``.
    """
    if seeds < 1:
        raise ConfigError(f"seeds is {seeds}; expected at least 1")
    if corpus.train is None:
        raise CorpusError("has no training split", path=corpus.source)
    machine = make_machine(device, threads, listener, keeping, config.training.max_memory)
    _check_auxiliary(config, corpus)
    start = _start(config)
    if start is not None:
        config = take_over(config, start, str(config.training.init_from))
    settled = resolve(config, Facts.of(corpus))

    def work(folder: Path | None, scratch: Path) -> tuple[Run, list[Run]]:
        companion, resolved = None, settled
        if start is not None or text is not None or resolved.training.lm_weight:
            companion = prepare_companion(corpus, resolved, start, text, scratch)
            resolved = with_streams(resolved, companion)
        prepared = prepare(
            corpus,
            resolved,
            None if companion is None else companion.features,
            well_known=0 if start is None or start.units is None else start.units.size,
        )
        tokenizer, tokenizer_note = choose_tokenizer(corpus)
        material = Material(corpus, prepared, tokenizer, companion, start)
        runs = [
            train_one(material, resolved.with_seed(resolved.training.seed + i), machine, folder) for i in range(seeds)
        ]
        best = max(runs, key=lambda run: run.scores["dev"].accuracy if "dev" in run.scores else 0.0)
        if folder is not None:
            notes = (*corpus.notes, tokenizer_note, *best.notes)
            write_runs(folder, best, runs, corpus, command, notes, (out or folder).name)
        return best, runs

    with at_work(machine, out, overwrite=overwrite) as folders:
        best, runs = work(*folders)
    return Training(best, runs, out, corpus)


def _start(config: Config) -> SavedModel | None:
    """The language model to start from, if one is named."""
    path = config.training.init_from
    return None if path is None else load_model(find_model(path), LANGUAGE)


def _check_auxiliary(config: Config, corpus: Corpus) -> None:
    for column in config.training.auxiliary or ():
        if column not in corpus.columns:
            raise ConfigError(
                f"auxiliary column '{column}' is not in the training data; it has: {', '.join(corpus.columns)}"
            )


__all__ = ["Listener", "Run", "Training", "train_pos", "train_runs"]
