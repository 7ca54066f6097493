"""Training of token regressors: from a corpus with numbers beside words to a model folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from tagger.config.tagger import TAG
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.encoded_split import EncodedSplit, encode_split
from tagger.corpora.encoding.vocabulary import Labels
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.token_values import TokenValueCorpus, TokenValueSplit
from tagger.corpora.tokenization.rule_selection import rules_of_words
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError
from tagger.evaluation.forecast_scores import NETWORK, TargetScores, network_rmse, score_target, scores_to_dict
from tagger.model_cards.card import CardFacts, provenance
from tagger.model_cards.regression_cards import token_regressor_card
from tagger.models.networks.multi_head_network import Network
from tagger.runtime.device import check_threads
from tagger.sequence_labelling.preparation import Prepared, word_features_of
from tagger.serialization import manifest
from tagger.serialization.builder import build_tagger
from tagger.serialization.checkpoint import SavedModel, save_model
from tagger.token_regression.objective import TokenRegressionObjective
from tagger.token_regression.regressor import TokenRegressor
from tagger.training.fingerprint import split_arrays
from tagger.training.objective import Task
from tagger.training.run import TrainingResult, train_and_save
from tagger.training.task import RunContext, RunOptions, TrainedNetwork, TrainedRun, TrainingTask

MEAN, WORD_MEAN = "mean of train", "mean of the word"
SAMPLE = 2000
"""Sentences that choose the rules for raw text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRegressorRun(TrainedRun[TokenRegressor, Sequence[TargetScores]]):
    """One trained model; ``scores`` of each target, ``dev_loss`` to compare runs."""

    dev_loss: float


@dataclass
class TokenRegressionTask(TrainingTask[Network, TokenRegressorRun]):
    """Learns the numbers beside the words of a corpus."""

    corpus: TokenValueCorpus
    prepared: Prepared
    scaling: Scaling
    config: TokenRegressorConfig
    name: ClassVar[Task] = "series"

    def __post_init__(self) -> None:
        self.notes = self.corpus.notes

    def build_network(self) -> Network:
        """Build a tagger with a number for each target in place of scores of labels."""
        heads = {head: len(targets) for head, targets in self.prepared.labels.items()}
        return build_tagger(self.config.as_tagger(), self.prepared.features, heads, self.prepared.vectors)

    def build_objective(self, network: Network, device: torch.device) -> TokenRegressionObjective:
        """Learn from train, score dev."""
        return TokenRegressionObjective(network, self.prepared, self.config, device=device)

    def fingerprint_data(self) -> Mapping[str, Iterable[np.ndarray]]:
        """Return the words and the scaled numbers of train and dev."""
        splits = {"training data": self.prepared.train, "development data": self.prepared.dev}
        return {name: split_arrays(split) for name, split in splits.items() if split is not None}

    def result(self, trained: TrainedNetwork[Network], context: RunContext) -> TokenRegressorRun:
        """Make the regressor and score it."""
        train = self.corpus.splits["train"]
        rules, _ = rules_of_words(train.texts[:SAMPLE], train.tokens[:SAMPLE])
        tokenizer, features = WordTokenizer.from_rules(rules), self.prepared.features
        saved = SavedModel(self.config, (), features, trained.network, None, tokenizer, scaling=self.scaling)
        model = TokenRegressor(saved, device=context.device)
        return TokenRegressorRun(
            seed=self.config.training.seed,
            model=model,
            scores=_score_splits(model, self.corpus),
            log=trained.log,
            notes=trained.notes,
            dev_loss=trained.loss,
        )

    def best(self, runs: Sequence[TokenRegressorRun]) -> TokenRegressorRun:
        """Return the run with the lowest loss on dev."""
        return min(runs, key=lambda run: run.dev_loss)

    def write(
        self, folder: Path, best: TokenRegressorRun, runs: Sequence[TokenRegressorRun], options: RunOptions
    ) -> None:
        """Fill the model folder: weights, scores, card."""
        saved, corpus = best.model.saved, self.corpus
        about = {
            "corpus": {
                "name": corpus.name,
                "source": corpus.source,
                "fingerprint": corpus.fingerprint,
                "sentences": {name: len(split.tokens) for name, split in corpus.splits.items()},
                "words": {name: split.words for name, split in corpus.splits.items()},
            },
            "scores": network_rmse(best.scores),
            "seed": best.seed,
            **provenance(options.command, check_threads(options.threads), (*corpus.notes, *best.notes)),
        }
        save_model(folder, replace(saved, about=about))
        manifest.write_json(folder / manifest.METRICS, scores_to_dict(best.scores))
        facts = CardFacts.from_about((options.out or folder).name, saved.config.to_dict(), about)
        (folder / manifest.CARD).write_text(token_regressor_card(facts, best.scores), encoding="utf-8")


def train_token_regressor(
    corpus: TokenValueCorpus, config: TokenRegressorConfig, options: RunOptions | None = None
) -> TrainingResult[TokenRegressorRun]:
    """Train one model a seed, keep the best on dev; decide settings left None.

    Raises:
        TaggerError: the data, the settings or the output folder are not usable.
    """
    if tuple(config.targets) != corpus.targets:
        raise ConfigError(f"targets are {list(config.targets)}, but the corpus was read with {list(corpus.targets)}")
    return train_and_save(lambda _: make_task(corpus, config), options or RunOptions(), config.training.max_memory)


def make_task(corpus: TokenValueCorpus, config: TokenRegressorConfig) -> TokenRegressionTask:
    """Encode a corpus for training; arguments as ``train_token_regressor``."""
    resolved = config.resolved(corpus.splits["train"].tokens)
    scaling = _fit_scaling(corpus)
    return TokenRegressionTask(corpus, _prepare(corpus, resolved, scaling), scaling, resolved)


def _fit_scaling(corpus: TokenValueCorpus) -> Scaling:
    """Measure mean and deviation of each target in train; refuse a constant or empty one."""
    mean, std = [], []
    for target, column in zip(corpus.targets, corpus.splits["train"].flat_values().T, strict=True):
        known = column[~np.isnan(column)].astype(np.float64)
        if not len(known) or known.min() == known.max():
            what = "has no number" if not len(known) else f"is always {known[0]:g}"
            raise CorpusError(f"column {target!r} {what} in train; there is nothing to learn", path=corpus.source)
        mean.append(known.mean())
        std.append(known.std())
    return Scaling(np.array([mean]), np.array([std]))


def _prepare(corpus: TokenValueCorpus, config: TokenRegressorConfig, scaling: Scaling) -> Prepared:
    """Encode words, and scale the numbers beside them in place of labels."""
    splits = corpus.splits
    counts = Counter(chain.from_iterable(splits["train"].tokens))
    features, vectors = word_features_of(counts, config.as_tagger())
    train = _encode(splits["train"], features, scaling)
    return Prepared(
        features=features,
        labels={TAG: Labels(corpus.targets)},
        counts=np.array([counts[word] for word in train.words], dtype=np.int64),
        train=train,
        dev=_encode(splits["dev"], features, scaling) if "dev" in splits else None,
        lexicon={},
        vectors=vectors,
    )


def _encode(split: TokenValueSplit, features: WordFeatures, scaling: Scaling) -> EncodedSplit:
    scaled = ((split.flat_values() - scaling.mean[0]) / scaling.std[0]).astype(np.float32)
    return replace(encode_split(split.tokens, {}, features, {}), labels={TAG: scaled})


def _score_splits(regressor: TokenRegressor, corpus: TokenValueCorpus) -> Mapping[str, Sequence[TargetScores]]:
    """Score dev and test, where the corpus has them, for each target that has numbers there."""
    mean = regressor.scaling.mean[0]
    words = _word_means(corpus.splits["train"], mean)
    scores = {}
    for name in ("dev", "test"):
        if (split := corpus.splits.get(name)) is not None:
            actual = split.flat_values()
            predicted = {
                NETWORK: np.concatenate(regressor.predict(split.tokens)),
                MEAN: np.broadcast_to(mean, actual.shape),
                WORD_MEAN: np.array([words.get(word, mean) for sentence in split.tokens for word in sentence]),
            }
            targets = [
                score_target(target, actual[:, [n]], {kind: values[:, [n]] for kind, values in predicted.items()}, {})
                for n, target in enumerate(corpus.targets)
            ]
            scores[name] = [one for one in targets if one is not None]
    return scores


def _word_means(train: TokenValueSplit, mean: np.ndarray) -> dict[str, np.ndarray]:
    """Average each word of train: (K,); ``mean`` where the word has no number."""
    sums: defaultdict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(mean)))
    counts: defaultdict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(mean)))
    for tokens, values in zip(train.tokens, train.values, strict=True):
        for word, row in zip(tokens, values, strict=True):
            sums[word] += np.nan_to_num(row)
            counts[word] += ~np.isnan(row)
    return {word: np.where(counts[word] > 0, total / np.maximum(counts[word], 1), mean) for word, total in sums.items()}
