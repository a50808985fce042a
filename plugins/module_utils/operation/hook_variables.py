"""What a hook of a deploy is told about the release, as variables of its environment. None of them is a secret.

Place in the pipeline: target, for the hooks around the verbs of a rollout. The host has the record of each release, so
a rollback tells the version that it goes back to.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.release.history import previous_release
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Keys of a release's record.
_KEYS = ("release", "version", "commit", "environment")


def of(home: Home, stack: str, release: str) -> dict[str, str]:
    """Return the variables. What is not known is left out.

    :param release: an id, ``previous`` or ``live``.
    """
    manifest = home.manifest(_resolved(home, release)) or {}
    known = {key: str(manifest.get(key) or "") for key in _KEYS}
    return {"SLIPWAY_STACK": stack, **{f"SLIPWAY_{key.upper()}": value for key, value in known.items() if value}}


def _resolved(home: Home, release: str) -> str | None:
    if release == "live":
        return home.current_id()
    if release != "previous":
        return release
    try:
        return previous_release(home)
    except Refused:
        # The rollout says so.
        return None
