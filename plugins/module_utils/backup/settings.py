"""What the role ``backup`` has set on this host, for work without a controller: ``state/backup.json``.

Place in the pipeline: target, read by the timer's program and by a rollout; :mod:`schedule` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import Reading

_FIELDS: Mapping[str, state_file.Types] = {
    "keep": int,
    "archive_timeout": (int, float),
    "continuous_days": int,
    "continuous_full_every": int,
    "continuous_send_every": int,
    "repository": str,
    "repository_host": str,
    "retention": dict,
}


@dataclass(frozen=True)
class Settings:
    """``keep``: how many backups stay on this host. ``archive_timeout``: seconds for one archive.

    ``continuous_days``: for how many days back a service that is saved continuously can be restored to any second.
    ``continuous_full_every``: each so many base backups is a full one. ``continuous_send_every``: seconds between two
    times that WAL is sent to the repository, 0 if it is sent with backups only. ``repository``: of restic, in its
    notation, empty for none. ``repository_host``: the name of this host there, empty for its own. ``retention``: how
    many backups stay there, by ``daily``, ``weekly`` and ``monthly``.
    """

    keep: int = 7
    archive_timeout: float = 6 * 3600.0
    continuous_days: int = 7
    continuous_full_every: int = 7
    continuous_send_every: int = 300
    repository: str = ""
    repository_host: str = ""
    retention: Mapping[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """Return the content of the file."""
        return json.dumps({"format": state_file.FORMAT, **asdict(self)}, indent=1) + "\n"


def read(home: Home) -> Reading[Settings]:
    """Return the settings. Without a value and a problem, the role never ran here."""
    found = state_file.read(home.backup_settings, _FIELDS, "Run the role backup again")
    if found.value is None:
        return Reading(problem=found.problem)
    return Reading(Settings(**{name: found.value[name] for name in _FIELDS}))
