"""What was done to a stack on this host: rollouts, restores and refreshes, in the order of their ends.

Place in the pipeline: target, read-only. Rollouts are in the audit log, everything that swaps data in the results of
the work on backups. Backups and drills are left out: they change nothing, and timers take hundreds of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import results
from ansible_collections.slipway.stack.plugins.module_utils.state import audit
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: What the results of work on data are called.
_OF_DATA = {
    "restore": "restore",
    "revert": "restore reverted",
    "refresh": "refresh",
    "refresh_revert": "refresh reverted",
}


def history(home: Home, limit: int, mask: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the newest entries, the newest one last.

    An entry is ``{at, what, release, version, commit, owner, seconds, outcome, reason}``. ``at`` is the time of its end
    in ISO 8601 and UTC. ``what``: ``deploy``, ``rollback``, ``restore`` and so on. ``outcome``: ``ok`` or ``failed``.
    The entry of a restore has the id of the backup as its ``release``, that of a refresh the id of the snapshot.

    :param limit: the largest number of entries. :param mask: masks secrets in a text.
    """
    entries = [*_rollouts(home), *_data(home)]
    # The sort is stable, so entries of the same second stay in the order of the log.
    newest = sorted(entries, key=lambda entry: str(entry["at"]))[-limit:]
    return [{**entry, "reason": mask(entry["reason"])} for entry in newest]


def _rollouts(home: Home) -> Iterator[dict[str, Any]]:
    for line in audit.read(home):
        yield {**_common(line), "at": line["at"], "what": _what(line), "release": line["release"]}


def _what(line: Mapping[str, Any]) -> str:
    """Return what a rollout was. Lines of older versions do not say it; the order of ids is that of uploads."""
    previous = line.get("previous")
    if line.get("for"):
        return str(line["for"])
    if isinstance(previous, str) and previous >= line["release"]:
        return "repair" if previous == line["release"] else "rollback"
    return "deploy"


def _data(home: Home) -> Iterator[dict[str, Any]]:
    for line in results.read(home):
        if line["verb"] in _OF_DATA:
            at = time.strftime(audit.TIME, time.gmtime(line["at"]))
            yield {**_common(line), "at": at, "what": _OF_DATA[line["verb"]], "release": line["backup"]}


def _common(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all entries have. A person may have edited a line, so a value that is no text is left out."""
    texts = {key: line.get(key) for key in ("owner", "version", "commit", "outcome", "reason")}
    known = {key: value if isinstance(value, str) else "" for key, value in texts.items()}
    return {**known, "seconds": line["seconds"]}
