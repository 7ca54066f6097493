"""Saving and loading of forecasters: safetensors and JSON, as with all models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, get_args

from torch import nn

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.encoding.vocabulary import UNKNOWN
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.timestamps import TimeKind
from tagger.forecasting.evaluation import Intervals
from tagger.forecasting.features import Calendar, calendar_for_step
from tagger.models.layers.encoder import Encoder
from tagger.models.networks.causal_networks import SeriesNetwork
from tagger.serialization import manifest
from tagger.serialization.checkpoint import REGRESSION, check_heads, load_model, write_folder
from tagger.serialization.weights import load_network, read_tensors, report_damage


@dataclass(frozen=True)
class SavedForecaster:
    """Everything in the folder of a forecaster.

    Args:
        config: every resolved setting.
        network: the weights.
        scaling: of the inputs and targets, fitted on the training split.
        step: usual distance of rows, in microseconds or as a plain number.
        kind: of the times: "date", "moment" or "number".
        intervals: prediction intervals, measured on held-out values.
        about: facts for people and programs.
    """

    config: ForecasterConfig
    network: SeriesNetwork
    scaling: Scaling
    step: float
    kind: TimeKind
    intervals: Intervals
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar | None:
        """The calendar features that the network reads."""
        return calendar_for_step(self.step, self.kind, self.config)


def build_series_network(config: ForecasterConfig, input_size: int) -> SeriesNetwork:
    """Build an untrained network; ``input_size`` counts input columns and calendar features."""
    encoder = Encoder(
        cell=config.encoder.cell,
        input_size=config.head.embedding_size,
        hidden_size=config.encoder.hidden_size,
        layers=config.encoder.layers,
        output_size=config.encoder.output_size,
        dropout=config.training.dropout,
        backward=False,
    )
    return SeriesNetwork(
        input_size=input_size,
        embedding_size=config.head.embedding_size,
        encoder=encoder,
        targets=len(config.data.targets),
        horizon=config.data.horizon,
        dropout=config.training.dropout,
    )


def save_forecaster(folder: Path, saved: SavedForecaster) -> None:
    """Write weights and configuration into an existing folder, and a tokenizer without words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    wordless = Tokenizer(WordLevel(vocab={UNKNOWN: 0}, unk_token=UNKNOWN))
    (folder / manifest.TOKENIZER).write_text(wordless.to_str(pretty=False), encoding="utf-8")
    fields = {
        "task": "series",
        "heads": [REGRESSION],
        "over": "time",
        "labels": [],
        "units": None,
        "config": saved.config.to_dict(),
        "scaling": saved.scaling.to_dict(),
        "step": saved.step,
        "kind": saved.kind,
        "intervals": saved.intervals.to_dict(),
        "about": dict(saved.about),
    }
    write_folder(folder, saved.network.state_dict(), fields)


def load_forecaster(folder: Path) -> SavedForecaster:
    """Read a model folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
    """
    values = manifest.read_verified_manifest(folder)
    with report_damage(folder):
        check_heads(folder, values, (REGRESSION,), steps="time")
        return _load(folder, values)


def load_any(folder: Path) -> tuple[tuple[str, ...], nn.Module]:
    """Load a model folder of any kind as far as its weights.

    Returns:
        The names of its heads, and its network.

    Raises:
        ModelError: the folder is missing, incomplete, damaged, or of an unknown kind or format.
    """
    if manifest.steps_of(folder) == "time":
        return (REGRESSION,), load_forecaster(folder).network
    saved = load_model(folder)
    return saved.heads, saved.model


def _load(folder: Path, values: Mapping[str, Any]) -> SavedForecaster:
    config = ForecasterConfig.from_dict(values["config"], where=str(folder / manifest.CONFIG))
    step, kind, about = float(values["step"]), values["kind"], values.get("about", {})
    if not 0 < step < float("inf"):
        raise ValueError(f"rows are {step} apart; expected more than 0")
    if kind not in get_args(TimeKind):
        raise ValueError(f"times are {kind!r}; expected one of {', '.join(get_args(TimeKind))}")
    _check_source(about)
    calendar = calendar_for_step(step, kind, config)
    scaling = Scaling.from_dict(values["scaling"], len(config.inputs))
    intervals = Intervals.from_dict(values["intervals"], len(config.data.targets))
    build = partial(build_series_network, config, len(config.inputs) + (0 if calendar is None else calendar.size))
    path = folder / manifest.WEIGHTS
    network = load_network(path, read_tensors(path, values["format_version"]), build, layers=config.encoder.layers)
    return SavedForecaster(config, network, scaling, step, kind, intervals, about)


def _check_source(about: Mapping[str, Any]) -> None:
    """Check the source and the format of times that a forecast without a file reads again."""
    if not isinstance(about, dict):
        raise TypeError("'about' is no table")
    corpus = about.get("corpus", {})
    if not isinstance(corpus, dict):
        raise TypeError("'about.corpus' is no table")
    for name in ("source", "time_format"):
        if not isinstance(corpus.get(name), str | None):
            raise TypeError(f"'about.corpus.{name}' is no text")
