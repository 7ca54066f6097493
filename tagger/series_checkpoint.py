"""A model of time series to a folder and back: safetensors and JSON, as with all models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import tagger
from tagger import model_folder as files
from tagger.checkpoint import stored
from tagger.errors import ModelError
from tagger.models.encoder import Encoder
from tagger.models.series_network import SeriesNetwork
from tagger.series_config import SeriesConfig
from tagger.series_forecast import Intervals
from tagger.series_inputs import Calendar
from tagger.series_scaling import Scaling
from tagger.weights_file import damage_told, load_network, read_tensors

TASK = "series"
HEAD = "number"
OVER = "time"
"""What the steps are: rows over time here, ``words`` in a model of numbers beside words."""


@dataclass(frozen=True)
class SavedSeries:
    """All that the folder of a model of time series holds.

    Args:
        config: every resolved setting.
        network: the weights.
        scaling: of the inputs and targets, fitted on the training part.
        step: usual distance of rows, in microseconds or as a plain number.
        kind: of the times: "date", "moment" or "number".
        intervals: how far forecasts were off on values that were held out.
        about: facts for people and programs.
    """

    config: SeriesConfig
    network: SeriesNetwork
    scaling: Scaling
    step: float
    kind: str
    intervals: Intervals
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar | None:
        """What the network reads of a time."""
        return Calendar(self.step) if self.config.data.calendar and self.kind != "number" else None


def build_series_network(config: SeriesConfig, input_size: int) -> SeriesNetwork:
    """Build an untrained network.

    Args:
        config: resolved.
        input_size: D, the columns that are read and what the calendar adds.
    """
    dropout = config.training.dropout or 0.0
    size = config.head.embedding_size or 1
    encoder = Encoder(
        cell=config.encoder.cell,
        input_size=size,
        hidden_size=config.encoder.hidden_size or 1,
        layers=config.encoder.layers,
        output_size=config.encoder.output_size,
        dropout=dropout,
        backward=False,
    )
    targets, horizon = len(config.data.targets), config.data.horizon
    return SeriesNetwork(
        input_size=input_size, embedding_size=size, encoder=encoder, targets=targets, horizon=horizon, dropout=dropout
    )


def save_series(folder: Path, saved: SavedSeries) -> None:
    """Write weights and configuration into an existing folder."""
    from safetensors.torch import save

    tensors = {name: stored(tensor).contiguous() for name, tensor in saved.network.state_dict().items()}
    (folder / files.WEIGHTS).write_bytes(save(tensors, metadata={"format": "pt"}))
    write_empty_tokenizer(folder / files.TOKENIZER)
    values = {
        "format_version": files.FORMAT_VERSION,
        "library_version": tagger.__version__,
        "task": TASK,
        "heads": [HEAD],
        "over": OVER,
        "labels": [],
        "units": None,
        "config": saved.config.to_dict(),
        "scaling": saved.scaling.to_dict(),
        "step": saved.step,
        "kind": saved.kind,
        "intervals": saved.intervals.to_dict(),
        "about": dict(saved.about),
        "files": {name: files.describe_file(folder / name) for name in (files.WEIGHTS, files.TOKENIZER)},
    }
    files.write_json(folder / files.CONFIG, files.seal(values))


def write_empty_tokenizer(path: Path) -> None:
    """A tokenizer without words: every model folder has the file, and a series of numbers needs none."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    path.write_text(Tokenizer(WordLevel(vocab={"<unk>": 0}, unk_token="<unk>")).to_str(pretty=False), encoding="utf-8")


def load_series(folder: Path) -> SavedSeries:
    """Read a model folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
    """
    values = files.read_config(folder)
    check_kind(folder, values, OVER)
    with damage_told(folder):
        return _load(folder, values)


def check_kind(folder: Path, values: Mapping[str, Any], over: str) -> None:
    """Refuse a model that does not predict numbers over what is wanted.

    Raises:
        ModelError: it is of another kind.
    """
    if values.get("task") != TASK:
        heads = ", ".join(map(str, values.get("heads", ["tag"])))
        raise ModelError(
            f"{folder}: no head that predicts numbers; its heads: {heads}; `tagger train series` trains one that does"
        )
    if values.get("over") != over:
        way = (
            "it gives words numbers: `tagger tag --model` uses it"
            if over == OVER
            else "it forecasts a series over time: `tagger forecast` uses it"
        )
        raise ModelError(f"{folder}: a model of numbers of another kind; {way}")


def _load(folder: Path, values: Mapping[str, Any]) -> SavedSeries:
    config = SeriesConfig.from_dict(values["config"], where=str(folder / files.CONFIG))
    step, kind = float(values["step"]), str(values["kind"])
    calendar = Calendar(step) if config.data.calendar and kind != "number" else None
    build = partial(build_series_network, config, len(config.inputs) + (0 if calendar is None else calendar.size))
    path = folder / files.WEIGHTS
    network = load_network(path, *read_tensors(path), build, layers=config.encoder.layers)
    intervals = Intervals.from_dict(values["intervals"])
    scaling = Scaling.from_dict(values["scaling"])
    return SavedSeries(config, network, scaling, step, kind, intervals, values.get("about", {}))
