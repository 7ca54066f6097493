"""What the folders of models of numbers have in common, over time and over words: their files and their kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

import tagger
from tagger.errors import ModelError
from tagger.serialization import manifest as files
from tagger.serialization.checkpoint import stored

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
        "library_version": tagger.__version__,
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
