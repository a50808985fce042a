"""Followers: services that must be replaced when another service is, because of what they use of it.

Place in the pipeline: target, used by the plan. Pure. The controller writes into the manifest which services a service
follows, and by which Compose keys (``plugin_utils/description/attachments``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import left_behind
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import NAMESPACES, VOLUMES
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import REPLACING

_LINKS, _RESTART = "links", "depends_on"


def follows(spec: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """Return the keys by which a service follows others, by the names of these.

    A one-shot has ended: what it used does not matter any more. Manifests of older versions do not have the key.
    """
    return {} if spec["class"] == "oneshot" else spec.get("follows") or {}


def reasons(spec: Mapping[str, Any], entries: Iterable[Mapping[str, Any]], existing: Iterable[Container]) -> list[str]:
    """Return why a service needs new containers although its own definition is the same.

    :param spec: the service's entry in the new manifest.
    :param entries: the plan for the services before it in the order of the manifest.
    :param existing: the containers of the service.
    """
    actions = {entry["service"]: entry["action"] for entry in entries}
    result = []
    for leader, keys in follows(spec).items():
        action = actions.get(leader)
        # A start is a new namespace, too. Volumes and links stay as they are.
        if action in REPLACING or (action == "start" and any(key in NAMESPACES for key in keys)):
            result.append(f"{'start' if action == 'start' else 'replacement'} of {leader}, {_use(keys[0])}")
    if not result and not spec["edge"] and spec["class"] not in ("oneshot", "pod"):
        result += filter(None, [next(filter(None, (left_behind(spec, one) for one in existing)), None)])
    return result


def _use(key: str) -> str:
    return {
        VOLUMES: "whose volumes it uses",
        _LINKS: "which it links to",
        _RESTART: "after which it restarts",
    }.get(key) or f"whose {NAMESPACES[key]} it uses"


def add_groups(entries: Iterable[dict[str, Any]], services: Mapping[str, Mapping[str, Any]]) -> None:
    """Say in the plan which services are replaced together in place, because they share a namespace."""
    replaced = {entry["service"]: entry for entry in entries if entry["action"] in ("roll", "recreate")}
    for name, entry in replaced.items():
        members = [other for other in replaced if any(key in NAMESPACES for key in _keys(services, other, name))]
        if members:
            shared = NAMESPACES[next(key for key in _keys(services, members[0], name) if key in NAMESPACES)]
            entry["because"] = [*entry["because"], f"together with {', '.join(members)}: they share its {shared}"]


def _keys(services: Mapping[str, Mapping[str, Any]], follower: str, leader: str) -> Sequence[str]:
    return follows(services[follower]).get(leader, ()) if follower in services else ()
