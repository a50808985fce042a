"""Restart policies, limits of memory and processors, and the size of logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...compose_reader.scalars import scalar_text
from ...compose_reader.units import decimal, size
from ..rule_registry import Problem, service_rule
from ..stack import Service, Stack

_RESOURCES = "Compose specification, deploy, resources"
#: Logging drivers without a size limit of their own. The default driver is json-file.
_DRIVERS_WITHOUT_LIMIT = ("json-file", "")


@service_rule(
    "iiww",
    "compose-auditor:OPS001",
    id="SLP020",
    title="A long-running service restarts by itself",
    reason="After a crash or a reboot it stays down until somebody notices. `on-failure` does not cover reboots.",
    fix="Set `restart: unless-stopped`.",
    reference="Compose specification, services, restart",
)
def restart(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find long-running services that Docker does not always restart."""
    if stack.is_one_off(service):
        return
    policy = scalar_text(service.keys.get("restart"))
    condition = service.mapping("deploy", "restart_policy").get("condition", "any")
    if not policy and "restart_policy" in service.mapping("deploy") and condition == "any":
        return
    if "${" in policy or policy in ("always", "unless-stopped"):
        return
    if policy.startswith("on-failure") or (not policy and condition == "on-failure"):
        yield "restarts only after a failure, not after a reboot", ("restart",)
    else:
        yield "has no restart policy", ("restart",)


def _limit(service: Service, kind: str, old: str) -> tuple[Any, tuple[str, ...]]:
    """Return the limit of a resource and its path. :param old: the key for it before `deploy.resources`."""
    limits = service.mapping("deploy", "resources", "limits")
    if kind in limits:
        return limits[kind], ("deploy", "resources", "limits", kind)
    return service.keys.get(old), (old,)


@service_rule(
    "-iwe",
    "compose-lint:CL-0026 compose-auditor:RES001",
    id="SLP030",
    title="A service has a memory limit",
    reason="One memory leak can take down the whole server, usually the database first. A limit of 0 means no limit.",
    fix="Set `deploy.resources.limits.memory`, such as 512M, above the peak use of the service.",
    reference=_RESOURCES,
)
def memory(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a memory limit, or with a limit of 0."""
    value, path = _limit(service, "memory", "mem_limit")
    if value is None:
        yield "has no memory limit", ("deploy", "resources", "limits", "memory")
    elif size(value) == 0:
        yield f"has a memory limit of {value}, which means no limit", path


@service_rule(
    "-iww",
    "compose-lint:CL-0026 compose-auditor:RES002",
    id="SLP031",
    title="A service has a processor limit",
    reason="One service in an endless loop slows down all others. A limit of 0 means no limit.",
    fix='Set `deploy.resources.limits.cpus`, such as "1.0".',
    reference=_RESOURCES,
)
def cpus(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a processor limit, or with a limit of 0."""
    value, path = _limit(service, "cpus", "cpus")
    if value is None and service.keys.get("cpu_quota") is None:
        yield "has no processor limit", ("deploy", "resources", "limits", "cpus")
    elif decimal(value) == 0:
        yield f"has a processor limit of {value}, which means no limit", path


@service_rule(
    "--iw",
    id="SLP033",
    title="The number of processes is limited",
    reason="Without a limit, one service that starts processes in a loop uses up those of the whole server. Then "
    "nobody can log in to stop it.",
    fix="Set `pids_limit`, such as 256, above the number of processes and threads of the service.",
    reference="CIS Docker Benchmark 5.29",
)
def processes(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find services without a limit of processes, or with one that means no limit."""
    value, path = _limit(service, "pids", "pids_limit")
    if service.labels.get("slipway.class") == "pod":
        # It runs `sleep` and nothing else, and each change of it causes downtime.
        return
    if value is None:
        yield "has no limit of processes", ("pids_limit",)
    elif scalar_text(value) in ("0", "-1"):
        yield f"has a limit of processes of {value}, which means no limit", path


@service_rule(
    "eeee",
    id="SLP032",
    title="A reservation is not above the limit",
    reason="Docker refuses to start a container whose reservation is above its limit.",
    fix="Lower the reservation or raise the limit.",
    reference=_RESOURCES,
)
def reservation_above_limit(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find reservations above the limit of the same resource."""
    for kind, read, old in (("memory", size, "mem_limit"), ("cpus", decimal, "cpus")):
        reserved = service.mapping("deploy", "resources", "reservations").get(kind)
        path: tuple[str, ...] = ("deploy", "resources", "reservations", kind)
        if reserved is None and kind == "memory":
            reserved, path = service.keys.get("mem_reservation"), ("mem_reservation",)
        amount, limit = read(reserved), read(_limit(service, kind, old)[0])
        if amount and limit and amount > limit:
            yield f"reserves {reserved} of {kind}, which is above its limit", path


@service_rule(
    "-iww",
    "compose-auditor:OPS003",
    id="SLP035",
    title="Logs are rotated",
    reason="The default driver of Docker writes one file that grows until the disk is full. Then all services fail.",
    fix='Set `logging: {driver: json-file, options: {max-size: "10m", max-file: "5"}}`, or the driver `local`.',
    reference="Docker documentation, JSON file logging driver",
)
def rotation(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find the driver json-file without a size limit."""
    logging = service.mapping("logging")
    if str(logging.get("driver") or "") in _DRIVERS_WITHOUT_LIMIT and not service.mapping("logging", "options").get(
        "max-size"
    ):
        yield "writes a log without a size limit", ("logging",)


@service_rule(
    "iwww",
    "compose-lint:CL-0014",
    id="SLP036",
    title="A service writes a log",
    reason="With the driver `none` there is no log to find the cause of a failure.",
    fix="Use `json-file` or `local` with a size limit.",
    reference="Docker documentation, configure logging drivers",
)
def log_disabled(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find the logging driver `none`."""
    if service.mapping("logging").get("driver") == "none":
        yield "has its log disabled", ("logging", "driver")
