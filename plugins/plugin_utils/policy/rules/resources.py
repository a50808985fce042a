"""Restart policies, limits of memory and processors, logs that do not fill the disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..quantities import amount, size
from ..registry import Problem, service_rule
from ..stack import Service, Stack, spelled

_RESOURCES = "Compose specification, deploy, resources"
#: Drivers that bound what they write by themselves, or write nothing on this disk.
_UNBOUNDED = ("json-file", "")


@service_rule(
    "iiww",
    "compose-auditor:OPS001",
    id="SLP020",
    title="A service that keeps running comes back by itself",
    reason="After a crash or a reboot it stays down until somebody notices; `on-failure` does not survive a reboot.",
    fix="Set `restart: unless-stopped`.",
    reference="Compose specification, services, restart",
)
def restart(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find long-running services that Docker would leave stopped."""
    if stack.one_shot(service):
        return
    policy = spelled(service.keys.get("restart"))
    condition = service.mapping("deploy", "restart_policy").get("condition", "any")
    if not policy and "restart_policy" in service.mapping("deploy") and condition == "any":
        return
    if "${" in policy or policy in ("always", "unless-stopped"):
        return
    if policy.startswith("on-failure") or (not policy and condition == "on-failure"):
        yield "is not started again after a reboot, only after a failure", ("restart",)
    else:
        yield "has no restart policy", ("restart",)


def _limit(service: Service, kind: str, old: str) -> tuple[Any, tuple[str, ...]]:
    limits = service.mapping("deploy", "resources", "limits")
    if kind in limits:
        return limits[kind], ("deploy", "resources", "limits", kind)
    return service.keys.get(old), (old,)


@service_rule(
    "-iwe",
    "compose-lint:CL-0026 compose-auditor:RES001",
    id="SLP030",
    title="Memory is limited",
    reason="One leak takes the whole server down with it, the database first; and 0 means no limit.",
    fix="Set `deploy.resources.limits.memory`, such as 512M, above what the service needs at its peak.",
    reference=_RESOURCES,
)
def memory(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a limit of memory, or with one of 0."""
    value, path = _limit(service, "memory", "mem_limit")
    if value is None:
        yield "has no memory limit", ("deploy", "resources", "limits", "memory")
    elif size(value) == 0:
        yield f"has a memory limit of {value}, which is none", path


@service_rule(
    "-iww",
    "compose-lint:CL-0026 compose-auditor:RES002",
    id="SLP031",
    title="Processor time is limited",
    reason="One service in a loop slows all others down; and 0 means no limit.",
    fix='Set `deploy.resources.limits.cpus`, such as "1.0".',
    reference=_RESOURCES,
)
def cpus(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a limit of processors, or with one of 0."""
    value, path = _limit(service, "cpus", "cpus")
    if value is None and service.keys.get("cpu_quota") is None:
        yield "has no processor limit", ("deploy", "resources", "limits", "cpus")
    elif amount(value) == 0:
        yield f"has a processor limit of {value}, which is none", path


@service_rule(
    "eeee",
    id="SLP032",
    title="What is reserved is below the limit",
    reason="Docker refuses to start a container whose reservation is above its limit.",
    fix="Lower the reservation or raise the limit.",
    reference=_RESOURCES,
)
def reserved(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find reservations above the limit of the same thing."""
    for kind, read, old in (("memory", size, "mem_limit"), ("cpus", amount, "cpus")):
        wanted = service.mapping("deploy", "resources", "reservations").get(kind)
        path: tuple[str, ...] = ("deploy", "resources", "reservations", kind)
        if wanted is None and kind == "memory":
            wanted, path = service.keys.get("mem_reservation"), ("mem_reservation",)
        least, most = read(wanted), read(_limit(service, kind, old)[0])
        if least and most and least > most:
            yield f"reserves {wanted} of {kind}, which is above its limit", path


@service_rule(
    "-iww",
    "compose-auditor:OPS003",
    id="SLP035",
    title="Logs are rotated",
    reason="Docker's default driver writes one file that grows until the disk is full, and then everything stops.",
    fix='Set `logging: {driver: json-file, options: {max-size: "10m", max-file: "5"}}`, or the driver `local`.',
    reference="Docker documentation, JSON file logging driver",
)
def rotation(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find the driver json-file, the default, without a bound."""
    logging = service.mapping("logging")
    if str(logging.get("driver") or "") in _UNBOUNDED and not service.mapping("logging", "options").get("max-size"):
        yield "writes a log without a bound", ("logging",)


@service_rule(
    "iwww",
    "compose-lint:CL-0014",
    id="SLP036",
    title="A service has a log",
    reason="With the driver `none` nobody finds out afterwards what went wrong.",
    fix="Use `json-file` or `local` with bounds.",
    reference="Docker documentation, configure logging drivers",
)
def silent(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find the logging driver `none`."""
    if service.mapping("logging").get("driver") == "none":
        yield "has its log switched off", ("logging", "driver")
