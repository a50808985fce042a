"""The status of a stack on this host: its releases, its services, and the drift from the live release.

Place in the pipeline: target, read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import closing, configuration
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check, incidents
from ansible_collections.slipway.stack.plugins.module_utils.release import history, integrity, leaving
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import drift
from ansible_collections.slipway.stack.plugins.module_utils.state import (
    audit,
    away,
    damage,
    drain,
    lease,
    rotation,
    stopped,
    transaction,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

#: What is said of a stack of which no rollout has succeeded.
NOT_LIVE = "no release is live on this host; run playbooks/deploy.yml"
#: The number of rollouts in the status.
_LAST_ROLLOUTS = 5


def absence(home: Home) -> str | None:
    """Return a sentence if nothing was ever deployed in the directory of a stack, with the stacks next to it."""
    if home.releases.is_dir() or home.audit.is_file() or home.current.is_symlink():
        return None
    if home.path.is_dir():
        return "nothing has been deployed on this host; run playbooks/deploy.yml"
    folder = home.path.parent
    others = sorted(one.name for one in folder.iterdir() if (one / "releases").is_dir()) if folder.is_dir() else []
    stacks = f"the stacks there are {', '.join(others)}" if others else "there is no stack"
    return (
        f"there is no {home.path} on this host; run playbooks/deploy.yml, or correct stack_name or stack_root; in "
        f"{folder}, {stacks}"
    )


def status(home: Home, project: str) -> dict[str, Any]:
    """Return the status of a stack as plain values. ``release`` is ``None`` before the first rollout.

    ``services``: ``{service, state, reason, image, since}``. Without a readable record of the live release, they are
    what runs, as the engine says. ``drift``: ``{service, reason}``, also for edited files. ``damage``: a sentence for
    each damaged state file. ``incidents``: ``{service, reason}`` for containers that were restarted or lost a process
    for want of memory since the release went live. ``releases``: ids, newest first. ``proven``: those that were live
    once. ``rollouts``: the last lines of the audit log, newest first. ``under_way``: a sentence about an unfinished
    rollout, or ``None``. ``maintenance``: see ``closing.standing``. ``drained``: a sentence, empty if the host is in
    service. ``away``: a sentence for each other host that the edge sends nothing to.
    """
    current = home.current_id()
    manifest = home.manifest(current)
    damage_found = damage.problems(home)
    running = leaving.staying(home, project)
    return {
        "release": current,
        "releases": home.release_ids()[::-1],
        "proven": history.proven_releases(home)[::-1],
        "damage": damage_found,
        "services": _services(manifest, running) if manifest else _running_services(running),
        "drift": [*drift(manifest, running), *_changed_files(home, manifest)] if manifest else [],
        "incidents": incidents.find(running, home.live_since()),
        "rollouts": audit.read(home, _LAST_ROLLOUTS)[::-1],
        "under_way": _under_way(home),
        "drained": drain.obstacle(home),
        "stopped": stopped.obstacle(home),
        "away": away.sentences(home),
        "maintenance": closing.standing(home, manifest),
    }


def _services(manifest: Mapping[str, Any], running: Mapping[str, list[docker.Container]]) -> list[dict[str, str]]:
    result = []
    for name, spec in manifest["services"].items():
        verdict = health_check.judge_live(spec, running.get(name, []))
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


def _running_services(running: Mapping[str, list[docker.Container]]) -> list[dict[str, str]]:
    """Return an entry for each service that has containers, with the releases that they were created for."""
    result = []
    for name, containers in running.items():
        verdict = health_check.judge({"class": "rolling", "replicas": len(containers)}, containers)
        releases = sorted({container.release for container in containers if container.release})
        created_for = f", created for release {', '.join(releases)}" if releases else ""
        result.append(
            {
                "service": name,
                "state": verdict.state,
                "reason": f"{verdict.reason}{created_for}",
                "image": containers[0].image,
                "since": f"{min(container.started_at[:19] for container in containers)}Z",
            }
        )
    return result


def _changed_files(home: Home, manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return an entry for each file of the live release that was changed or removed after the upload."""
    names = integrity.edited_files(home, manifest)
    edited = [{"service": name, "reason": "the file was edited or removed on the host"} for name in names]
    others = [*integrity.mounted_problems(home, manifest), *SecretStore(home.path).problems(manifest)]
    return [*edited, *_changed_edge(home, manifest), *({"service": "files", "reason": problem} for problem in others)]


def _changed_edge(home: Home, manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return an entry if somebody has edited the live configuration of the edge."""
    name = edge_of(manifest)
    path = configuration.edited_version(home) if name else None
    reason = f"the live configuration in {path} was edited on the host; the module slipway.stack.edge restores it"
    return [{"service": str(name), "reason": reason}] if path else []


def _under_way(home: Home) -> str | None:
    if lease.holder(home.lease):
        return lease.describe(home.lease)
    if unfinished := rotation.unfinished(home):
        # An interrupted rollout is a part of it.
        return unfinished
    interrupted = transaction.read(home.transaction).value
    if interrupted:
        return (
            f"a rollout of {interrupted.release} by {interrupted.owner} was interrupted; the next deploy reverts or "
            f"completes it"
        )
    return None
