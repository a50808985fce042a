"""How a service of a team's files may be replaced, and why that is thought: inferred, where nobody said it.

Place in the pipeline: project. Pure. What can be wrong errs to the side of a gap that the plan names: two schedulers,
or two processes on one data directory, do harm that nobody sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.single_instance import single_instance_reason
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_software
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.mounts import Mount
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service, Stack

_SCHEDULERS = re.compile(
    r"\bcelery\b.*(?:\bbeat\b|\s-B\b|\s--beat\b)|\b(?:rqscheduler|supercronic|crond?|go-cron|ofelia|clockwork|celery-beat"
    r"|apscheduler|schedule:(?:work|run)|sidekiq-cron|django-cron|airflow scheduler|rails runner.*schedul\w*)\b"
)
_BOTS = re.compile(r"\b(?:\w+[-_])?bot(?:\.py|\.js|\.ts)?\b|\b(?:telegram|discord)\w*\b", re.IGNORECASE)
_NAMED_SCHEDULER = re.compile(r"(?:.*[-_])?(?:beat|scheduler|cron|bot)")
#: Directories whose content nobody would miss.
_CACHES = re.compile(r".*/(?:node_modules|\.?cache|\.venv|tmp|\.next|__pycache__)")


def classify(stack: Stack, service: Service) -> tuple[str, str]:
    """Return a service's class and the reason for it, as words that follow "because"."""
    if stack.is_one_off(service):
        return "oneshot", _why_oneshot(stack, service)
    if service.is_datastore:
        return "stateful", f"its image, {service.base}, holds data"
    if _SCHEDULERS.search(service.command):
        return "singleton", "its command is that of a scheduler"
    if known_software.WORKERS.search(service.command):
        return "drain", "its command is that of a worker"
    if _BOTS.search(service.command):
        return "singleton", "its command is that of a bot"
    if _NAMED_SCHEDULER.fullmatch(service.name) and not service.is_proxy and not service.ports:
        return "singleton", "it is called a scheduler or a bot"
    own = _own_volume(stack, service)
    if own is not None and service.replicas == 1 and not service.is_proxy:
        return "stateful", f"it alone writes to the volume {own.source}"
    return "rolling", "nothing speaks against two of it side by side"


def _why_oneshot(stack: Stack, service: Service) -> str:
    if service.name in stack.completion_awaited:
        return "others wait until it has ended"
    if known_software.MIGRATIONS.search(service.command):
        return "its command is that of a migration"
    return "it is not to be restarted" if service.text("restart") == "no" else "it is called a job that ends"


def _own_volume(stack: Stack, service: Service) -> Mount | None:
    """Return a volume that this service writes to and no other one has, ``None`` where there is none."""
    for mount in service.mounts:
        if mount.type != "volume" or mount.source is None or mount.read_only or _CACHES.fullmatch(mount.target):
            continue
        others = (other for other in stack.services.values() if other.name != service.name)
        if not any(twin.source == mount.source for other in others for twin in other.mounts):
            return mount
    return None


def program(service: Service) -> str:
    """Return which program a proxy is, by its image."""
    if service.base in ("nginx-unprivileged", "nginx-proxy-manager", "swag"):
        return "nginx"
    return service.base if service.base in ("nginx", "openresty", "httpd", "haproxy", "caddy", "traefik") else "other"


def in_place(described: Mapping[str, Any]) -> list[str]:
    """Return what keeps a described service from standing beside itself, as a sentence's end; nothing where it may."""
    if described["class"] in ("oneshot", "stateful"):
        return []
    published = described.get("publish") or []
    reason = single_instance_reason(described.get("compose") or {})
    if published:
        port = str(published[0]).split("/")[0].rsplit(":", 2)[-2]
        return [f"is replaced in place, with a gap, because it publishes port {port} of the host"]
    return [f"is replaced in place, with a gap, because of its {reason.removeprefix('its ')}"] if reason else []
