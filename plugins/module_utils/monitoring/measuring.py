"""What the metrics of a stack say: its release, its containers, its last rollout, its certificate and its backups.

Place in the pipeline: target, read-only, by a timer and after each rollout. What people see in the status, as numbers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import standing as backup_standing
from ansible_collections.slipway.stack.plugins.module_utils.certificates import standing as certificate_standing
from ansible_collections.slipway.stack.plugins.module_utils.engine import health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.exposition import Gauge
from ansible_collections.slipway.stack.plugins.module_utils.release import leaving, status
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, drain, maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@dataclass(frozen=True)
class Measured:
    """What was found on the host. ``status``: see ``release.status``; ``None`` if the engine does not answer.

    ``manifest``: that of the live release. ``containers``: by service. ``certificate`` and ``backups``: what
    ``standing`` of their packages returns. ``rollouts``: the lines of the audit, oldest first. ``since``: when the
    live release went live, in seconds of the epoch. ``at``: the time of all of this.
    """

    stack: str
    status: Mapping[str, Any] | None
    manifest: Mapping[str, Any] | None
    containers: Mapping[str, list[Container]]
    certificate: Mapping[str, Any] | None
    backups: Mapping[str, Any]
    rollouts: list[dict[str, Any]]
    since: float
    is_drained: bool
    is_closed: bool
    at: float


def measure(home: Home) -> Measured:
    """Return what the metrics are made of. Raises nothing for damaged files or an engine that does not answer."""
    stack, manifest, now = home.path.name, home.manifest(home.current_id()), time.time()
    try:
        found: dict[str, Any] | None = status.status(home, stack)
        containers = leaving.staying(home, stack)
    except DockerError:
        found, containers = None, {}
    return Measured(
        stack=stack,
        status=found,
        manifest=manifest,
        containers=containers,
        certificate=certificate_standing.standing(home, manifest, now),
        backups=backup_standing.standing(home, manifest, now),
        rollouts=audit.read(home, 1),
        since=home.live_since(),
        is_drained=bool(drain.obstacle(home)),
        is_closed=maintenance.read(home).value is not None,
        at=now,
    )


def gauges(found: Measured) -> Iterator[Gauge]:
    """Yield the metrics. What a stack does not have, such as a certificate, has no sample."""

    def one(name: str, text: str, *values: float, **labels: str) -> Gauge:
        return Gauge(f"slipway_{name}", text, tuple(({"stack": found.stack, **labels}, value) for value in values))

    yield one("metrics_timestamp_seconds", "When these metrics were written, in seconds of the epoch.", found.at)
    yield one("engine_up", "Whether the engine of the host answers.", found.status is not None)
    if found.manifest:
        names = {"release": str(found.manifest["release"]), "version": str(found.manifest.get("version") or "")}
        names["commit"] = str(found.manifest.get("commit") or "")
        yield one("release_info", "The live release.", 1, **names)
        yield one("release_live_timestamp_seconds", "When the live release went live.", found.since)
    if found.status:
        yield from _services(found)
        yield one("drift", "Number of differences from the live release.", len(found.status["drift"]))
        yield one("damaged_files", "Number of damaged files of the stack's directory.", len(found.status["damage"]))
        yield one("rollout_under_way", "Whether a rollout is unfinished.", found.status["under_way"] is not None)
    yield one("drained", "Whether the host is drained.", found.is_drained)
    yield one("maintenance", "Whether the edge is closed for maintenance.", found.is_closed)
    for last in found.rollouts[-1:]:
        yield one("rollout_success", "Whether the last rollout succeeded.", last["outcome"] == "ok")
        yield one("rollout_duration_seconds", "How long the last rollout took.", last["seconds"])
        yield one("rollout_timestamp_seconds", "When the last rollout ended.", *_times(last["at"]))
    if found.certificate is not None:
        until, left = found.certificate["not_after"], found.certificate["missing"]
        yield one("certificate_expiry_timestamp_seconds", "Until when the certificate is valid; 0 without one.", until)
        yield one("certificate_missing_names", "Number of names that the certificate is not for.", len(left))
        failed = bool(found.certificate["problem"])
        yield one("certificate_success", "Whether the last try to get the certificate succeeded.", not failed)
    if found.backups["services"]:
        yield from _backups(found)


def _times(at: str) -> list[float]:
    try:
        return [audit.seconds(at)]
    except ValueError:
        return []


def _services(found: Measured) -> Iterator[Gauge]:
    specs = (found.manifest or {}).get("services", {})
    wanted, healthy = [], []
    for name, spec in specs.items():
        labels = {"stack": found.stack, "service": name}
        wanted.append((labels, spec["replicas"]))
        healthy.append((labels, _healthy(spec, found.containers.get(name, []))))
    yield Gauge("slipway_service_containers_wanted", "Number of containers that the release wants.", tuple(wanted))
    text = "Number of containers that run and are healthy; of a one-shot, those that have completed."
    yield Gauge("slipway_service_containers_healthy", text, tuple(healthy))


def _healthy(spec: Mapping[str, Any], containers: list[Container]) -> int:
    if health_check.judge_live(spec, containers).state == "up":
        return int(spec["replicas"])
    return sum(health_check.judge({**spec, "replicas": 1}, [one]).state == "up" for one in containers)


def _backups(found: Measured) -> Iterator[Gauge]:
    labels, state = {"stack": found.stack}, found.backups
    exists = state["newest"] is not None
    yield Gauge("slipway_backup_exists", "Whether there is a good backup on the host.", ((labels, exists),))
    text = "When the newest good backup was taken; without one, when the first rollout ended."
    yield Gauge("slipway_backup_timestamp_seconds", text, ((labels, found.at - state["age"]),))
    if exists:
        yield Gauge("slipway_backup_size_bytes", "Size of the newest good backup.", ((labels, state["size"]),))
    results = tuple(({**labels, "verb": verb}, last["outcome"] == "ok") for verb, last in state["last"].items())
    yield Gauge("slipway_backup_success", "Whether the last backup, drill or restore succeeded.", results)
