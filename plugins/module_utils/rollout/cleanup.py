"""What a proven release has replaced goes: containers, and then what only they needed.

Place in the pipeline: target, finalize; the other end of a rollout than ``takeback``. There is no way back from here,
and none is needed. Safe to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import assets, configuration, own_proxies
from ansible_collections.slipway.stack.plugins.module_utils.engine import images, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.history import prune_releases
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    REPLACING,
    START_FIRST,
    STOP_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


def remove_replaced(home: Home, tx: Transaction, containers: ProjectContainers, journal: Journal) -> None:
    """Stop and remove what the release of *tx* has replaced, and make it the current one.

    :raises RolloutFailed: when its directory has gone, and nobody knows what belongs to it.
    """
    manifest = home.manifest(tx.release)
    if manifest is None:
        raise RolloutFailed(f"release {tx.release} is not on this host any more; its containers are left as they are")
    leaving: list[str] = []
    for name, group in containers.find().items():
        spec = manifest["services"].get(name)
        action = tx.plan.get(name, "")
        replaced = action in (*REPLACING, "start") and spec and replacement(spec, action) in (START_FIRST, STOP_FIRST)
        ids = [one.id for one in group if spec is None or (replaced and tx.existed_before(name, one.id))]
        if ids:
            journal.write("finalize", "started", f"stopping {len(ids)} of the previous release", name)
        leaving += ids
    if leaving:
        with journal.part("finalize", "stop"):
            replicas.stop(leaving)
        # At once: their names have gone with them.
        _tell_proxies(manifest["services"], containers, journal)
        with journal.part("finalize", "remove"):
            replicas.remove(leaving)
    with journal.part("finalize", "record"):
        link(home.current, f"releases/{tx.release}")
        home.transaction.unlink(missing_ok=True)


def _tell_proxies(services: Mapping[str, Mapping[str, Any]], containers: ProjectContainers, journal: Journal) -> None:
    try:
        own_proxies.reload_proxies(services, containers, journal, "finalize")
    except RolloutFailed as error:
        # It was told before, by the same command, and knows the new containers.
        journal.write("finalize", "done", str(error))


def prune_host(home: Home, stack: str, keep: int, journal: Journal) -> None:
    """Remove releases beyond the *keep* last ones, and images and configurations that no release needs any more."""
    with journal.part("finalize", "cleanup"):
        removed = prune_releases(home, keep)
        configuration.prune_versions(home)
        assets.prune_assets(home)
        _prune_images(home, stack, journal)
    journal.write("finalize", "done", f"{len(removed)} old releases removed" if removed else "recorded")


def _prune_images(home: Home, stack: str, journal: Journal) -> None:
    try:
        references, _ = images.prune(home.path.parent, stack, dry_run=False)
    except (images.ImagesError, DockerError) as error:
        # The release is live and proven; what could not be tidied is no reason to call it failed.
        journal.write("finalize", "done", f"images were not pruned: {error}")
        return
    if references:
        journal.write("finalize", "done", f"{len(references)} images removed that no release needs")
