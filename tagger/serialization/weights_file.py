"""The weights of a model folder, read into the network that its configuration describes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from tagger.errors import ConfigError, ModelError
from tagger.serialization.weights import Stored, check_weights, read_header

Model = TypeVar("Model", bound=nn.Module)


@contextmanager
def damage_told(folder: Path) -> Iterator[None]:
    """Within the block, whatever the content of a folder brings about is one line that names the folder.

    Raises:
        ModelError: the folder does not hold what it should.
    """
    try:
        yield
    except ModelError:
        raise
    except (ConfigError, LookupError, TypeError, ValueError, RuntimeError, AttributeError, ArithmeticError) as error:
        raise ModelError(f"{folder}: damaged or not a model: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """What an error says, on one line of at most 300 characters."""
    return " ".join(str(error).split())[:300]


def read_tensors(path: Path) -> tuple[dict[str, Stored], dict[str, Tensor]]:
    """The header of a file, checked, and its tensors.

    Raises:
        ModelError: the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    header = read_header(path)
    try:
        return header, load_file(path)
    except SafetensorError as error:
        raise ModelError(f"{path}: damaged: {one_line(error)}") from error


def load_network(
    path: Path,
    header: Mapping[str, Stored],
    tensors: Mapping[str, Tensor],
    build: Callable[[], Model],
    *,
    layers: int,
    beside: Mapping[str, Stored] | None = None,
) -> Model:
    """The network in evaluation mode, with its weights; nothing is allocated before they are known to fit.

    Args:
        path: of the file, for messages.
        header: of the file.
        tensors: of the file; those that are not the network's may be there still.
        build: makes the network.
        layers: of the encoder, by the configuration.
        beside: tensors that are not the network's, as they must be.

    Raises:
        ModelError: other tensors, or other shapes, than those of the network.
    """
    beside = beside or {}
    network = check_weights(path, header, build, largest=layers, beside=beside)
    own = {name: tensor for name, tensor in tensors.items() if name not in beside}
    network.load_state_dict({n: t.float() if t.is_floating_point() else t for n, t in own.items()}, assign=True)
    return network.eval().requires_grad_(False)
