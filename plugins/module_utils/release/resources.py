"""Networks and volumes: a deploy creates missing ones and must not change existing ones.

Place in the pipeline: target, between the plan and the first change, used by ``data_loss``. Pure except for one query
to the engine.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import changed_keys


def refusals(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], running: Mapping[str, list[Container]]
) -> list[str]:
    """Return a sentence for each network and volume whose definition changes while it is in use.

    If the definition of a network has changed, Compose stops every container in it, data services included, with any
    command. It does not change a volume, or it asks whether the data may be deleted. Before version 2.32 Compose kept
    both unchanged without a message.
    Source: the release notes of Compose 2.32, and docker/compose, pull request 12267.

    :param old: the manifest of the live release. Manifests of older versions of this collection have no networks and
        volumes.
    :param new: the manifest of the new release.
    :param running: containers by service.
    """
    if old is None:
        return []
    problems = []
    for name, changed in _changed(old, new, "networks"):
        attached = [
            service
            for service, spec in old["services"].items()
            if running.get(service) and name in (spec["settings"].get("networks") or ())
        ]
        if attached:
            problems.append(
                f"network '{name}': {changed} changed while containers are attached ({', '.join(attached)}); Compose "
                f"would stop them all; undo that change, or stop the stack ('docker compose down' in its directory "
                f"'current' keeps the volumes) and deploy again"
            )
    for name, changed in _changed(old, new, "volumes"):
        volume = old["volumes"][name].get("name") or f"{old['stack']}_{name}"
        if docker.get(f"/volumes/{urllib.parse.quote(volume)}") is not None:
            problems.append(
                f"volume '{name}': {changed} changed, but the existing volume {volume} cannot be changed; undo that "
                f"change, or mount a volume of another name and copy the data to it first"
            )
    return problems


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], section: str) -> list[tuple[str, str]]:
    """Return the names of the entries of *section* that differ, with the keys that differ."""
    before, after = old.get(section, {}), new[section]
    compared = [(name, changed_keys(before[name], keys)) for name, keys in after.items() if name in before]
    return [(name, ", ".join(keys)) for name, keys in compared if keys]
