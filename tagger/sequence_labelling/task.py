"""Tagging as a task of training: labels alone, or labels and text beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from tagger.config.language_model import LanguageTrainingConfig
from tagger.config.tagger import TAG, Config
from tagger.corpora.sources.corpus import Corpus
from tagger.corpora.tokenization.raw_text_fit import raw_text_fit
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.evaluation.perplexity import LanguageScores
from tagger.evaluation.scores import Scores, summarise
from tagger.inference.evaluation import evaluate_split
from tagger.inference.tagger import Tagger
from tagger.language_modelling.language_model import LanguageModel
from tagger.language_modelling.objective import LanguageObjective
from tagger.language_modelling.preparation import token_frequencies
from tagger.model_cards.card import CardFacts, provenance
from tagger.model_cards.plots import draw_curves
from tagger.model_cards.tagger_card import tagger_card
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import has_fast_bfloat16
from tagger.sequence_labelling.multitask_objective import MultitaskObjective
from tagger.sequence_labelling.multitask_preparation import AuxiliaryLM
from tagger.sequence_labelling.objective import TaggingObjective
from tagger.sequence_labelling.preparation import Prepared
from tagger.sequence_labelling.transfer import PRETRAINED, copy_weights, init_new_embeddings
from tagger.serialization import manifest
from tagger.serialization.builder import build_tagger
from tagger.serialization.checkpoint import LANGUAGE, SavedModel, save_model
from tagger.serialization.tag_lexicon import Lexicon, pack
from tagger.training.fingerprint import as_array, split_arrays
from tagger.training.objective import Objective, Task
from tagger.training.optimizer_step import Optimization
from tagger.training.optimizers import make_optimization, make_optimizer
from tagger.training.task import RunContext, RunOptions, TrainedNetwork, TrainedRun, TrainingTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(TrainedRun[Tagger, Scores]):
    """One trained tagger; ``language`` are scores of a language-model head on the words of each split."""

    language: Mapping[str, LanguageScores] = field(default_factory=dict)


@dataclass
class TaggingTask(TrainingTask[Network, Run]):
    """Learns the labels of a treebank.

    Args:
        corpus: the treebank.
        prepared: the treebank, encoded.
        tokenizer: rules for raw text.
        config: resolved, with the seed of the run.
        auxiliary_lm: the language model to train along, if any.
        start: the language model to start from, if any.
        further_notes: for the model card, beside those of the corpus.
        folds: scores of a cross-validation, if there was one.
    """

    name: ClassVar[Task] = "pos"
    corpus: Corpus
    prepared: Prepared
    tokenizer: WordTokenizer
    config: Config
    auxiliary_lm: AuxiliaryLM | None = None
    start: SavedModel | None = None
    further_notes: tuple[str, ...] = ()
    folds: tuple[Scores, ...] = ()

    def __post_init__(self) -> None:
        self.notes = self.corpus.notes

    def build_network(self) -> Network:
        """Build the tagger; its shared parts are those of the model to start from."""
        prepared, auxiliary_lm = self.prepared, self.auxiliary_lm
        labels = {head: len(names) for head, names in prepared.labels.items()}
        number = None if auxiliary_lm is None else auxiliary_lm.subwords.size
        model = build_tagger(self.config, prepared.features, labels, prepared.vectors, number)
        if auxiliary_lm is not None:
            frequencies = token_frequencies(auxiliary_lm.train.ids, auxiliary_lm.subwords.size)
            for head in model.lm_heads.values():
                head.start_from(torch.from_numpy(frequencies).float())  # type: ignore[operator]
        if self.start is not None:
            fresh = copy_weights(self.start.model, model)
            init_new_embeddings(model, self.start.features, prepared.features)
            note = f"started from {self.config.training.init_from}; anew: {', '.join(fresh)}"
            self.notes = (*self.corpus.notes, note)
        return model

    def build_objective(self, network: Network, device: torch.device) -> Objective:
        """Learn labels alone, or labels and text."""
        tagging = TaggingObjective(network, self.prepared, self.config.training, device=device)
        auxiliary_lm, features = self.auxiliary_lm, self.prepared.features
        if auxiliary_lm is None:
            return tagging
        language = LanguageObjective(
            network,
            features.encode(features.vocabulary.words[: auxiliary_lm.subwords.size]),
            auxiliary_lm.train,
            auxiliary_lm.dev,
            self.config.streams,
            LanguageTrainingConfig(seed=self.config.training.seed),
            device=device,
        )
        return MultitaskObjective(tagging, language, self.config.training.lm_weight)

    def make_optimization(self, network: Network) -> Optimization:
        """Let what a language model brought along learn later or more slowly, if the settings say so."""
        training = self.config.training
        if self.start is None:
            return make_optimization(network, training)
        weights = self.start.model.state_dict()
        pretrained = [part for part in PRETRAINED if any(name.startswith(part) for name in weights)]
        optimizer = make_optimizer(network, training, dict.fromkeys(pretrained, training.pretrained_lr_scale))
        for group in optimizer.param_groups:
            group["frozen"] = training.freeze_epochs if group["pretrained"] else 0
        return make_optimization(network, training, optimizer)

    def fingerprint_data(self) -> Mapping[str, Iterable[np.ndarray]]:
        """Return the encoded treebank, its labels, and the text beside it."""
        prepared, auxiliary_lm = self.prepared, self.auxiliary_lm
        names = (name for labels in prepared.labels.values() for name in labels.names)
        data = {"training data": [*split_arrays(prepared.train), as_array(names), prepared.counts]}
        if prepared.dev is not None:
            data["development data"] = split_arrays(prepared.dev)
        if auxiliary_lm is not None:
            data["text"] = [stream.ids for stream in (auxiliary_lm.train, auxiliary_lm.dev) if stream is not None]
        return data

    def result(self, trained: TrainedNetwork[Network], context: RunContext) -> Run:
        """Make the tagger and score it."""
        tagger = self._tagger(trained.network, context)
        splits = [split for split in (self.corpus.dev, self.corpus.test) if split is not None and len(split)]
        return Run(
            seed=self.config.training.seed,
            model=tagger,
            scores={split.name: evaluate_split(tagger, split, any_labels=True) for split in splits},
            log=trained.log,
            notes=trained.notes,
            language=self._language_scores(tagger, context),
        )

    def _tagger(self, network: Network, context: RunContext) -> Tagger:
        prepared, auxiliary_lm = self.prepared, self.auxiliary_lm
        labels, vocabulary = next(iter(prepared.labels.values())).names, prepared.features.vocabulary
        saved = SavedModel(
            self.config,
            labels,
            prepared.features,
            network,
            Lexicon(pack(prepared.lexicon, vocabulary, labels), vocabulary, labels),
            self.tokenizer,
            subwords=None if auxiliary_lm is None else auxiliary_lm.subwords,
        )
        about = {
            "bfloat16_agreement": _bfloat16_agreement(saved, self.corpus, context),
            "scheme": prepared.scheme,
            "reading": None if self.corpus.reading is None else asdict(self.corpus.reading),
            "raw_text_f1": self._raw_text_f1(),
            "calibration_words": None if prepared.dev is None else int((prepared.dev.labels[TAG] >= 0).sum()),
        }
        return Tagger(replace(saved, about=about), device=context.device, threads=context.threads)

    def _raw_text_f1(self) -> float | None:
        """Measure on dev, else on train, how well raw text is split."""
        split = self.corpus.dev or self.corpus.train
        return None if split is None else raw_text_fit(self.tokenizer, split.texts(), split.tokens())

    def _language_scores(self, tagger: Tagger, context: RunContext) -> dict[str, LanguageScores]:
        """Return the perplexity of the language-model head on the words of dev and test."""
        auxiliary_lm = self.auxiliary_lm
        if auxiliary_lm is None:
            return {}
        model = LanguageModel(tagger.saved, device=context.device, threads=context.threads)
        streams = {"dev": auxiliary_lm.dev, "test": auxiliary_lm.test}
        return {split: model.evaluate_stream(stream) for split, stream in streams.items() if stream is not None}

    def best(self, runs: Sequence[Run]) -> Run:
        """Return the run with the best F1 of spans on dev, or the best accuracy where labels write none."""
        return max(runs, key=lambda run: run.scores["dev"].criterion if "dev" in run.scores else (0.0, 0.0))

    def write(self, folder: Path, best: Run, runs: Sequence[Run], options: RunOptions) -> None:
        """Fill the model folder: weights, scores, card, curves."""
        further = [best.model.raw_text_note(), folds_note(self.folds) if self.folds else None]
        notes = (*self.corpus.notes, *self.further_notes, *best.notes, *(note for note in further if note))
        saved = best.model.saved
        about = {
            **saved.about,
            "corpus": _corpus_facts(self.corpus),
            "scores": {split: scores.accuracy for split, scores in best.scores.items()},
            **({"perplexities": {k: v.perplexity for k, v in best.language.items()}} if best.language else {}),
            "seed": best.seed,
            **provenance(options.command, best.model.threads, notes),
        }
        save_model(folder, replace(saved, about=about))
        manifest.write_json(folder / manifest.METRICS, _metrics(best, runs, self.folds))
        settings = saved.config.to_dict()
        if LANGUAGE not in saved.heads:
            del settings["head"], settings["streams"], settings["training"]["lm_weight"]
        facts = CardFacts.from_about((options.out or folder).name, settings, about)
        (folder / manifest.CARD).write_text(tagger_card(facts, best.scores, saved.labels), encoding="utf-8")
        draw_curves(best.log, folder / "curves.png")


def folds_note(folds: Sequence[Scores]) -> str:
    """Report a cross-validation: mean and spread of the accuracy, and of the F1 of spans."""
    named = {"accuracy": "accuracy", "span_f1": "span F1"}
    figures = [
        f"{name} {100 * one.mean:.2f} % (standard deviation {100 * (one.std or 0):.2f})"
        for key, name in named.items()
        if (one := summarise(folds).get(key)) is not None
    ]
    return f"{len(folds)}-fold cross-validation: {', '.join(figures)}"


def _metrics(best: Run, runs: Sequence[Run], folds: Sequence[Scores]) -> dict[str, Any]:
    values: dict[str, Any] = {split: scores.to_dict() for split, scores in best.scores.items()}
    if best.language:
        values["language"] = {split: scores.to_dict() for split, scores in best.language.items()}
    values["seed"] = best.seed
    if len(runs) > 1:
        values["seeds"] = {
            str(run.seed): {split: scores.accuracy for split, scores in run.scores.items()} for run in runs
        }
        values["mean"] = {
            split: {name: summary.to_dict() for name, summary in summarise([run.scores[split] for run in runs]).items()}
            for split in best.scores
        }
    if folds:
        mean = {name: summary.to_dict() for name, summary in summarise(folds).items()}
        values["folds"] = {"accuracy": [scores.accuracy for scores in folds], "mean": mean}
    return values


def _corpus_facts(corpus: Corpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "source": corpus.source,
        "column": corpus.column,
        "licence": corpus.license,
        "fingerprint": corpus.fingerprint,
        "splits": {s.name: {"sentences": len(s), "words": s.num_tokens} for s in corpus.splits},
        "sentences": len(corpus.train or ()),
        "words": corpus.train.num_tokens if corpus.train else 0,
    }


def _bfloat16_agreement(saved: SavedModel, corpus: Corpus, context: RunContext) -> float | None:
    """Return the share of dev tags that bfloat16 and float32 agree on; None where bfloat16 is not native."""
    split = corpus.dev or corpus.train
    if not has_fast_bfloat16() or split is None:
        return None
    tags: list[list[str]] = []
    for precision in ("float32", "bfloat16"):
        tagger = Tagger(saved, device="cpu", threads=context.threads, precision=precision)
        tags.append(list(chain.from_iterable(s.tags for s in tagger.tag_sentences(split.tokens()))))
    return sum(map(str.__eq__, *tags)) / max(1, len(tags[0]))
