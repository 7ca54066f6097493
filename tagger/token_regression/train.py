"""From a corpus with numbers beside words to a model folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tagger.config.tagger import TAG
from tagger.config.token_regressor import TokenRegressorConfig
from tagger.corpora.encoding.encoded_split import encode_split
from tagger.corpora.encoding.word_features import WordFeatures
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.token_values import TokenValueCorpus, TokenValueSplit
from tagger.corpora.tokenization.rule_selection import rules_of_words
from tagger.corpora.tokenization.tokenizer import WordTokenizer
from tagger.errors import ConfigError, CorpusError
from tagger.evaluation.forecast_scores import TargetScores, network_rmse, scores_to_dict
from tagger.forecasting.train import fit
from tagger.model_cards.card import CardFacts
from tagger.model_cards.provenance import provenance
from tagger.model_cards.token_regressor_card import token_regressor_card
from tagger.models.networks.multi_head_network import Network
from tagger.sequence_labelling.preparation import word_features_of
from tagger.serialization import manifest
from tagger.serialization.builder import build_tagger
from tagger.serialization.checkpoint import SavedModel, save_model
from tagger.token_regression.evaluation import score_splits
from tagger.token_regression.objective import NumberedSplit, TokenRegressionObjective
from tagger.token_regression.regressor import TokenRegressor
from tagger.training.checkpoint_callback import CheckpointConfig
from tagger.training.events import Listener
from tagger.training.fingerprint import split_arrays
from tagger.training.run import RunContext, RunOptions, ignore_events, run_context


def write_word_numbers_run(
    folder: Path, run: TokenRegressorRun, corpus: TokenValueCorpus, told: Mapping[str, Any], name: str
) -> None:
    """Fill a model folder.

    Args:
        folder: exists, is being written.
        run: what to keep.
        corpus: what was learnt from.
        told: of the command, the machine and the notes, see ``tagger.model_cards.provenance``.
        name: of the model, for its card.
    """
    saved = run.tagger.saved
    facts = _facts(corpus)
    about = {
        "corpus": facts,
        "scores": network_rmse(run.scores),
        "seed": saved.config.training.seed,
        **told,
    }
    save_model(folder, replace(saved, about=about))
    manifest.write_json(folder / manifest.METRICS, scores_to_dict(run.scores))
    card = token_regressor_card(CardFacts.from_about(name, saved.config.to_dict(), about), run.scores)
    (folder / manifest.CARD).write_text(card, encoding="utf-8")


def _facts(corpus: TokenValueCorpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "source": corpus.source,
        "fingerprint": corpus.fingerprint,
        "sentences": {name: len(split.tokens) for name, split in corpus.splits.items()},
        "words": {name: split.words for name, split in corpus.splits.items()},
    }


@dataclass(frozen=True, slots=True)
class TokenRegressorRun:
    """One trained model.

    Args:
        tagger: ready to use.
        scores: of each target, by split.
        log: one entry an epoch.
        notes: how often it was interrupted, and what changed then.
    """

    tagger: TokenRegressor
    scores: Mapping[str, Sequence[TargetScores]]
    log: Sequence[Mapping[str, Any]]
    notes: tuple[str, ...] = ()


def train_one(corpus: TokenValueCorpus, config: TokenRegressorConfig, context: RunContext) -> TokenRegressorRun:
    """Train and score one model.

    Args:
        corpus: columns as ``config.targets``.
        config: settings; those left None are decided from the corpus.
        context: where and how.

    Raises:
        CorpusError: a target tells nothing.
    """
    train = corpus.splits["train"]
    config = config.resolved(train.tokens)
    counts = Counter(chain.from_iterable(train.tokens))
    features, vectors = word_features_of(counts, config.as_tagger())
    mean, spread = _scale(corpus, train.flat_values())
    encoded = {name: _encoded(split, features, mean, spread) for name, split in corpus.splits.items()}
    occurrences = np.array([counts[word] for word in encoded["train"].encoded.words], dtype=np.int64)

    def make_network() -> Network:
        return build_tagger(config.as_tagger(), features, {TAG: len(corpus.targets)}, vectors)

    def make_objective(network: Network, device: torch.device) -> TokenRegressionObjective:
        return TokenRegressionObjective(
            network, encoded["train"], encoded.get("dev"), occurrences, config, device=device
        )

    data = {name: _learnt_from(split) for name, split in encoded.items() if name != "test"}
    fitted = fit(make_network, make_objective, config, context, data=data, notes=corpus.notes)
    saved = SavedModel(
        config, (), features, fitted.network, None, _tokenizer(train), scaling=Scaling(mean[None], spread[None])
    )
    tagger = TokenRegressor(saved, device=context.device)
    return TokenRegressorRun(tagger, score_splits(tagger, corpus), fitted.log, fitted.notes)


def _scale(corpus: TokenValueCorpus, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each target in train.

    Raises:
        CorpusError: a target never changes, or is never there.
    """
    mean, spread = [], []
    for number, target in enumerate(corpus.targets):
        known = values[:, number][~np.isnan(values[:, number])].astype(np.float64)
        if not len(known) or known.min() == known.max():
            what = "has no number" if not len(known) else f"is always {known[0]:g}"
            raise CorpusError(f"column {target!r} {what} in train; there is nothing to learn", path=corpus.source)
        mean.append(known.mean())
        spread.append(known.std())
    return np.array(mean), np.array(spread)


def _encoded(split: TokenValueSplit, features: WordFeatures, mean: np.ndarray, spread: np.ndarray) -> NumberedSplit:
    scaled = (split.flat_values() - mean) / spread
    return NumberedSplit(encode_split(split.tokens, {}, features, {}), scaled.astype(np.float32))


def _learnt_from(split: NumberedSplit) -> list[np.ndarray]:
    return [*split_arrays(split.encoded), split.targets]


def _tokenizer(train: TokenValueSplit) -> WordTokenizer:
    """Rules that split raw text as the training data are split."""
    name, _ = rules_of_words(train.texts[:2000], train.tokens[:2000])
    return WordTokenizer.from_rules(name)


@dataclass(frozen=True, slots=True)
class TokenRegressorTraining:
    """What training did.

    Args:
        tagger: ready to use.
        scores: of each target, by split.
        log: one entry an epoch.
        folder: where it was saved, or None.
        notes: how often the run was interrupted, and what changed then.
    """

    tagger: TokenRegressor
    scores: Mapping[str, Sequence[TargetScores]]
    log: Sequence[Mapping[str, Any]]
    folder: Path | None
    notes: tuple[str, ...] = ()


def train_token_regressor(
    corpus: TokenValueCorpus,
    config: TokenRegressorConfig,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: int | None = None,
    listener: Listener | None = None,
    command: str | None = None,
    checkpointing: CheckpointConfig | None = None,
) -> TokenRegressorTraining:
    """Train one model.

    Args:
        corpus: columns as ``config.targets``.
        config: settings; those left None are decided from the corpus.
        out: model folder to write; None writes nothing.
        overwrite: whether a model that is there already may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: CPU threads.
        listener: called with every event.
        command: told in the model card.
        checkpointing: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: the data, the settings or the output folder are not usable.
    """
    if tuple(config.targets) != corpus.targets:
        raise ConfigError(f"targets are {list(config.targets)}, but the corpus was read with {list(corpus.targets)}")
    options = RunOptions(
        out, overwrite, device, threads, listener or ignore_events, 1, command, checkpointing or CheckpointConfig()
    )
    with run_context(options, config.training.max_memory) as context:
        run = train_one(corpus, config, context)
        if context.folder is not None:
            told = provenance(command, context.threads, (*corpus.notes, *run.notes))
            write_word_numbers_run(context.folder, run, corpus, told, (out or context.folder).name)
    return TokenRegressorTraining(run.tagger, run.scores, run.log, out, run.notes)
