"""Create the containers of a release next to the old ones, without a start: here with Compose, or in a Swarm.

Place in the pipeline: target, prepare.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, replicas, restart, scheduled_services
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release import scheduled_document
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore


def create(
    home: Home, manifest: Mapping[str, Any], names: Collection[str], containers: ProjectContainers, journal: Journal
) -> None:
    """Create the new containers of services.

    :param manifest: of the new release. :param names: of the services.
    :raises DockerError: if Compose or Docker refuses it.
    """
    services = manifest["services"]
    here = {name: services[name]["replicas"] for name in names if not services[name].get("swarm")}
    in_swarm = [name for name in names if name not in here and services[name]["swarm"]["acts"]]
    with journal.part("prepare", "create", limit=docker.COMMAND_SECONDS):
        if here:
            # What a Swarm runs is not counted by Compose.
            existing = {name: sum(not one.in_swarm for one in group) for name, group in containers.find().items()}
            arguments = replicas.create_arguments(here, existing, services)
            restart.run(arguments, cwd=str(home.release(str(manifest["release"]))))
        if in_swarm:
            store = SecretStore(home.path)
            taken = {one.name for group in containers.find(services=in_swarm).values() for one in group}
            keys = {name: _free_name(name, str(manifest["release"]), taken) for name in in_swarm}
            document = scheduled_document.document(manifest, keys, lambda name: store.content(manifest, name))
            scheduled_services.create(str(manifest["stack"]), document)


def _free_name(service: str, release: str, taken: Collection[str]) -> str:
    """Return a name in the Swarm that no service has yet: a release replaces its own one if it is restarted."""
    name = scheduled_services.short_name(service, release)
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one not in taken)
