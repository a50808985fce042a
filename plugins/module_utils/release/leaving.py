"""The containers that a proven release has replaced and that have not stopped yet: they are no part of what is live.

Place in the pipeline: target, while *finalize* goes on, which may take as long as the longest ``stop_grace``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    START_FIRST,
    STOP_FIRST,
    replaced_services,
)
from ansible_collections.slipway.stack.plugins.module_utils.state import transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import SWITCHED, Transaction


def is_leaving(container: Container, services: Mapping[str, Mapping[str, Any]], tx: Transaction) -> bool:
    """Return whether a container stops in *finalize*.

    :param services: those of the release that *tx* rolls out.
    """
    if container.service not in services:
        return True
    replaced = replaced_services(services, tx.plan, START_FIRST, STOP_FIRST)
    return container.service in replaced and tx.existed_before(container.service, container.id)


def staying(home: Home, project: str) -> dict[str, list[Container]]:
    """Return the containers of a stack by service, without those that are leaving.

    :raises DockerError: if the engine does not answer.
    """
    running = all_containers.find(project)
    tx = transaction.read(home.transaction).value
    manifest = home.manifest(tx.release) if tx and tx.phase == SWITCHED else None
    if tx is None or manifest is None:
        return health_check.by_service(running)
    return health_check.by_service([one for one in running if not is_leaving(one, manifest["services"], tx)])


def is_finishing(home: Home) -> bool:
    """Return whether the last rollout is proven, and has not stopped everything that it has replaced."""
    tx = transaction.read(home.transaction).value
    return tx is not None and tx.phase == SWITCHED
