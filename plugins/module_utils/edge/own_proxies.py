"""A team's own proxies: reload those that resolve names only once, after the services behind them were replaced.

Place in the pipeline: target, switch, finalize and revert. These proxies are not the edge: they know services by name,
and a name stands for all containers of a service, old and new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

#: By program, the command in the container that makes a proxy read its configuration and resolve names again without
#: closing connections. An empty command stands for SIGHUP to the main process. Programs that are not in this table
#: resolve names again by themselves.
_RELOAD_COMMANDS: dict[str, tuple[str, ...]] = {
    "nginx": ("nginx", "-s", "reload"),
    "openresty": ("openresty", "-s", "reload"),
    "httpd": ("httpd", "-k", "graceful"),
    "haproxy": (),
}


def needs_reload(spec: Mapping[str, Any]) -> bool:
    """Return whether a service is a proxy that must be reloaded when other services were replaced."""
    return spec.get("own_proxy") in _RELOAD_COMMANDS


def reload_proxies(
    services: Mapping[str, Mapping[str, Any]], containers: ProjectContainers, journal: Journal, step: str
) -> None:
    """Reload every proxy of a release, so that it resolves names again.

    :param services: the services of the manifest.
    :raises RolloutFailed: for a proxy that cannot be reloaded, for example because it refuses its configuration now.
    """
    proxies = [name for name, spec in services.items() if needs_reload(spec)]
    existing = containers.find() if proxies else {}
    for name in proxies:
        ids = [container.id for container in existing.get(name, []) if container.state == "running"]
        if not ids:
            continue
        with journal.part(step, "reload", name, end_text="reloaded; resolves the names in its configuration again"):
            try:
                _reload(str(services[name]["own_proxy"]), ids)
            except DockerError as error:
                raise RolloutFailed(f"service '{name}': the proxy cannot be reloaded: {error}", error.detail) from None


def _reload(program: str, ids: Iterable[str]) -> None:
    for container_id in ids:
        if command := _RELOAD_COMMANDS[program]:
            container_exec.execute(container_id, command)
        else:
            container_exec.send_sighup(container_id)
