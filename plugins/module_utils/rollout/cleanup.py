"""Clean up after a verified release: remove the containers that it replaced, and everything that only they needed.

Place in the pipeline: target, finalize. There is no revert after it. It can be repeated safely.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import assets, configuration, own_proxies
from ansible_collections.slipway.stack.plugins.module_utils.engine import images, replicas, scheduled_services
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.history import prune_releases, record_live
from ansible_collections.slipway.stack.plugins.module_utils.release.leaving import is_leaving
from ansible_collections.slipway.stack.plugins.module_utils.rollout import lifecycle
from ansible_collections.slipway.stack.plugins.module_utils.state import reserve
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, discard_staged, link
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction


def remove_replaced(home: Home, tx: Transaction, containers: ProjectContainers, journal: Journal) -> None:
    """Stop and remove the containers that the release of *tx* has replaced. It is the live release.

    :raises RolloutFailed: if the release's directory is missing, so nobody knows which containers belong to it.
    """
    journal.tolerate_write_errors()
    manifest = home.manifest(tx.release)
    if manifest is None:
        raise RolloutFailed(f"release {tx.release} is no longer on this host; its containers are left as they are")
    services = manifest["services"]
    removed: list[Container] = []
    for name, group in containers.find().items():
        old = [one for one in group if is_leaving(one, services, tx)]
        if old:
            text = f"stopping {_count(len(old), 'container')} of the previous release"
            journal.write("finalize", "started", text, name, limit=replicas.stop_limit(old))
        removed += old
    if removed:
        with journal.part("finalize", "stop", limit=replicas.stop_limit(removed)):
            lifecycle.stop(home, removed, journal, "finalize", services)
        # Now, because the names of the stopped containers do not resolve any more.
        _reload_proxies(services, containers, journal)
        with journal.part("finalize", "remove"):
            replicas.remove(removed)
            if any(one.in_swarm for one in removed):
                scheduled_services.prune(str(manifest["stack"]))
    with journal.part("finalize", "record"):
        if home.current_id() != tx.release:
            # An earlier version of the collection was interrupted here.
            record_live(home, tx.release, tx.previous)
            link(home.current, f"releases/{tx.release}")
        discard_staged(home.current)
        reserve.release(home.reserve)
        home.transaction.unlink(missing_ok=True)


def _reload_proxies(services: Mapping[str, Mapping[str, Any]], containers: ProjectContainers, journal: Journal) -> None:
    try:
        own_proxies.reload_proxies(services, containers, journal, "finalize", wait_for_workers=False)
    except RolloutFailed as error:
        # The same reload succeeded in *switch*, so the proxy knows the new containers.
        journal.write("finalize", "done", str(error))


def prune_host(home: Home, stack: str, keep: int, journal: Journal) -> None:
    """Remove all releases except the *keep* newest, and the images, assets and configurations that no release needs."""
    try:
        with journal.part("finalize", "cleanup"):
            removed = prune_releases(home, keep)
            configuration.prune_versions(home)
            assets.prune_assets(home)
            _prune_images(home, stack, journal)
    except OSError as error:
        # The release is live and verified. The next deploy cleans up.
        journal.write("finalize", "done", f"not everything was cleaned up: {error}")
        return
    journal.write("finalize", "done", f"removed {_count(len(removed), 'old release')}" if removed else "recorded")


def _prune_images(home: Home, stack: str, journal: Journal) -> None:
    try:
        references, _freed = images.prune(home.path.parent, stack, dry_run=False)
    except (images.ImagesError, DockerError) as error:
        # The release is live and verified. A failed cleanup is not a failed rollout.
        journal.write("finalize", "done", f"images were not pruned: {error}")
        return
    if references:
        journal.write("finalize", "done", f"removed {_count(len(references), 'image')} without a release")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
