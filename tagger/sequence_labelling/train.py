"""From a corpus to a trained tagger, and to its model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagger.config.defaults import Facts, resolve
from tagger.config.tagger import Config
from tagger.corpora.formats.sentence import number_of
from tagger.corpora.read_corpus import read_corpus
from tagger.corpora.sources.corpus import Corpus, Split
from tagger.corpora.sources.in_memory import Source
from tagger.corpora.text.text_split import TextCorpus
from tagger.errors import ConfigError, CorpusError
from tagger.evaluation.scores import Scores
from tagger.inference.tagger import Tagger
from tagger.sequence_labelling.multitask_preparation import prepare_auxiliary_lm, with_streams
from tagger.sequence_labelling.preparation import choose_tokenizer, prepare
from tagger.sequence_labelling.task import Run, TaggingTask
from tagger.sequence_labelling.transfer import inherit_config
from tagger.serialization.atomic_folder import Resume
from tagger.serialization.checkpoint import LANGUAGE, SavedModel, load_model
from tagger.serialization.manifest import find_model
from tagger.training.events import Listener
from tagger.training.run import TrainingResult, run_options, train_and_save
from tagger.training.task import RunOptions

MOST_LABELS = 200
"""More than these, and more than a third of the words, are a closed list of values rather than classes."""


def train_pos(
    corpus: Source | Corpus | None = None,
    *,
    train: Source | None = None,
    dev: Source | None = None,
    test: Source | None = None,
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
        corpus: a path, folder, glob, name or hub id (``OWNER/NAME:CONFIG@REVISION``); a list of (tokens, labels), a
            data frame, a data set or a dict of splits, as ``read_corpus`` takes them; the bundled corpus if None.
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
        TaggerError: the data, the settings or the output folder are not usable; the message says how to fix it.
    """
    if not isinstance(config, Config):
        config = Config() if config is None else Config.from_toml(config)
    config = config.with_settings({**({"column": column} if column else {}), **(settings or {})})
    if not isinstance(corpus, Corpus):
        seed = config.training.seed
        corpus = read_corpus(corpus, train=train, dev=dev, test=test, column=config.column, offline=offline, seed=seed)
    return train_runs(corpus, config, run_options(out, overwrite, resume, device, threads, listener)).best.model


def train_runs(
    corpus: Corpus,
    config: Config,
    options: RunOptions | None = None,
    *,
    text: TextCorpus | None = None,
    folds: Sequence[Scores] = (),
) -> TrainingResult[Run]:
    """Train one model a seed, keep the best on dev; decide settings left None.

    Args:
        corpus: with a training split.
        config: of the model.
        options: where to compute and write, and who listens.
        text: further text for a language model that is trained along (``training.lm_weight``).
        folds: scores of a cross-validation, to be written beside those of the model.

    Raises:
        TaggerError: as ``train_pos``.
    """
    if corpus.train is None:
        raise CorpusError("has no training split", path=corpus.source)
    for column in config.training.auxiliary or ():
        if column not in corpus.columns:
            raise ConfigError(
                f"auxiliary column '{column}' is not in the training data; it has: {', '.join(corpus.columns)}"
            )
    start, path = None, config.training.init_from
    if path is not None:
        start = load_model(find_model(path), LANGUAGE)
        config = inherit_config(config, start, path)
    corpus = replace(corpus, notes=(*corpus.notes, *_closed_list(corpus, corpus.train)))
    resolved = resolve(config, Facts.of(corpus))
    return train_and_save(
        lambda context: replace(make_task(corpus, resolved, start, text, context.scratch), folds=tuple(folds)),
        options or RunOptions(),
        config.training.max_memory,
    )


def _closed_list(corpus: Corpus, train: Split) -> list[str]:
    """Say what is learnt where nearly every word has a label of its own."""
    labels, words = ({value for row in rows for value in row if value} for rows in (train.tags(), train.tokens()))
    if not corpus.column.lower().startswith("lemma") and len(labels) <= max(MOST_LABELS, len(words) / 3):
        return []
    what = f"a closed list of {number_of(len(labels), 'label')}, those of the training data"
    return [
        f"column {corpus.column}: the model learns {what}; a word whose {corpus.column} is not among them gets another"
    ]


def make_task(
    corpus: Corpus,
    config: Config,
    start: SavedModel | None = None,
    text: TextCorpus | None = None,
    scratch: Path | None = None,
) -> TaggingTask:
    """Encode a corpus for training with resolved settings; ``scratch`` is needed where there is a language model."""
    features = auxiliary_lm = None
    if start is not None or text is not None or config.training.lm_weight:
        assert scratch is not None
        features, auxiliary_lm = prepare_auxiliary_lm(corpus, config, start, text, scratch)
    if auxiliary_lm is not None:
        config = with_streams(config, auxiliary_lm)
    well_known = 0 if start is None or start.subwords is None else start.subwords.size
    prepared = prepare(corpus, config, features, well_known=well_known)
    tokenizer, note = choose_tokenizer(corpus)
    return TaggingTask(corpus, prepared, tokenizer, config, auxiliary_lm, start, further_notes=(note,))
