"""A model of time series to a folder and back: safetensors and JSON, as with all models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from torch import Tensor

from tagger.config.forecaster import ForecasterConfig
from tagger.corpora.encoding.vocabulary import UNKNOWN
from tagger.corpora.series.scaling import Scaling
from tagger.corpora.series.timestamps import TimeKind
from tagger.errors import ModelError
from tagger.forecasting.evaluation import Intervals
from tagger.forecasting.features import Calendar, calendar_for_step
from tagger.models.layers.encoder import Encoder
from tagger.models.networks.series_network import SeriesNetwork
from tagger.runtime.version import __version__
from tagger.serialization import manifest as files
from tagger.serialization.checkpoint import stored
from tagger.serialization.weights_file import damage_told, load_network, read_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer


TASK = "series"
HEAD = "number"
Over = Literal["time", "words"]
"""What the steps are: rows over time, or words that each have a number."""
USES: dict[Any, str] = {
    "time": "it forecasts a series over time: `tagger forecast` uses it",
    "words": "it gives words numbers: `tagger tag --model` uses it",
}


def write_folder(
    folder: Path, over: Over, tensors: Mapping[str, Tensor], tokenizer: Tokenizer, fields: Mapping[str, Any]
) -> None:
    """Write weights, tokenizer and configuration into an existing folder.

    Args:
        folder: exists, is being written.
        over: what the steps are.
        tensors: of the network, and what is stored beside them.
        tokenizer: of the words; every model folder has one.
        fields: what ``config.json`` holds further: "config", "scaling", "about" and so on.
    """
    from safetensors.torch import save

    weights = {name: stored(tensor).contiguous() for name, tensor in tensors.items()}
    (folder / files.WEIGHTS).write_bytes(save(weights, metadata={"format": "pt"}))
    (folder / files.TOKENIZER).write_text(tokenizer.to_str(pretty=False), encoding="utf-8")
    values = {
        "format_version": files.FORMAT_VERSION,
        "library_version": __version__,
        "task": TASK,
        "heads": [HEAD],
        "over": over,
        "labels": [],
        "units": None,
        **fields,
        "files": {name: files.describe_file(folder / name) for name in (files.WEIGHTS, files.TOKENIZER)},
    }
    files.write_json(folder / files.CONFIG, files.seal(values))


def read_folder(folder: Path, over: Over) -> dict[str, Any]:
    """The configuration of a model that predicts numbers over what is wanted; the listed files are whole.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
    """
    values = files.read_config(folder)
    if values.get("task") != TASK:
        heads = values.get("heads", ["tag"])
        shown = ", ".join(map(str, heads))[:100] if isinstance(heads, list) else "none"
        raise ModelError(
            f"{folder}: no head that predicts numbers; its heads: {shown}; `tagger train series` trains one that does"
        )
    if (found := values.get("over")) != over:
        use = USES.get(found) if isinstance(found, str) else None
        raise ModelError(
            f"{folder}: a model of numbers of another kind; {use or 'this version does not know what it is over'}"
        )
    if not isinstance(values.get("about", {}), dict):
        raise ModelError(f"{folder / files.CONFIG}: damaged: 'about' is no table")
    return values


def is_over(folder: Path, over: Over) -> bool:
    """Whether a folder holds a model of numbers over this; damaged ones are for others to report."""
    try:
        values = files.read_config(folder)
    except ModelError:
        return False
    return values.get("task") == TASK and values.get("over") == over


@dataclass(frozen=True)
class SavedForecaster:
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

    config: ForecasterConfig
    network: SeriesNetwork
    scaling: Scaling
    step: float
    kind: TimeKind
    intervals: Intervals
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar | None:
        """What the network reads of a time."""
        return calendar_for_step(self.step, self.kind, self.config)


def build_series_network(config: ForecasterConfig, input_size: int) -> SeriesNetwork:
    """Build an untrained network.

    Args:
        config: resolved.
        input_size: D, the columns that are read and what the calendar adds.
    """
    dropout = config.training.dropout
    size = config.head.embedding_size
    encoder = Encoder(
        cell=config.encoder.cell,
        input_size=size,
        hidden_size=config.encoder.hidden_size,
        layers=config.encoder.layers,
        output_size=config.encoder.output_size,
        dropout=dropout,
        backward=False,
    )
    targets, horizon = len(config.data.targets), config.data.horizon
    return SeriesNetwork(
        input_size=input_size, embedding_size=size, encoder=encoder, targets=targets, horizon=horizon, dropout=dropout
    )


def save_forecaster(folder: Path, saved: SavedForecaster) -> None:
    """Write weights and configuration into an existing folder, and a tokenizer without words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    fields = {
        "config": saved.config.to_dict(),
        "scaling": saved.scaling.to_dict(),
        "step": saved.step,
        "kind": saved.kind,
        "intervals": saved.intervals.to_dict(),
        "about": dict(saved.about),
    }
    wordless = Tokenizer(WordLevel(vocab={UNKNOWN: 0}, unk_token=UNKNOWN))
    write_folder(folder, "time", saved.network.state_dict(), wordless, fields)


def load_forecaster(folder: Path) -> SavedForecaster:
    """Read a model folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or holds a model of another kind.
    """
    values = read_folder(folder, "time")
    with damage_told(folder):
        return _load(folder, values)


def _load(folder: Path, values: Mapping[str, Any]) -> SavedForecaster:
    config = ForecasterConfig.from_dict(values["config"], where=str(folder / files.CONFIG))
    step, kind, about = _step(values), _kind(values), values.get("about", {})
    _check_source(about)
    calendar = calendar_for_step(step, kind, config)
    scaling = Scaling.from_dict(values["scaling"], len(config.inputs))
    intervals = Intervals.from_dict(values["intervals"], len(config.data.targets))
    build = partial(build_series_network, config, len(config.inputs) + (0 if calendar is None else calendar.size))
    path = folder / files.WEIGHTS
    network = load_network(path, *read_tensors(path), build, layers=config.encoder.layers)
    return SavedForecaster(config, network, scaling, step, kind, intervals, about)


def _step(values: Mapping[str, Any]) -> float:
    step = float(values["step"])
    if not 0 < step < float("inf"):
        raise ValueError(f"rows are {step} apart; expected more than 0")
    return step


def _kind(values: Mapping[str, Any]) -> TimeKind:
    found: Any = values["kind"]
    if found not in get_args(TimeKind):
        raise ValueError(f"times are {found!r}; expected one of {', '.join(get_args(TimeKind))}")
    kind: TimeKind = found
    return kind


def _check_source(about: Mapping[str, Any]) -> None:
    """What a forecast without a file reads again, and how."""
    corpus = about.get("corpus", {})
    if not isinstance(corpus, dict):
        raise TypeError("'about.corpus' is no table")
    for name in ("source", "time_format"):
        if not isinstance(corpus.get(name), str | None):
            raise TypeError(f"'about.corpus.{name}' is no text")
