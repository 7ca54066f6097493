"""From a corpus to a model folder: read, prepare, fit, score, save."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from tagger import model_folder
from tagger.building import build_tagger
from tagger.checkpoint import SavedTagger, round_as_stored, seen_tags
from tagger.config import Config
from tagger.corpora.corpus import Corpus
from tagger.corpora.sources import read_corpus
from tagger.corpora.tokenization import WordTokenizer
from tagger.defaults import Facts, resolve
from tagger.errors import ConfigError, CorpusError
from tagger.events import EpochEnd, Event
from tagger.fitting import Fitting
from tagger.models.sequence_tagger import SequenceTagger
from tagger.preparation import TAG, Prepared, prepare
from tagger.raw_text import choose_tokenizer
from tagger.run_record import Run, append_entry, command_line, write_runs
from tagger.runtime import (
    check_threads,
    choose_device,
    has_fast_bfloat16,
    intra_op_threads,
    memory_watched,
    seed_everything,
)
from tagger.tagging import Tagger

Listener = Callable[[Event], None]


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
        config: settings, or a TOML file of them.
        settings: dotted settings that override ``config``.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        offline: never use the network.
        listener: called with every event of ``tagger.events``.

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

    Raises:
        TaggerError: as ``train_pos``.
    """
    if seeds < 1:
        raise ConfigError(f"seeds is {seeds}; expected at least 1")
    if corpus.train is None:
        raise CorpusError("has no training split", path=corpus.source)
    machine = _Machine(device, check_threads(threads), listener or _silent)
    choose_device(device)
    _check_auxiliary(config, corpus)
    resolved = resolve(config, Facts.of(corpus))

    def work(folder: Path | None) -> tuple[Run, list[Run]]:
        prepared = prepare(corpus, resolved)
        tokenizer, tokenizer_note = choose_tokenizer(corpus)
        runs = [
            _train_one(corpus, prepared, resolved.with_seed(resolved.training.seed + i), tokenizer, machine, folder)
            for i in range(seeds)
        ]
        best = max(runs, key=lambda run: run.scores["dev"].accuracy if "dev" in run.scores else 0.0)
        if folder is not None:
            notes = (*corpus.notes, tokenizer_note)
            write_runs(folder, best, runs, corpus, command or command_line(), notes, (out or folder).name)
        return best, runs

    torch.set_flush_denormal(True)
    with memory_watched(), intra_op_threads(1):
        if out is None:
            best, runs = work(None)
        else:
            with model_folder.writing(out, overwrite=overwrite) as partial:
                best, runs = work(partial)
    return Training(best, runs, out, corpus)


@dataclass(frozen=True, slots=True)
class _Machine:
    device: str
    threads: int
    listener: Listener


def _train_one(
    corpus: Corpus,
    prepared: Prepared,
    config: Config,
    tokenizer: WordTokenizer,
    machine: _Machine,
    folder: Path | None,
) -> Run:
    rng = seed_everything(config.training.seed)
    labels = {head: len(names) for head, names in prepared.labels.items()}
    model = build_tagger(config, prepared.features, labels, prepared.vectors)
    fitting = Fitting(
        model,
        prepared,
        config.training,
        device=choose_device(machine.device),
        threads=machine.threads,
        rng=rng,
        notes=corpus.notes,
    )
    log: list[dict[str, Any]] = []
    for event in fitting.events():
        if isinstance(event, EpochEnd):
            log.append({"seed": config.training.seed, **asdict(event)})
            if folder is not None:
                append_entry(folder / model_folder.LOG, log[-1])
        machine.listener(event)
    fitting.calibrate()
    tagger = _finished(model, prepared, config, tokenizer, corpus, machine)
    scores = {
        split.name: tagger.evaluate(split) for split in (corpus.dev, corpus.test) if split is not None and len(split)
    }
    return Run(config.training.seed, tagger, scores, log)


def _finished(
    model: SequenceTagger,
    prepared: Prepared,
    config: Config,
    tokenizer: WordTokenizer,
    corpus: Corpus,
    machine: _Machine,
) -> Tagger:
    """The tagger as a user will load it: auxiliary heads gone, weights rounded as stored."""
    for head in [name for name in model.heads if name != TAG]:
        del model.heads[head]
    model.cpu().eval().requires_grad_(False)
    round_as_stored(model)
    labels = prepared.labels[TAG].names
    lexicon = seen_tags(prepared.lexicon, prepared.features, labels)
    saved = SavedTagger(config, labels, prepared.features, model, lexicon, tokenizer)
    about = {"bfloat16_agreement": _bfloat16_agreement(saved, corpus, machine)}
    return Tagger(replace(saved, about=about), device=machine.device, threads=machine.threads)


def _bfloat16_agreement(saved: SavedTagger, corpus: Corpus, machine: _Machine) -> float | None:
    """Share of the dev tags that bfloat16 and float32 agree on; None where bfloat16 is not native."""
    split = corpus.dev or corpus.train
    if not has_fast_bfloat16() or split is None:
        return None
    tags: list[list[str]] = []
    for precision in ("float32", "bfloat16"):
        tagger = Tagger(saved, device="cpu", threads=machine.threads, precision=precision)
        tags.append(list(chain.from_iterable(s.tags for s in tagger.tag_sentences(split.tokens()))))
    return sum(map(str.__eq__, *tags)) / max(1, len(tags[0]))


def _check_auxiliary(config: Config, corpus: Corpus) -> None:
    for column in config.training.auxiliary or ():
        if column not in corpus.columns:
            raise ConfigError(
                f"auxiliary column '{column}' is not in the training data; it has: {', '.join(corpus.columns)}"
            )


def _silent(event: Event) -> None:
    """Listen to nothing."""


__all__ = ["Listener", "Run", "Training", "train_pos", "train_runs"]
