"""Cross-validation: every sentence of a corpus is tested on once, by a model that was not trained on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from tagger.config.tagger import Config
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.sources.corpus import Corpus, Split
from tagger.corpora.text.text_split import TextCorpus
from tagger.errors import ConfigError
from tagger.evaluation.scores import Scores
from tagger.runtime.device import check_threads, choose_device
from tagger.runtime.memory_limit import available_memory, parse_bytes
from tagger.runtime.process_pool import WorkerProcesses, can_fork
from tagger.sequence_labelling.train import train_runs
from tagger.training.task import RunOptions

DEV_SHARE = 0.1  # of the sentences that are not tested on
MEMORY_OF_A_RUN = 1 << 30
"""Bytes that one training on a corpus of some ten thousand sentences stays below."""


def cross_validate(
    corpus: Corpus,
    config: Config,
    folds: int,
    options: RunOptions | None = None,
    *,
    text: TextCorpus | None = None,
    on_fold: Callable[[int, Scores], object] = lambda number, scores: None,
) -> list[Scores]:
    """Train as many models as there are folds, each on all but one of them, and score each on that one.

    The sentences of train, dev and test are shuffled together. Models are trained side by side, each on one thread, as
    cores and memory (``training.max_memory``, else what is free) allow.

    Args:
        corpus: any splits.
        config: of the models.
        folds: at least 2.
        options: device and threads; nothing is written.
        text: further text, as for ``train_runs``.
        on_fold: called with the number of each fold, from 1, and its scores.

    Returns:
        The scores of each fold.

    Raises:
        ConfigError: there are fewer than two folds, or fewer sentences than folds can share.
        TaggerError: as ``train_runs``.
    """
    options = options or RunOptions()
    parts = _fold_corpora(corpus, folds, config.training.seed)
    workers = _number_of_workers(folds, config, options)
    if workers > 1 and config.training.max_memory is not None:
        share = parse_bytes(config.training.max_memory) // workers
        config = config.with_settings({"training.max_memory": share})
    threads = 1 if workers > 1 else options.threads
    inner = RunOptions(device=options.device, threads=threads)

    def score(number: int) -> Scores:
        return train_runs(parts[number], config, inner, text=text).best.scores["test"]

    results = []
    with _computed(score, folds, workers) as scores:
        for number, one in enumerate(scores, 1):
            on_fold(number, one)
            results.append(one)
    return results


@contextmanager
def _computed(score: Callable[[int], Scores], folds: int, workers: int) -> Iterator[Iterator[Scores]]:
    """Compute the scores of the folds in order, in worker processes if there are several."""
    if workers == 1:
        yield map(score, range(folds))
        return
    pool = WorkerProcesses(score, workers)
    try:
        futures = [pool.submit(number) for number in range(folds)]
        yield (
            pool.result(future, threading.TIMEOUT_MAX, lambda number=number: score(number))  # type: ignore[misc]
            for number, future in enumerate(futures)
        )
    finally:
        pool.close()


def _fold_corpora(corpus: Corpus, folds: int, seed: int) -> list[Corpus]:
    """Make a corpus for each fold: the fold is its test split, a tenth of the rest its dev split."""
    import datasets

    data = datasets.concatenate_datasets([split.data for split in corpus.splits])
    if not 2 <= folds <= data.num_rows // 2:
        least = f"from 2 to {data.num_rows // 2}" if data.num_rows >= 4 else "more sentences"
        raise ConfigError(f"folds is {folds}, of {number_of(data.num_rows, 'sentence')}; expected {least}")
    owners = np.random.default_rng(seed).permutation(data.num_rows)
    label = next(split.label for split in corpus.splits)
    made = []
    for test in np.array_split(owners, folds):
        rest = owners[~np.isin(owners, test)]
        held_out = max(1, round(DEV_SHARE * len(rest)))
        rows = {"train": rest[held_out:], "dev": rest[:held_out], "test": test}
        train, dev, tested = (Split(name, data.select(sorted(some)), label=label) for name, some in rows.items())
        made.append(replace(corpus, train=train, dev=dev, test=tested))
    return made


def _number_of_workers(folds: int, config: Config, options: RunOptions) -> int:
    """Count the models that are trained at a time: as many as cores and memory allow."""
    if choose_device(options.device).type != "cpu" or not can_fork():
        return 1
    limit = config.training.max_memory
    memory = available_memory() if limit is None else parse_bytes(limit)
    return max(1, min(folds, check_threads(options.threads), memory // MEMORY_OF_A_RUN))
