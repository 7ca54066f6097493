"""From a corpus to a model folder: read, prepare, fit, score, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from tagger.config.defaults import Facts, resolve
from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import TAG, Config
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.text.text_split import TextCorpus
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError
from tagger.evaluation.perplexity import LanguageScores
from tagger.inference.tagger import Tagger
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.objective import LanguageObjective, Text
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import choose_device, has_fast_bfloat16, seed_everything
from tagger.sequence_labelling.multitask_objective import JointObjective
from tagger.sequence_labelling.multitask_preparation import AuxiliaryLM, prepare_auxiliary_lm, with_streams
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.sequence_labelling.preparation import Prepared, choose_tokenizer, prepare
from tagger.sequence_labelling.results import Run, write_runs
from tagger.sequence_labelling.transfer import PRETRAINED, copy_weights, inherit_config, init_new_embeddings
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.builder import build_tagger
from tagger.serialization.checkpoint import LANGUAGE, SavedModel, load_model, round_as_stored, seen_tags
from tagger.serialization.manifest import find_model
from tagger.training.checkpoint_callback import CheckpointCallback, CheckpointConfig, make_checkpoint_callback
from tagger.training.events import Listener
from tagger.training.fingerprint import as_array, fingerprint, split_arrays
from tagger.training.objective import Objective
from tagger.training.optimizers import make_average, make_optimizer
from tagger.training.run import RunContext, follow, make_run_context, run_context
from tagger.training.schedules import Schedule
from tagger.training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What all runs of a training share.

    Args:
        corpus: the treebank.
        prepared: the treebank, encoded.
        tokenizer: rules for raw text.
        companion: the language model to start from or to train along, if any.
        start: the model to start from, if any.
    """

    corpus: Corpus
    prepared: Prepared
    tokenizer: WordTokenizer
    auxiliary_lm: AuxiliaryLM | None = None
    start: SavedModel | None = None


def train_one(training_data: TrainingData, config: Config, context: RunContext, folder: Path | None) -> Run:
    """Train and score one model.

    Args:
        training_data: what to learn from.
        config: resolved, with the seed of this run.
        context: where.
        folder: where the log is written, if anywhere.
    """
    corpus, prepared = training_data.corpus, training_data.prepared
    rng = seed_everything(config.training.seed)
    model, notes = _network(training_data, config)
    device = choose_device(context.device)
    checkpoint_callback = _checkpoint_callback(training_data, config, context, folder)
    tagging = TaggingObjective(model.to(device), prepared, config.training, device=device)
    trainer = Trainer(
        model,
        _objective(tagging, training_data, config, device),
        config.training,
        optimizer=_optimizer(model, config, training_data.start),
        average=make_average(model, config.training),
        schedule=Schedule(config.training.schedule, warmup=config.training.warmup),
        device=device,
        threads=context.threads,
        rng=rng,
        notes=(*corpus.notes, *notes),
        checkpoint_callback=checkpoint_callback,
        memory=context.memory,
    )
    log = follow(trainer, config.training.seed, context, folder)
    del trainer  # and with it the memory of the optimiser
    tagging.calibrate()
    tagger = _finished(model, training_data, config, context)
    scores = {
        split.name: tagger.evaluate(split) for split in (corpus.dev, corpus.test) if split is not None and len(split)
    }
    language = _language_scores(tagger, training_data, context)
    return Run(
        config.training.seed,
        tagger,
        scores,
        log,
        language,
        () if checkpoint_callback is None else checkpoint_callback.resume_summary(),
    )


def _checkpoint_callback(
    training_data: TrainingData, config: Config, context: RunContext, folder: Path | None
) -> CheckpointCallback | None:
    """What saves the run and brings it back, where a folder is written."""
    prepared, auxiliary_lm = training_data.prepared, training_data.auxiliary_lm
    names = (name for labels in prepared.labels.values() for name in labels.names)
    data = {"training data": [*split_arrays(prepared.train), as_array(names), prepared.counts]}
    if prepared.dev is not None:
        data["development data"] = split_arrays(prepared.dev)
    if auxiliary_lm is not None and auxiliary_lm.train is not None:
        data["text"] = [auxiliary_lm.train.ids, *([] if auxiliary_lm.dev is None else [auxiliary_lm.dev.ids])]
    run = fingerprint(
        task="pos", data=data, settings=config.to_dict(), device=str(choose_device(context.device)),
        threads=context.threads,
    )  # fmt: skip
    return make_checkpoint_callback(folder, context.checkpointing, config.training.seed, run)


def _network(training_data: TrainingData, config: Config) -> tuple[Network, list[str]]:
    """The network before training, and what is to be told of it."""
    auxiliary_lm, prepared = training_data.auxiliary_lm, training_data.prepared
    labels = {head: len(names) for head, names in prepared.labels.items()}
    number = None if auxiliary_lm is None or auxiliary_lm.subwords is None else auxiliary_lm.subwords.size
    model = build_tagger(config, prepared.features, labels, prepared.vectors, number)
    if auxiliary_lm is not None and auxiliary_lm.subwords is not None:
        for head in model.language.values():
            head.start_from(torch.from_numpy(auxiliary_lm.frequencies).float())  # type: ignore[operator]
    if training_data.start is None:
        return model, []
    fresh = copy_weights(training_data.start.model, model)
    init_new_embeddings(model, training_data.start.features, prepared.features)
    return model, [f"started from {config.training.init_from}; anew: {', '.join(fresh)}"]


def _objective(
    tagging: TaggingObjective, training_data: TrainingData, config: Config, device: torch.device
) -> Objective:
    """Tags alone, or tags and text."""
    auxiliary_lm = training_data.auxiliary_lm
    if auxiliary_lm is None or auxiliary_lm.subwords is None or auxiliary_lm.train is None:
        return tagging
    features = auxiliary_lm.features
    language = LanguageObjective(
        tagging.model,
        features.encode(features.vocabulary.words[: auxiliary_lm.subwords.size]),
        Text(auxiliary_lm.train.ids, auxiliary_lm.train.passages),
        None if auxiliary_lm.dev is None else Text(auxiliary_lm.dev.ids, auxiliary_lm.dev.passages),
        config.streams,
        LanguageTrainingConfig(seed=config.training.seed),
        device=device,
        half=device.type == "cuda" or has_fast_bfloat16(),
    )
    return JointObjective(tagging, language, config.training.lm_weight)


def _optimizer(model: Network, config: Config, start: SavedModel | None) -> torch.optim.Optimizer:
    """What a language model brought along learns later or more slowly, if the settings say so."""
    if start is None:
        return make_optimizer(model, config.training)
    brought = [part for part in PRETRAINED if any(name.startswith(part) for name in start.model.state_dict())]
    optimizer = make_optimizer(model, config.training, dict.fromkeys(brought, config.training.pretrained_lr_scale))
    for group in optimizer.param_groups:
        group["frozen"] = config.training.freeze_epochs if group["pretrained"] else 0
    return optimizer


def _language_scores(tagger: Tagger, training_data: TrainingData, context: RunContext) -> dict[str, LanguageScores]:
    """Perplexity of the language-model head, if there is one, on the words of dev and test."""
    auxiliary_lm = training_data.auxiliary_lm
    if auxiliary_lm is None or auxiliary_lm.subwords is None:
        return {}
    model = LanguageModel(tagger.saved, device=context.device, threads=context.threads)
    streams = {"dev": auxiliary_lm.dev, "test": auxiliary_lm.test}
    return {split: model.evaluate_stream(stream) for split, stream in streams.items() if stream is not None}


def _finished(
    model: Network,
    training_data: TrainingData,
    config: Config,
    context: RunContext,
) -> Tagger:
    """The tagger as a user will load it: auxiliary heads gone, weights rounded as stored."""
    for head in [name for name in model.heads if name != TAG]:
        del model.heads[head]
    model.cpu().eval().requires_grad_(False)
    round_as_stored(model)
    prepared, auxiliary_lm = training_data.prepared, training_data.auxiliary_lm
    labels = prepared.labels[TAG].names
    lexicon = seen_tags(prepared.lexicon, prepared.features, labels)
    saved = SavedModel(
        config,
        labels,
        prepared.features,
        model,
        lexicon,
        training_data.tokenizer,
        subwords=None if auxiliary_lm is None else auxiliary_lm.subwords,
    )
    about = {"bfloat16_agreement": _bfloat16_agreement(saved, training_data.corpus, context)}
    return Tagger(replace(saved, about=about), device=context.device, threads=context.threads)


def _bfloat16_agreement(saved: SavedModel, corpus: Corpus, context: RunContext) -> float | None:
    """Share of the dev tags that bfloat16 and float32 agree on; None where bfloat16 is not native."""
    split = corpus.dev or corpus.train
    if not has_fast_bfloat16() or split is None:
        return None
    tags: list[list[str]] = []
    for precision in ("float32", "bfloat16"):
        tagger = Tagger(saved, device="cpu", threads=context.threads, precision=precision)
        tags.append(list(chain.from_iterable(s.tags for s in tagger.tag_sentences(split.tokens()))))
    return sum(map(str.__eq__, *tags)) / max(1, len(tags[0]))


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
        checkpointing=CheckpointConfig(resume),
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
    checkpointing: CheckpointConfig | None = None,
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
        checkpointing: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: as ``train_pos``.
    """
    if seeds < 1:
        raise ConfigError(f"seeds is {seeds}; expected at least 1")
    if corpus.train is None:
        raise CorpusError("has no training split", path=corpus.source)
    context = make_run_context(device, threads, listener, checkpointing, config.training.max_memory)
    _check_auxiliary(config, corpus)
    start = _start(config)
    if start is not None:
        config = inherit_config(config, start, str(config.training.init_from))
    settled = resolve(config, Facts.of(corpus))

    def work(folder: Path | None, scratch: Path) -> tuple[Run, list[Run]]:
        auxiliary_lm, resolved = None, settled
        if start is not None or text is not None or resolved.training.lm_weight:
            auxiliary_lm = prepare_auxiliary_lm(corpus, resolved, start, text, scratch)
            resolved = with_streams(resolved, auxiliary_lm)
        prepared = prepare(
            corpus,
            resolved,
            None if auxiliary_lm is None else auxiliary_lm.features,
            well_known=0 if start is None or start.subwords is None else start.subwords.size,
        )
        tokenizer, tokenizer_note = choose_tokenizer(corpus)
        training_data = TrainingData(corpus, prepared, tokenizer, auxiliary_lm, start)
        runs = [
            train_one(training_data, resolved.with_seed(resolved.training.seed + i), context, folder)
            for i in range(seeds)
        ]
        best = max(runs, key=lambda run: run.scores["dev"].accuracy if "dev" in run.scores else 0.0)
        if folder is not None:
            notes = (*corpus.notes, tokenizer_note, *best.notes)
            write_runs(folder, best, runs, corpus, command, notes, (out or folder).name)
        return best, runs

    with run_context(context, out, overwrite=overwrite) as folders:
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
