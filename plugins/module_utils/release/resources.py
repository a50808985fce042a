"""Networks and volumes that are there already: a deploy makes those that are missing, and changes none.

Place in the pipeline: target, between the plan and the first change, beside ``losses``. Pure but for one question to
the engine.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import changed_keys


def refusals(
    live: Mapping[str, Any] | None, coming: Mapping[str, Any], running: Mapping[str, list[Container]]
) -> list[str]:
    """Return a sentence for each network and volume that gets another definition while it is in use.

    For a network that is no longer what its file says, Compose stops every container in it, data services among them,
    whatever it was asked to do. A volume it leaves as it is, or asks whether the data may go. Before its version 2.32
    it left both as they were, and said nothing.
    Source: the release notes of Compose 2.32, and docker/compose, pull request 12267.

    :param live: the live release's manifest; one of an older version of this collection tells of neither.
    :param coming: that of the release to come.
    :param running: containers by service.
    """
    if live is None:
        return []
    problems = []
    for name, changed in _changed(live, coming, "networks"):
        attached = [
            service
            for service, spec in live["services"].items()
            if running.get(service) and name in (spec["settings"].get("networks") or ())
        ]
        if attached:
            problems.append(
                f"network '{name}': {changed} changed, which none can while containers are in it (those of "
                f"{', '.join(attached)}): Compose would stop them all; take that back, or have the stack down for it "
                f"('docker compose down' in its directory current keeps the volumes) and deploy again"
            )
    for name, changed in _changed(live, coming, "volumes"):
        known_as = live["volumes"][name].get("name") or f"{live['stack']}_{name}"
        if docker.get(f"/volumes/{urllib.parse.quote(known_as)}") is not None:
            problems.append(
                f"volume '{name}': {changed} changed, but {known_as} is there and stays as it was made; take that "
                f"back, or have the service mount a volume of another name, and first copy what that is to have"
            )
    return problems


def _changed(live: Mapping[str, Any], coming: Mapping[str, Any], section: str) -> list[tuple[str, str]]:
    """Return the names of what both have and say differently, with the keys in which they differ."""
    before, after = live.get(section, {}), coming[section]
    found = [(name, changed_keys(before[name], keys)) for name, keys in after.items() if name in before]
    return [(name, ", ".join(keys)) for name, keys in found if keys]
