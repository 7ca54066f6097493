"""From a corpus with numbers beside words to a model folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tagger import model_folder
from tagger.building import build_tagger
from tagger.checkpoint import round_as_stored
from tagger.corpora.encoding import encode_split
from tagger.corpora.number_corpus import NumberCorpus, NumberSplit
from tagger.corpora.text_rules import rules_of_words
from tagger.corpora.tokenization import WordTokenizer
from tagger.corpora.word_features import WordFeatures
from tagger.errors import ConfigError, CorpusError
from tagger.events import Listener
from tagger.fitting import Fitting
from tagger.following import follow
from tagger.number_tagger import NumberTagger, flat
from tagger.optimisation import make_average, make_optimizer
from tagger.preparation import TAG, word_features_of
from tagger.run_fingerprint import fingerprint, split_arrays
from tagger.run_keeper import Keeper, Keeping, make_keeper
from tagger.run_record import command_line
from tagger.runtime import (
    check_threads,
    choose_device,
    environment,
    intra_op_threads,
    memory_watched,
    seed_everything,
)
from tagger.schedules import Schedule
from tagger.series_card import measured, series_front_matter
from tagger.series_scores import NETWORK, TargetScores, score_target
from tagger.tagger_run import Machine
from tagger.word_numbers_checkpoint import SavedWordNumbers, save_word_numbers
from tagger.word_numbers_config import WordNumbersConfig
from tagger.word_numbers_objective import NumberedSplit, WordNumbersObjective

MEAN, WORD_MEAN = "mean of train", "mean of the word"


@dataclass(frozen=True, slots=True)
class WordNumbersTraining:
    """What training did.

    Args:
        tagger: ready to use.
        scores: of each target, by split.
        log: one entry an epoch.
        folder: where it was saved, or None.
        notes: how often the run was interrupted, and what changed then.
    """

    tagger: NumberTagger
    scores: Mapping[str, Sequence[TargetScores]]
    log: Sequence[Mapping[str, Any]]
    folder: Path | None
    notes: tuple[str, ...] = ()


def train_word_numbers(
    corpus: NumberCorpus,
    config: WordNumbersConfig,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: int | None = None,
    listener: Listener | None = None,
    command: str | None = None,
    keeping: Keeping | None = None,
) -> WordNumbersTraining:
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
        keeping: how the state of the run is kept in ``OUT.partial``, and whether an unfinished run is resumed.

    Raises:
        TaggerError: the data, the settings or the output folder are not usable.
    """
    if tuple(config.targets) != corpus.targets:
        raise ConfigError(f"targets are {list(config.targets)}, but the corpus was read with {list(corpus.targets)}")
    keeping = keeping or Keeping()
    machine = Machine(device, check_threads(threads), listener or (lambda event: None), keeping)
    choose_device(device)
    torch.set_flush_denormal(True)
    with memory_watched(), intra_op_threads(1):
        if out is None:
            return _train(corpus, config, machine, None)
        with model_folder.writing(
            out, overwrite=overwrite, resume=keeping.resume, keep_state=keeping.keep_state
        ) as partial:
            training = _train(corpus, config, machine, partial)
            _write(partial, training, corpus, command or command_line(), out.name)
    return replace(training, folder=out)


def _train(
    corpus: NumberCorpus, config: WordNumbersConfig, machine: Machine, folder: Path | None
) -> WordNumbersTraining:
    train = corpus.splits["train"]
    config = config.resolved(train.tokens)
    rng = seed_everything(config.training.seed)
    counts = Counter(chain.from_iterable(train.tokens))
    features, vectors = word_features_of(counts, config.as_tagger())
    mean, spread = _scale(corpus, flat(train.values, len(corpus.targets)))
    encoded = {name: _encoded(split, features, mean, spread) for name, split in corpus.splits.items()}
    network = build_tagger(config.as_tagger(), features, {TAG: len(corpus.targets)}, vectors)
    device = choose_device(machine.device)
    occurrences = np.array([counts[word] for word in encoded["train"].encoded.words], dtype=np.int64)
    objective = WordNumbersObjective(
        network.to(device), encoded["train"], encoded.get("dev"), occurrences, config, device=device
    )
    keeper = _keeper(encoded, config, machine, folder)
    fitting = Fitting(
        network, objective, config.training,
        optimizer=make_optimizer(network, config.training), average=make_average(network, config.training),
        schedule=Schedule(config.training.schedule, warmup=config.training.warmup), device=device,
        threads=machine.threads, rng=rng, notes=corpus.notes, keeper=keeper,
    )  # fmt: skip
    log = follow(fitting, seed=config.training.seed, folder=folder, listener=machine.listener)
    network.cpu().eval().requires_grad_(False)
    round_as_stored(network)
    tokenizer, _ = _tokenizer(train)
    saved = SavedWordNumbers(config, features, network, tokenizer, mean, spread)
    tagger = NumberTagger(saved, device=machine.device)
    scores: dict[str, list[TargetScores]] = {
        name: _scores(tagger, corpus, name) for name in ("dev", "test") if name in corpus.splits
    }
    return WordNumbersTraining(tagger, scores, log, None, () if keeper is None else keeper.story())


def _keeper(
    encoded: Mapping[str, NumberedSplit], config: WordNumbersConfig, machine: Machine, folder: Path | None
) -> Keeper | None:
    """What saves the run and brings it back, where a folder is written."""
    run = fingerprint(
        task="series",
        data={
            f"{name} data": [*split_arrays(split.encoded), split.targets]
            for name, split in encoded.items()
            if name != "test"
        },
        settings=config.to_dict(),
        device=str(choose_device(machine.device)),
        threads=machine.threads,
    )
    return make_keeper(folder, machine.keeping, config.training.seed, run)


def _scale(corpus: NumberCorpus, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _encoded(split: NumberSplit, features: WordFeatures, mean: np.ndarray, spread: np.ndarray) -> NumberedSplit:
    scaled = (flat(split.values, len(mean)) - mean) / spread
    return NumberedSplit(encode_split(split.tokens, {}, features, {}), scaled.astype(np.float32))


def _tokenizer(train: NumberSplit) -> tuple[WordTokenizer, str]:
    name, note = rules_of_words(train.texts[:2000], train.tokens[:2000])
    return WordTokenizer.from_rules(name), note


def _scores(tagger: NumberTagger, corpus: NumberCorpus, name: str) -> list[TargetScores]:
    """Beside the mean of train, and the mean of the word in train (of all where it was not seen)."""
    split, columns = corpus.splits[name], len(corpus.targets)
    predicted = flat(tagger.numbers(split.tokens), columns)
    actual = flat(split.values, columns)
    words = _word_means(corpus.splits["train"], tagger.saved.mean)
    by_word = np.array([words.get(word, tagger.saved.mean) for sentence in split.tokens for word in sentence])
    forecasts = {NETWORK: predicted, MEAN: np.broadcast_to(tagger.saved.mean, actual.shape), WORD_MEAN: by_word}
    found = [
        score_target(target, actual[:, [n]], {kind: values[:, [n]] for kind, values in forecasts.items()}, {})
        for n, target in enumerate(corpus.targets)
    ]
    return [one for one in found if one is not None]


def _word_means(train: NumberSplit, mean: np.ndarray) -> dict[str, np.ndarray]:
    sums: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    for tokens, values in zip(train.tokens, train.values, strict=True):
        for word, row in zip(tokens, values, strict=True):
            known = ~np.isnan(row)
            sums[word] = sums.get(word, np.zeros(len(mean))) + np.where(known, row, 0.0)
            counts[word] = counts.get(word, np.zeros(len(mean))) + known
    return {word: np.where(counts[word] > 0, total / np.maximum(counts[word], 1), mean) for word, total in sums.items()}


def _write(folder: Path, training: WordNumbersTraining, corpus: NumberCorpus, command: str, name: str) -> None:
    saved = training.tagger.saved
    about = {
        "corpus": {"name": corpus.name, "source": corpus.source, "fingerprint": corpus.fingerprint},
        "scores": {
            split: {one.target: one.figures[NETWORK].rmse for one in scores}
            for split, scores in training.scores.items()
        },
        "command": command,
        "environment": environment(),
        "notes": [*corpus.notes, *training.notes],
        "trained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    save_word_numbers(folder, replace(saved, about=about))
    metrics = {split: {one.target: one.to_dict() for one in scores} for split, scores in training.scores.items()}
    model_folder.write_json(folder / model_folder.METRICS, metrics)
    card = [
        series_front_matter(name, corpus.name, training.scores, kind="token-regression"),
        f"# {name}\n\nGives every word a number: {', '.join(corpus.targets)}.",
        f"```sh\ntagger tag --model {name} --text 'They can fish.'\n```",
        measured(training.scores, {}),
        f"```sh\n{command}\n```",
    ]
    (folder / model_folder.CARD).write_text("\n\n".join(card) + "\n", encoding="utf-8")
