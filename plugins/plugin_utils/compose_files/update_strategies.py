"""The update strategy of a service in a team's files, inferred with a reason unless somebody has set it.

Place in the pipeline: compose_files. Pure. In doubt it chooses the strategy with downtime, which the plan shows. Two
schedulers at once, or two processes on one data directory, would do damage that nobody notices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.mounts import Mount
from ansible_collections.slipway.stack.plugins.plugin_utils.description import published_ports
from ansible_collections.slipway.stack.plugins.plugin_utils.description.single_instance import single_instance_reason
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_software, processes
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service, Stack

#: What a process does, and the words for it.
_STARTS = {
    processes.SCHEDULER: ("singleton", "a scheduler"),
    processes.WORKER: ("drain", "a worker"),
    processes.BOT: ("singleton", "a bot"),
    processes.SCRIPT: ("singleton", "a script, which may repeat something"),
}
#: Directories whose content can be lost without harm.
_CACHES = re.compile(r".*/(?:node_modules|\.?cache|\.venv|tmp|\.next|__pycache__)")


def classify(stack: Stack, service: Service) -> tuple[str, str]:
    """Return a service's update strategy and the reason for it, as words that follow "because"."""
    if stack.is_one_off(service):
        return "oneshot", _oneshot_reason(stack, service)
    if service.is_datastore:
        return "stateful", f"its image, {service.base}, holds data"
    by_command = processes.of_command(service.arguments)
    if by_command in _STARTS:
        return _of_process(service, by_command, "command starts")
    by_name = (
        "" if by_command or service.is_proxy else processes.of_name(service.name) or processes.of_name(service.base)
    )
    if by_name in (processes.SCHEDULER, processes.BOT):
        return _of_process(service, by_name, "name or its image is that of")
    own = _own_volume(stack, service)
    if own is not None and service.replicas == 1 and not service.is_proxy:
        return "stateful", f"it writes to the volume {own.source}, which no other service uses"
    if by_name:
        return _of_process(service, by_name, "name or its image is that of")
    return "rolling", "nothing prevents two replicas side by side"


def _of_process(service: Service, process: str, verb: str) -> tuple[str, str]:
    """Return the strategy of a scheduler, a worker or a bot. Several replicas run at once anyway, so they drain."""
    strategy, what = _STARTS[process]
    return ("drain" if service.replicas > 1 else strategy), f"its {verb} {what}"


def _oneshot_reason(stack: Stack, service: Service) -> str:
    if service.name in stack.completion_awaited:
        return "other services wait until it has ended"
    if known_software.MIGRATIONS.search(service.command):
        return "its command is a migration"
    if service.restart == "no":
        return "its restart policy is no" if service.text("restart") else "its deploy.restart_policy.condition is none"
    is_job = processes.of_command(service.arguments) == processes.JOB
    return "its command ends by itself" if is_job else "its name or its image is that of a job"


def _own_volume(stack: Stack, service: Service) -> Mount | None:
    """Return a volume that this service writes to and no other service uses; ``None`` if there is none."""
    for mount in service.mounts:
        if mount.type != "volume" or mount.source is None or mount.read_only or _CACHES.fullmatch(mount.target):
            continue
        others = (other for other in stack.services.values() if other.name != service.name)
        if not any(shared.source == mount.source for other in others for shared in other.mounts):
            return mount
    return None


def proxy_program(service: Service) -> str:
    """Return the program of a proxy, by its image; ``other`` for an unknown one."""
    if service.base in ("nginx-unprivileged", "nginx-proxy-manager", "swag"):
        return "nginx"
    return service.base if service.base in ("nginx", "openresty", "httpd", "haproxy", "caddy", "traefik") else "other"


def in_place_notes(entry: Mapping[str, Any]) -> list[str]:
    """Return a note if a service cannot run twice at the same time; it is replaced in place then."""
    if entry["class"] in ("oneshot", "stateful"):
        return []
    published = entry.get("publish") or []
    reason = single_instance_reason(entry.get("compose") or {})
    if published:
        port = published_ports.text(published[0]).split("/", 1)[0].rsplit(":", 2)[-2]
        return [f"is replaced in place, with downtime, because it publishes port {port} of the host"]
    return [f"is replaced in place, with downtime, because of its {reason.removeprefix('its ')}"] if reason else []
