"""Where the backups of a stack stand: the newest good one, how the last ones ended, and what no backup has.

Place in the pipeline: target, read-only, for the status and the verification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, continuous_standing, results
from ansible_collections.slipway.stack.plugins.module_utils.state import audit
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_HOUR = 3600.0
#: Seconds for which WAL may not have been received.
_WAL_SECONDS = 900.0


def standing(home: Home, manifest: Mapping[str, Any] | None, now: float) -> dict[str, Any]:
    """Return where the backups stand, as plain values.

    ``services``: those of the live release whose data is saved. ``unsaved``: ``{service, volume}`` for volumes that no
    backup has although nobody has said so. ``newest``: the id of the newest good backup, or ``None``. ``age``: its age
    in seconds; without one, the seconds since the first rollout that is on record. ``size``: its bytes.
    ``damage``: a sentence for each damaged backup. ``last``: the last result of each verb, see :mod:`results`.
    ``continuous``: where each service stands that is saved continuously, see :mod:`continuous_standing`.

    :param manifest: that of the live release. :param now: seconds of the epoch.
    """
    services = (manifest or {}).get("services", {})
    found = [catalog.read(home, backup_id) for backup_id in catalog.ids(home)]
    good = [one.value for one in found if one.value]
    newest = next((one for one in reversed(good) if not one.is_of_replaced_data), None)
    return {
        "services": [name for name, spec in services.items() if spec.get("backup")],
        "unsaved": _unsaved(services),
        "newest": newest.id if newest else None,
        "age": max(0.0, now - (newest.taken_at if newest else _first_rollout(home, now))),
        "size": newest.size if newest else 0,
        "damage": [one.problem for one in found if one.problem],
        "last": {entry["verb"]: entry for entry in results.read(home)},
        "continuous": continuous_standing.standing(home, manifest["stack"], now) if manifest else [],
    }


def problems(state: Mapping[str, Any], limit: float) -> list[str]:
    """Return a sentence for each reason not to rely on the backups of a stack. Pure.

    :param state: what :func:`standing` returned. :param limit: hours that the newest good backup may be old.
    """
    if not state["services"]:
        return []
    result = []
    last = state["last"]
    if state["age"] > limit * _HOUR:
        age = f"is {state['age'] / _HOUR:.1f} hours old" if state["newest"] else "does not exist"
        text = f"the newest backup {age}, and verify_backup_age is {limit} hours"
        result.append(text + _why(last.get("take")))
    drill = last.get("drill")
    if drill and drill["outcome"] != "ok":
        result.append(f"the last drill could not restore backup {drill['backup'] or 'at all'}: {drill['reason']}")
    return result + continuous_standing.problems(state["continuous"], _WAL_SECONDS)


def _why(take: Mapping[str, Any] | None) -> str:
    if take and take["outcome"] != "ok":
        return f"; the last one failed: {take['reason']}"
    return "" if take else "; playbooks/backup.yml takes one, and sets a timer"


def _unsaved(services: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the volumes that no service saves, each once: several services may have the same volume."""
    saved = {name for spec in services.values() for name in (spec.get("backup") or {}).get("volumes", {})}
    found: dict[str, str] = {}
    for service, spec in services.items():
        for volume in _texts(spec.get("unsaved")):
            if volume not in saved:
                found.setdefault(volume, service)
    return [{"service": service, "volume": volume} for volume, service in found.items()]


def _texts(value: Any) -> Iterable[str]:
    return value if isinstance(value, list) else ()


def _first_rollout(home: Home, now: float) -> float:
    """Return when the first rollout on record ended, in seconds of the epoch; *now* if there is none."""
    for entry in audit.read(home):
        try:
            return audit.seconds(entry["at"])
        except ValueError:
            continue
    return now
