"""What is on this host of one stack: releases, what runs of the live one, and where it differs from its record.

Place in the pipeline: target; looks only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import drift
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, lease, transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home

#: Rollouts that are told of.
_LAST_ROLLOUTS = 5


def status(home: Home, project: str) -> dict[str, Any]:
    """Return the state of a stack as plain values; ``release`` is ``None`` where nothing was ever deployed.

    ``services``: ``{service, state, reason, image, since}``; ``drift``: ``{service, reason}``, edited files among
    them; ``releases``: ids, newest first; ``rollouts``: the last lines of the audit, newest first; ``under_way``: a
    sentence, or ``None``.
    """
    current = home.current_id()
    manifest = home.manifest(current)
    running = health_check.by_service(docker.containers(project))
    return {
        "release": current,
        "releases": home.release_ids()[::-1],
        "services": _services(manifest, running) if manifest else [],
        "drift": [*drift(manifest, running), *_edited(home, manifest)] if manifest else [],
        "rollouts": audit.read(home, _LAST_ROLLOUTS)[::-1],
        "under_way": _under_way(home),
    }


def _services(manifest: Mapping[str, Any], running: Mapping[str, list[docker.Container]]) -> list[dict[str, str]]:
    result = []
    for name, spec in manifest["services"].items():
        verdict = health_check.judge(spec, running.get(name, []))
        since = min((container.started_at[:19] for container in running.get(name, [])), default="")
        result.append(
            {
                "service": name,
                "state": verdict.state,
                "reason": verdict.reason,
                "image": spec["image"],
                "since": since and f"{since}Z",
            }
        )
    return result


def _edited(home: Home, manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return an entry for each file of the live release that is not what was shipped."""
    folder = home.release(str(manifest["release"]))
    return [
        {"service": name, "reason": "the file was edited or removed on the host"}
        for name, digest in manifest["files"].items()
        if digest_of(folder / name) != digest
    ]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, empty where it is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and path.name != MANIFEST else ""


def _under_way(home: Home) -> str | None:
    if lease.holder(home.lease):
        return lease.describe(home.lease)
    left = transaction.load(home.transaction)
    if left:
        return f"a rollout of {left.release} by {left.owner} broke off; the next deploy undoes or ends it"
    return None
