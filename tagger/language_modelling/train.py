"""From text to a trained language model, and to its model folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from tagger.config.language_model import LanguageConfig, make_config, resolve
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.sources.in_memory import Source
from tagger.corpora.text.text_corpus import read_text_corpus
from tagger.corpora.text.text_split import TextCorpus
from tagger.errors import ConfigError
from tagger.evaluation.perplexity import LanguageScores
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.objective import LanguageObjective
from tagger.language_modelling.preparation import PreparedText, prepare_text, token_features
from tagger.model_cards.card import CardFacts, provenance
from tagger.model_cards.language_model_card import language_model_card
from tagger.model_cards.plots import draw_curves
from tagger.models.networks.multi_head_network import Network, initialise_uniformly
from tagger.serialization import manifest
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.builder import build_language_model
from tagger.serialization.checkpoint import SavedModel, save_model
from tagger.training.events import Listener
from tagger.training.fingerprint import as_array
from tagger.training.objective import Objective, Task
from tagger.training.run import TrainingResult, run_options, train_and_save
from tagger.training.task import RunContext, RunOptions, TrainedNetwork, TrainedRun, TrainingTask

VALID = {"dev": "valid"}
"""Names of splits in ``metrics.json``, where language modelling has its own."""


def train_lm(
    corpus: Source | TextCorpus | None = None,
    *,
    train: Source | None = None,
    dev: Source | None = None,
    test: Source | None = None,
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
        corpus: a path, folder, glob, name or hub id; plain text, or the words of a labelled corpus. Or a list of texts,
            or a labelled corpus in memory. The bundled text if None.
        train: file of the training text, instead of ``corpus``.
        dev: file of the development text.
        test: file of the test text.
        tokenised: words are separated by white space already, a sentence a line.
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
        TaggerError: the data, the settings or the output folder are not usable; the message says how to fix it.
    """
    chosen = make_config(config, preset, settings or {})
    if tokenised and chosen.head.min_count is None:
        chosen = chosen.with_settings({"head.min_count": 1})
    if not isinstance(corpus, TextCorpus):
        corpus = read_text_corpus(
            corpus, train=train, dev=dev, test=test, unit=chosen.head.unit, tokenised=tokenised, offline=offline,
            streaming=streaming, seed=chosen.training.seed,
        )  # fmt: skip
    options = run_options(out, overwrite, resume, device, threads, listener)
    return train_language_model(corpus, chosen, options).best.model


def train_language_model(
    corpus: TextCorpus,
    config: LanguageConfig,
    options: RunOptions | None = None,
    *,
    cache: bool = False,
    stream_chunk: int | None = None,
) -> TrainingResult[LanguageRun]:
    """Train one language model; settings left None are decided from the text.

    Args:
        corpus: with a training text.
        config: of the model.
        options: where to compute and write, and who listens.
        cache: whether to score a neural cache, too, chosen on dev.
        stream_chunk: tokens of a streamed text that are read at a time, an epoch.

    Raises:
        TaggerError: as ``train_lm``.
    """
    options = options or RunOptions()
    if options.seeds != 1:
        raise ConfigError(f"seeds is {options.seeds}; a language model is trained with one seed")

    def prepare_task(context: RunContext) -> LanguageTask:
        assert context.scratch is not None
        text = prepare_text(corpus, config.head, context.scratch, stream_chunk=stream_chunk)
        resolved = resolve(config, len(text.train), text.subwords.size)
        features = token_features(text.subwords, resolved.words, text.train.ids)
        return LanguageTask(corpus, text, features, resolved, cache)

    return train_and_save(prepare_task, options, config.training.max_memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRun(TrainedRun[LanguageModel, LanguageScores]):
    """One trained language model, and the text that it was trained on."""

    text: PreparedText


@dataclass
class LanguageTask(TrainingTask[Network, LanguageRun]):
    """Learns to predict the tokens of a text; may score a neural cache, too."""

    name: ClassVar[Task] = "lm"
    corpus: TextCorpus
    text: PreparedText
    features: WordFeatures
    config: LanguageConfig
    cache: bool = False

    def __post_init__(self) -> None:
        self.notes = self.corpus.notes

    def build_network(self) -> Network:
        """Build the network with the biases of a unigram model, or uniformly at random."""
        network = build_language_model(self.config, self.features, self.text.subwords.size)
        if self.config.training.initialisation == "uniform":
            initialise_uniformly(network)
        else:
            for head in network.lm_heads.values():
                head.start_from(torch.from_numpy(self.text.frequencies).float())  # type: ignore[operator]
        return network

    def build_objective(self, network: Network, device: torch.device) -> Objective:
        """Learn from the training text, which may be streamed."""
        objective = LanguageObjective(
            network,
            self.features.encode(self.features.vocabulary.words),
            self.text.train,
            self.text.streams.get("dev"),
            self.config.streams,
            self.config.training,
            device=device,
            following=self.text.following,
        )
        objective.unit = self.config.head.unit
        return objective

    def fingerprint_data(self) -> Mapping[str, Iterable[np.ndarray]]:
        """Return the texts and the vocabulary."""
        data = {f"{name} text": [stream.ids] for name, stream in self.text.streams.items() if name != "test"}
        data["vocabulary"] = [as_array(self.text.subwords.vocabulary.words)]
        return data

    def result(self, trained: TrainedNetwork[Network], context: RunContext) -> LanguageRun:
        """Make the language model and score it."""
        tokenizer, subwords = self.corpus.tokenizer, self.text.subwords
        saved = SavedModel(self.config, (), self.features, trained.network, None, tokenizer, subwords=subwords)
        model = LanguageModel(saved, device=context.device, threads=context.threads)
        return LanguageRun(
            seed=self.config.training.seed,
            model=model,
            scores=self._scores(model),
            log=trained.log,
            notes=trained.notes,
            text=self.text,
        )

    def _scores(self, model: LanguageModel) -> dict[str, LanguageScores]:
        """Score dev and test, where they are."""
        streams = self.text.streams
        chosen = model.choose_cache(streams["dev"]) if self.cache and "dev" in streams else None
        return {name: model.evaluate_stream(streams[name], chosen) for name in ("dev", "test") if name in streams}

    def best(self, runs: Sequence[LanguageRun]) -> LanguageRun:
        """Return the run with the lowest dev perplexity."""
        return min(runs, key=lambda run: run.scores["dev"].perplexity if "dev" in run.scores else 0.0)

    def write(self, folder: Path, best: LanguageRun, runs: Sequence[LanguageRun], options: RunOptions) -> None:
        """Fill the model folder: weights, scores, card, curves."""
        saved = best.model.saved
        about = {
            **saved.about,
            "corpus": text_facts(self.corpus, self.text),
            "scores": {split: scores.to_dict()["perplexity"] for split, scores in best.scores.items()},
            "seed": best.seed,
            **provenance(options.command, best.model.threads, (*self.corpus.notes, *best.notes)),
        }
        save_model(folder, replace(saved, about=about))
        metrics = {VALID.get(split, split): scores.to_dict() for split, scores in best.scores.items()}
        manifest.write_json(folder / manifest.METRICS, {**metrics, "seed": best.seed})
        facts = CardFacts.from_about((options.out or folder).name, saved.config.to_dict(), about)
        (folder / manifest.CARD).write_text(language_model_card(facts, best.scores), encoding="utf-8")
        draw_curves(best.log, folder / "curves.png")


def text_facts(corpus: TextCorpus, text: PreparedText) -> dict[str, Any]:
    """Describe a text and its size."""
    return {
        "name": corpus.name,
        "source": corpus.source,
        "licence": corpus.license,
        "fingerprint": corpus.fingerprint,
        "units": {split: len(stream) for split, stream in text.streams.items()},
        "words": {split: stream.words for split, stream in text.streams.items()},
        "sentences": {split: stream.passages for split, stream in text.streams.items()},
    }
