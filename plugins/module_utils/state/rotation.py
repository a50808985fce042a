"""The rotation of a secret that is under way, on disk: ``state/rotation.json``. It never has a value.

Place in the pipeline: target. The file exists exactly while a rotation is unfinished. Until then nothing else may roll
out a release: part of the services have the new value, and the server of a password may accept only one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

#: Until ``BEGUN`` the rotation can be undone. In ``ROLLED`` nothing that runs has the old value. In ``COMMITTED`` the
#: new value is the generated one.
BEGUN, ROLLED, COMMITTED = "begun", "rolled", "committed"
_FIELDS: Mapping[str, state_file.Types] = {
    "secret": str,
    "owner": str,
    "phase": str,
    "base": str,
    "finish": bool,
    "releases": dict,
    "since": (int, float),
}


@dataclass(frozen=True)
class Rotation:
    """One rotation. ``secret``: its name. ``base``: the release that was live before.

    ``finish``: it only ends the overlap with the previous value. ``releases``: the ids of the releases that it rolls
    out, ``second`` for the one with the second login and ``new`` for the last one.
    """

    secret: str
    owner: str
    base: str
    phase: str = BEGUN
    finish: bool = False
    releases: Mapping[str, str] = field(default_factory=dict)
    since: float = field(default_factory=time.time)

    def save(self, home: Home) -> None:
        """Write it, completely or not at all."""
        write_text(home.rotation, json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n", 0o600)


def read(home: Home) -> Reading[Rotation]:
    """Return the unfinished rotation. Without a value and a problem there is none."""
    remedy = (
        "It is the record of an interrupted rotation. If all services are up, remove the file and the directory "
        f"{home.path / 'secrets/rotation'}, and rotate the secret again"
    )
    found = state_file.read(home.rotation, _FIELDS, remedy)
    if found.value is None:
        return Reading(problem=found.problem)
    if found.value["phase"] not in (BEGUN, ROLLED, COMMITTED):
        return Reading(problem=f"{home.rotation}: key 'phase': {found.value['phase']!r} is unknown. {remedy}")
    known = {one.name for one in fields(Rotation)}
    return Reading(Rotation(**{name: value for name, value in found.value.items() if name in known}))


def unfinished(home: Home) -> str:
    """Return why no release may be rolled out now; empty if no rotation is unfinished."""
    found = read(home)
    if found.value is None:
        return found.problem
    more = " -e rotate_finish=true" if found.value.finish else ""
    return (
        f"the rotation of secret '{found.value.secret}' is unfinished, so its readers have two values; complete it "
        f"with playbooks/rotate_secret.yml -e secret={found.value.secret}{more}"
    )
