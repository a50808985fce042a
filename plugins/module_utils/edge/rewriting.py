"""Write the live configuration of the edge anew outside of a rollout: with another certificate, or as it should be.

Place in the pipeline: target, for the module ``edge``, for certificates and for maintenance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import container_names
from ansible_collections.slipway.stack.plugins.module_utils.state import transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import text_or_none
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text


def renew(home: Home, manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> None:
    """Write the live configuration anew, with what the host has on record now, and reload it.

    :param running: the running containers by service.
    :raises EdgeError: if the proxy refuses it, or does not answer. Then the former one is live. Also while a rollout is
        interrupted: its revert needs the configuration as it was.
    """
    interrupted = transaction.read(home.transaction)
    if interrupted.value:
        raise EdgeError(
            f"the rollout of {interrupted.value.release} was interrupted; deploy again or roll back first, which "
            "completes or reverts it"
        )
    if interrupted.problem:
        raise EdgeError(interrupted.problem)
    edges = running.get(str(edge_of(manifest)), [])
    before = configuration.live_version(home)
    version = configuration.write_version(home, configuration.render(home, manifest, container_names(running)))
    proxies.proxy(manifest).test(home, manifest, [version], edges)
    try:
        configuration.activate(home, manifest, edges, version)
    except EdgeError:
        if before:
            configuration.set_live(home, before)
            proxies.proxy(manifest).reload(home, manifest, edges)
        raise
    configuration.prune_versions(home)


def repair(
    home: Home, manifest: Mapping[str, Any], running: Mapping[str, list[Container]], force: bool, dry_run: bool
) -> list[str]:
    """Restore the live configuration from the live release, and return the files that differed.

    :param force: test and reload even if no file differs.
    :raises EdgeError: if there is no edge, or the proxy refuses the configuration or does not answer.
    """
    service = edge_of(manifest)
    if service is None:
        raise EdgeError("the live release has no edge; add a service of kind nginx or traefik")
    expected = configuration.render(home, manifest, container_names(running))
    differing = [path for path, text in expected.items() if text_or_none(home.edge / "current", path) != text]
    if dry_run or not (differing or force):
        return differing
    for path in differing:
        write_text(home.edge / "current" / path, expected[path])
    proxies.proxy(manifest).test(home, manifest, [str(configuration.live_version(home))], running.get(service, []))
    proxies.proxy(manifest).reload(home, manifest, running.get(service, []))
    confirm(manifest)
    return differing
