"""From a corpus with numbers beside words to a model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.config.token_regressor import WordNumbersConfig
from tagger.corpora.series.token_values import NumberCorpus
from tagger.errors import ConfigError
from tagger.evaluation.forecast_scores import TargetScores
from tagger.model_cards.provenance import told_of
from tagger.token_regression.regressor import NumberTagger
from tagger.token_regression.word_numbers_record import write_word_numbers_run
from tagger.token_regression.word_numbers_run import train_one
from tagger.training.checkpoint_callback import Keeping
from tagger.training.events import Listener
from tagger.training.training_place import at_work, make_machine


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
    machine = make_machine(device, threads, listener, keeping, config.training.max_memory)
    with at_work(machine, out, overwrite=overwrite) as (folder, _):
        run = train_one(corpus, config, machine, folder)
        if folder is not None:
            told = told_of(command, machine.threads, (*corpus.notes, *run.notes))
            write_word_numbers_run(folder, run, corpus, told, (out or folder).name)
    return WordNumbersTraining(run.tagger, run.scores, run.log, out, run.notes)
