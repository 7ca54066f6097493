"""The name of a data set on the Hugging Face hub: ``OWNER/NAME[:CONFIG][@REVISION]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z0-9][\w.-]*"
_PREFIX = r"(?:hf://datasets/|https?://[^/\s]+/datasets/)"
_TAIL = r"(?::(?P<config>[^\s:@/][^\s:@]*))?(?:@(?P<revision>[^\s@:]+))?"
# After a prefix a name may stand alone, as before owners existed; elsewhere a bare name means something else.
_SPEC = re.compile(rf"(?:{_PREFIX}(?P<any>{_NAME}(?:/{_NAME})?)|(?P<owned>{_NAME}/{_NAME})){_TAIL}/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class HubSpec:
    """A data set on the hub.

    Attributes:
        owner_name: ``OWNER/NAME``; the hub resolves a bare ``NAME``.
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
    """Parse ``OWNER/NAME[:CONFIG][@REVISION]``, also after ``hf://datasets/`` or as the address of its page.

    Returns:
        The parts, or None if `text` has another form. The function does not look for files of that name.
    """
    match = _SPEC.fullmatch(text.strip())
    return match and HubSpec(match["any"] or match["owned"], match["config"], match["revision"])
