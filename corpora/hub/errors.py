"""Failures of the hub and of ``datasets``, explained in one line that says what to do."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tagger.corpora.hub.configs import missing_config
from tagger.corpora.hub.hub_id import HubSpec
from tagger.errors import CorpusError

WITHOUT_NETWORK = "the bundled corpus needs no network (CORPUS = bundled)"
_CONFIGS = re.compile(r"(?:available configs: |Available: )(\[.*?\])", re.DOTALL)
_LONGEST = 300


class HubUnreachableError(CorpusError):
    """The hub does not answer, or may not be asked."""


@contextmanager
def explaining(spec: HubSpec) -> Iterator[None]:
    """Turn any exception inside into a `CorpusError` of one line about `spec`."""
    try:
        yield
    except CorpusError:
        raise
    except Exception as error:
        raise explain(error, spec) from error


def explain(error: Exception, spec: HubSpec) -> CorpusError:
    """Explain an exception of ``datasets`` or ``huggingface_hub`` to the user in one line."""
    configs = _CONFIGS.search(str(error))
    if configs is not None:
        return missing_config(spec, [str(config) for config in ast.literal_eval(configs[1])])
    chain = list(_chain(error))
    for known in chain:
        message = _known(known, spec)
        if message is not None:
            return CorpusError(message)
    if any(is_connection(link) for link in chain):
        return HubUnreachableError(f"{spec}: the hub did not answer ({one_line(error)}); {WITHOUT_NETWORK}")
    return CorpusError(f"{spec} cannot be read through datasets: {type(error).__name__}: {one_line(error)}")


def _known(error: BaseException, spec: HubSpec) -> str | None:
    from datasets.exceptions import DataFilesNotFoundError
    from huggingface_hub import errors

    # datasets cuts the chain of causes: only the text of its DatasetNotFoundError has the reason.
    if isinstance(error, errors.GatedRepoError) or "is a gated dataset" in str(error):
        return f"{spec} is gated: ask for access on its page on the hub, then set HF_TOKEN to your token"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{spec.owner_name} has no revision {spec.revision!r}; expected a branch, tag or commit of it"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no data set {spec.owner_name} on the hub (or it is private: set HF_TOKEN)"
    if isinstance(error, errors.HFValidationError | errors.HfUriError):
        return f"{spec} is not the name of a data set on the hub, expected OWNER/NAME[:CONFIG][@REVISION]"
    if isinstance(error, DataFilesNotFoundError) or type(error).__name__ == "EmptyDatasetError":
        return f"{spec} holds no data files that datasets can read"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
        return f"{spec} cannot be cached: {error.strerror}: {error.filename}; set HF_HOME to a place with room"
    return None


def is_connection(error: BaseException) -> bool:
    """Whether an exception means that the hub was not reached, not that it refused."""
    if status(error) is not None:
        return status(error) in (408, 429) or (status(error) or 0) >= 500
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"ConnectionError", "TimeoutError", "TransportError", "TimeoutException", "RequestException"})


def status(error: BaseException) -> int | None:
    """Return the HTTP status behind an exception, if there is one."""
    code = getattr(getattr(error, "response", None), "status_code", None)
    return code if isinstance(code, int) else None


def one_line(error: BaseException) -> str:
    """Return the message of an exception on one line, shortened if it is long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
