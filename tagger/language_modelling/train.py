"""From text to a language model: read, fit units, fit the network, score, save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tagger.config.language_model import LanguageConfig, make_config
from tagger.config.language_model_defaults import resolve
from tagger.corpora.subwords.base import TokenStream
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.corpora.text.text_split import TextCorpus
from tagger.evaluation.perplexity import LanguageScores
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.objective import LanguageObjective, Text
from tagger.language_modelling.preparation import PreparedText, prepare_text, token_features
from tagger.language_modelling.results import LanguageRun, write_language_run
from tagger.models.networks.multi_head_network import initialise_uniformly
from tagger.runtime.device import choose_device, seed_everything, uses_bfloat16
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.builder import build_language_model
from tagger.serialization.checkpoint import SavedModel, round_as_stored
from tagger.training.checkpoint_callback import CheckpointCallback, CheckpointConfig, make_checkpoint_callback
from tagger.training.events import Listener
from tagger.training.fingerprint import as_array, fingerprint
from tagger.training.optimizers import make_average, make_optimizer
from tagger.training.run import RunContext, follow, make_run_context, run_context
from tagger.training.schedules import make_schedule
from tagger.training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class LanguageTraining:
    """What training did.

    Args:
        run: the trained model and its scores.
        folder: where it was saved, or None.
        corpus: what was read.
    """

    run: LanguageRun
    folder: Path | None
    corpus: TextCorpus


def train_lm(
    corpus: str | TextCorpus | None = None,
    *,
    train: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    tokenised: bool = False,
    streaming: bool = False,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: Resume = "no",
    config: LanguageConfig | str | Path | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    listener: Listener | None = None,
) -> LanguageModel:
    """Train a language model on text; the easy way.

    >>> model = train_lm("novels/", out="runs/lm", settings={"head.unit": "char"})

    Args:
        corpus: a path, folder, glob, name or hub id; plain text, or the words of a labelled corpus. The bundled
            text if None.
        train: file of the training text, instead of ``corpus``.
        dev: file of the development text.
        test: file of the test text.
        tokenised: words are parted by white space already, a sentence a line.
        streaming: read a hub data set over the network, without storing it.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        resume: "yes" goes on with the unfinished run in ``out``, "auto" does if there is one.
        config: all settings, or a TOML file with them.
        preset: "small", "medium" or "awd": published settings to begin with.
        settings: dotted settings that override it, e.g. ``{"training.epochs": 3}``.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        offline: never use the network.
        listener: called with every event of training.

    Returns:
        The model of the best epoch on dev.

    Raises:
        TaggerError: the data, the settings or the output folder are not usable; the message says how to mend it.
    """
    chosen = make_config(config, preset, settings or {})
    if tokenised and chosen.head.min_count is None:
        chosen = chosen.with_settings({"head.min_count": 1})
    if not isinstance(corpus, TextCorpus):
        corpus = read_text_corpus(
            corpus, train=train, dev=dev, test=test, unit=chosen.head.unit, tokenised=tokenised, offline=offline,
            streaming=streaming, seed=chosen.training.seed,
        )  # fmt: skip
    folder = None if out is None else Path(out)
    return train_language_model(
        corpus, chosen, out=folder, overwrite=overwrite, device=device, threads=threads, listener=listener,
        checkpointing=CheckpointConfig(resume),
    ).run.model  # fmt: skip


def train_language_model(
    corpus: TextCorpus,
    config: LanguageConfig,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: int | None = None,
    listener: Listener | None = None,
    command: str | None = None,
    cache: bool = False,
    stretch: int | None = None,
    checkpointing: CheckpointConfig | None = None,
) -> LanguageTraining:
    """Train one language model.

    Args:
        corpus: with a training text.
        config: settings; those left None are decided from the text.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads; all available cores by default.
        listener: called with every event.
        command: told in the model card; the command line of this process by default.
        cache: whether to score a neural cache, too, chosen on dev.
        stretch: units of a streamed text that are read at a time, an epoch.
        checkpointing: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: as ``train_lm``.
    """
    context = make_run_context(device, threads, listener, checkpointing, config.training.max_memory)
    with run_context(context, out, overwrite=overwrite) as (folder, scratch):
        run = _train(corpus, config, context, scratch, folder, cache, stretch)
        if folder is not None:
            write_language_run(folder, run, corpus, command, (out or folder).name)
    return LanguageTraining(run, out, corpus)


def _train(
    corpus: TextCorpus,
    config: LanguageConfig,
    context: RunContext,
    scratch: Path,
    folder: Path | None,
    cache: bool,
    stretch: int | None,
) -> LanguageRun:
    text = prepare_text(corpus, config.head, scratch, stretch=stretch)
    config = resolve(config, len(text.train), text.subwords.size)
    rng = seed_everything(config.training.seed)
    features = token_features(text.subwords, config.words, text.train.ids)
    network = build_language_model(config, features, text.subwords.size)
    if config.training.initialisation == "uniform":
        initialise_uniformly(network)
    else:
        for head in network.language.values():
            head.start_from(torch.from_numpy(text.frequencies).float())  # type: ignore[operator]
    device = choose_device(context.device)
    objective = LanguageObjective(
        network.to(device),
        features.encode(features.vocabulary.words),
        as_text(text.train),
        as_text(text.streams["dev"]) if "dev" in text.streams else None,
        config.streams,
        config.training,
        device=device,
        half=uses_bfloat16(config.training.precision, device),
        following=None if text.following is None else map(as_text, text.following),
    )
    objective.unit = config.head.unit
    checkpoint_callback = _checkpoint_callback(text, config, context, folder)
    trainer = Trainer(
        network,
        objective,
        config.training,
        optimizer=make_optimizer(network, config.training),
        average=make_average(network, config.training),
        schedule=make_schedule(config),
        device=device,
        threads=context.threads,
        rng=rng,
        notes=corpus.notes,
        checkpoint_callback=checkpoint_callback,
        memory=context.memory,
    )
    log = follow(trainer, config.training.seed, context, folder)
    del trainer  # and with it the memory of the optimiser
    network.cpu().eval().requires_grad_(False)
    round_as_stored(network)
    saved = SavedModel(config, (), features, network, None, corpus.tokenizer, subwords=text.subwords)
    model = LanguageModel(saved, device=context.device, threads=context.threads)
    notes = () if checkpoint_callback is None else checkpoint_callback.resume_summary()
    return LanguageRun(config.training.seed, model, _scores(model, text, cache), log, text, notes)


def _checkpoint_callback(
    text: PreparedText, config: LanguageConfig, context: RunContext, folder: Path | None
) -> CheckpointCallback | None:
    """What saves the run and brings it back, where a folder is written."""
    data = {f"{name} text": [stream.ids] for name, stream in text.streams.items() if name != "test"}
    data["vocabulary"] = [as_array(text.subwords.vocabulary.words)]
    device = str(choose_device(context.device))
    run = fingerprint(task="lm", data=data, settings=config.to_dict(), device=device, threads=context.threads)
    return make_checkpoint_callback(folder, context.checkpointing, config.training.seed, run)


def _scores(model: LanguageModel, text: PreparedText, cache: bool) -> dict[str, LanguageScores]:
    """Of dev and test, where they are."""
    chosen = model.choose_cache(text.streams["dev"]) if cache and "dev" in text.streams else None
    return {name: model.evaluate_stream(text.streams[name], chosen) for name in ("dev", "test") if name in text.streams}


def as_text(stream: TokenStream) -> Text:
    """A stream as the objective takes it."""
    return Text(stream.ids, stream.passages)
