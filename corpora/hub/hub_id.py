"""How a data set on the Hugging Face hub is written: ``OWNER/NAME[:CONFIG][@REVISION]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z0-9][\w.-]*"
_PREFIX = r"(?:hf://datasets/|https?://[^/\s]+/datasets/)"
_TAIL = r"(?::(?P<config>[^\s:@/][^\s:@]*))?(?:@(?P<revision>[^\s@:]+))?"
# Behind a prefix a name may stand alone, as in the days before owners; elsewhere that means something else.
_SPEC = re.compile(rf"(?:{_PREFIX}(?P<any>{_NAME}(?:/{_NAME})?)|(?P<owned>{_NAME}/{_NAME})){_TAIL}/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class HubSpec:
    """A data set on the hub.

    Attributes:
        owner_name: ``OWNER/NAME``; a bare ``NAME`` is looked up on the hub.
        config: the configuration (a language, a task ...), None for the only or default one.
        revision: branch, tag or commit, None for the main branch.
    """

    owner_name: str
    config: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        config = "" if self.config is None else f":{self.config}"
        revision = "" if self.revision is None else f"@{self.revision}"
        return f"{self.owner_name}{config}{revision}"


def parse_hub_spec(text: str) -> HubSpec | None:
    """Read ``OWNER/NAME[:CONFIG][@REVISION]``, also behind ``hf://datasets/`` or as the address of its page.

    Args:
        text: what the user wrote.

    Returns:
        The parts, or None when `text` has another form. Whether a file of that name exists is not looked at.
    """
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        return None
    return HubSpec(match["any"] or match["owned"], match["config"], match["revision"])
