"""One run of training a tagger: the network, what it learns, the finished tagger and its scores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import Config
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.evaluation.perplexity import LanguageScores
from tagger.inference.tagger import Tagger
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.objective import LanguageObjective, Text
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import choose_device, has_fast_bfloat16, seed_everything
from tagger.runtime.memory_limit import MemoryLimit
from tagger.sequence_labelling.multitask_objective import JointObjective
from tagger.sequence_labelling.multitask_preparation import Companion
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.sequence_labelling.preparation import TAG, Prepared
from tagger.sequence_labelling.results import Run, append_entry, log_entry
from tagger.sequence_labelling.transfer import PRETRAINED, copy_weights, start_new_rows
from tagger.serialization import manifest as model_folder
from tagger.serialization.builder import build_tagger
from tagger.serialization.checkpoint import SavedModel, round_as_stored, seen_tags
from tagger.training.checkpoint_callback import Keeper, Keeping, make_keeper
from tagger.training.events import EpochEnd, Listener
from tagger.training.fingerprint import as_array, fingerprint, split_arrays
from tagger.training.objective import Objective
from tagger.training.optimizers import make_average, make_optimizer
from tagger.training.schedules import Schedule
from tagger.training.trainer import Fitting


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to compute, and who listens.

    Args:
        device: "auto", "cpu" or "cuda".
        threads: CPU threads.
        listener: called with every event.
        keeping: how the state of a run that writes a folder is kept.
        memory: the limit of the memory of the process, if there is one.
    """

    device: str
    threads: int
    listener: Listener
    keeping: Keeping = field(default_factory=Keeping)
    memory: MemoryLimit | None = None


@dataclass(frozen=True, slots=True)
class Material:
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
    companion: Companion | None = None
    start: SavedModel | None = None


def train_one(material: Material, config: Config, machine: Machine, folder: Path | None) -> Run:
    """Train and score one model.

    Args:
        material: what to learn from.
        config: resolved, with the seed of this run.
        machine: where.
        folder: where the log is written, if anywhere.
    """
    corpus, prepared = material.corpus, material.prepared
    rng = seed_everything(config.training.seed)
    model, notes = _network(material, config)
    device = choose_device(machine.device)
    keeper = _keeper(material, config, machine, folder)
    tagging = TaggingObjective(model.to(device), prepared, config.training, device=device)
    fitting = Fitting(
        model,
        _objective(tagging, material, config, device),
        config.training,
        optimizer=_optimizer(model, config, material.start),
        average=make_average(model, config.training),
        schedule=Schedule(config.training.schedule, warmup=config.training.warmup),
        device=device,
        threads=machine.threads,
        rng=rng,
        notes=(*corpus.notes, *notes),
        keeper=keeper,
        memory=machine.memory,
    )
    log = follow(fitting, config.training.seed, machine, folder)
    del fitting  # and with it the memory of the optimiser
    tagging.calibrate()
    tagger = _finished(model, material, config, machine)
    scores = {
        split.name: tagger.evaluate(split) for split in (corpus.dev, corpus.test) if split is not None and len(split)
    }
    language = _language_scores(tagger, material, machine)
    return Run(config.training.seed, tagger, scores, log, language, () if keeper is None else keeper.story())


def follow(fitting: Fitting, seed: int, machine: Machine, folder: Path | None) -> list[dict[str, Any]]:
    """Train, tell the listener, and note each epoch.

    Args:
        fitting: not begun.
        seed: of the run.
        machine: who listens.
        folder: where the log is written, if anywhere.

    Returns:
        The log: an entry an epoch.
    """
    log: list[dict[str, Any]] = []
    for event in fitting.events():
        if isinstance(event, EpochEnd):
            log.append(log_entry(seed, event))
            if folder is not None:
                append_entry(folder / model_folder.LOG, log[-1])
        machine.listener(event)
    if machine.memory is not None:
        machine.memory.begin("scoring and saving the model")
    return log


def _keeper(material: Material, config: Config, machine: Machine, folder: Path | None) -> Keeper | None:
    """What saves the run and brings it back, where a folder is written."""
    prepared, companion = material.prepared, material.companion
    names = (name for labels in prepared.labels.values() for name in labels.names)
    data = {"training data": [*split_arrays(prepared.train), as_array(names), prepared.counts]}
    if prepared.dev is not None:
        data["development data"] = split_arrays(prepared.dev)
    if companion is not None and companion.train is not None:
        data["text"] = [companion.train.ids, *([] if companion.dev is None else [companion.dev.ids])]
    run = fingerprint(
        task="pos", data=data, settings=config.to_dict(), device=str(choose_device(machine.device)),
        threads=machine.threads,
    )  # fmt: skip
    return make_keeper(folder, machine.keeping, config.training.seed, run)


def _network(material: Material, config: Config) -> tuple[Network, list[str]]:
    """The network before training, and what is to be told of it."""
    companion, prepared = material.companion, material.prepared
    labels = {head: len(names) for head, names in prepared.labels.items()}
    number = None if companion is None or companion.units is None else companion.units.size
    model = build_tagger(config, prepared.features, labels, prepared.vectors, number)
    if companion is not None and companion.units is not None:
        for head in model.language.values():
            head.start_from(torch.from_numpy(companion.frequencies).float())  # type: ignore[operator]
    if material.start is None:
        return model, []
    fresh = copy_weights(material.start.model, model)
    start_new_rows(model, material.start.features, prepared.features)
    return model, [f"started from {config.training.init_from}; anew: {', '.join(fresh)}"]


def _objective(tagging: TaggingObjective, material: Material, config: Config, device: torch.device) -> Objective:
    """Tags alone, or tags and text."""
    companion = material.companion
    if companion is None or companion.units is None or companion.train is None:
        return tagging
    features = companion.features
    language = LanguageObjective(
        tagging.model,
        features.encode(features.vocabulary.words[: companion.units.size]),
        Text(companion.train.ids, companion.train.passages),
        None if companion.dev is None else Text(companion.dev.ids, companion.dev.passages),
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
    optimizer = make_optimizer(model, config.training, dict.fromkeys(brought, config.training.init_rate))
    for group in optimizer.param_groups:
        group["frozen"] = config.training.frozen_epochs if group["pretrained"] else 0
    return optimizer


def _language_scores(tagger: Tagger, material: Material, machine: Machine) -> dict[str, LanguageScores]:
    """Perplexity of the language-model head, if there is one, on the words of dev and test."""
    companion = material.companion
    if companion is None or companion.units is None:
        return {}
    model = LanguageModel(tagger.saved, device=machine.device, threads=machine.threads)
    streams = {"dev": companion.dev, "test": companion.test}
    return {split: model.evaluate_stream(stream) for split, stream in streams.items() if stream is not None}


def _finished(
    model: Network,
    material: Material,
    config: Config,
    machine: Machine,
) -> Tagger:
    """The tagger as a user will load it: auxiliary heads gone, weights rounded as stored."""
    for head in [name for name in model.heads if name != TAG]:
        del model.heads[head]
    model.cpu().eval().requires_grad_(False)
    round_as_stored(model)
    prepared, companion = material.prepared, material.companion
    labels = prepared.labels[TAG].names
    lexicon = seen_tags(prepared.lexicon, prepared.features, labels)
    saved = SavedModel(
        config,
        labels,
        prepared.features,
        model,
        lexicon,
        material.tokenizer,
        units=None if companion is None else companion.units,
    )
    about = {"bfloat16_agreement": _bfloat16_agreement(saved, material.corpus, machine)}
    return Tagger(replace(saved, about=about), device=machine.device, threads=machine.threads)


def _bfloat16_agreement(saved: SavedModel, corpus: Corpus, machine: Machine) -> float | None:
    """Share of the dev tags that bfloat16 and float32 agree on; None where bfloat16 is not native."""
    split = corpus.dev or corpus.train
    if not has_fast_bfloat16() or split is None:
        return None
    tags: list[list[str]] = []
    for precision in ("float32", "bfloat16"):
        tagger = Tagger(saved, device="cpu", threads=machine.threads, precision=precision)
        tags.append(list(chain.from_iterable(s.tags for s in tagger.tag_sentences(split.tokens()))))
    return sum(map(str.__eq__, *tags)) / max(1, len(tags[0]))
