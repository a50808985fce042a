"""Who is told about events, as the role has set it: a URL, an address of e-mail, or a command of this host.

Place in the pipeline: target, read from the settings. The controller has checked them. A URL may be a secret.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.masking import MASK

_FIELDS: Mapping[str, state_file.Types] = {"sort": str, "target": str, "name": str, "format": str, "on": list}


@dataclass(frozen=True)
class Receiver:
    """``sort``: ``webhook``, ``mail`` or ``command``. ``target``: the URL, the address, or the command.

    ``name``: a name that a person has given, or empty. ``format``: of a webhook, ``json`` or ``slack``. ``on``: names
    of events.
    """

    sort: str
    target: str
    name: str
    format: str
    on: tuple[str, ...]

    @property
    def label(self) -> str:
        """Its name for people, without what may be secret: the path of a URL often is, and a command may have more."""
        if self.sort == "webhook":
            parts = urllib.parse.urlsplit(self.target)
            rest = f"/{MASK}" if parts.path.strip("/") or parts.query else ""
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{rest}"
        else:
            shown = self.target if self.sort == "mail" else self.target.split()[0]
        return f"{self.sort} {self.name} ({shown})" if self.name else f"{self.sort} {shown}"

    @property
    def secrets(self) -> list[bytes]:
        """The texts that no message and no reason may have."""
        if self.sort != "webhook":
            return []
        parts = urllib.parse.urlsplit(self.target)
        # Not the host: it would be masked in every other URL, too.
        return [text.encode() for text in [*parts.path.split("/"), parts.query] if text]


def read(given: list[Any]) -> list[Receiver]:
    """Return the receivers of the settings. Others are left out: people may edit the file."""
    fitting = [one for one in given if isinstance(one, dict) and not state_file.wrong_field(one, _FIELDS)]
    fitting = [one for one in fitting if one["target"].split()]
    return [Receiver(one["sort"], one["target"], one["name"], one["format"], tuple(one["on"])) for one in fitting]
