"""Whether a service is up: a pure verdict over its containers, and waiting for it.

Place in the pipeline: target, prepare and verify.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.engine import sharing
from ansible_collections.slipway.stack.plugins.module_utils.engine.container_logs import last_lines
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch

#: After this many restarts a service that is not healthy yet counts as down before its deadline: waiting does not help.
MAX_RESTARTS = 3
#: Seconds that a container must run to count as up if its health check does not say more. Manifests of older versions
#: do not have this setting.
_MIN_UPTIME = 10.0
#: The same for the time limit of release jobs and one-shots.
_JOB_SECONDS = 1800.0
#: Seconds that a service may take beyond the time of its health check.
MARGIN = 30.0
#: Number of log lines of a container in diagnostics.
LAST_LINES = 20


@dataclass(frozen=True)
class Verdict:
    """The state of a service: ``up``, ``waiting`` or ``down``; why, as text; and the container that causes it."""

    state: str
    reason: str
    container: Container | None = None


def judge(spec: Mapping[str, Any], containers: list[Container], settled: bool = True) -> Verdict:
    """Return whether a service has the right number of containers and all of them are running and healthy.

    A container without a health check must also have run for the service's ``min_uptime`` without a restart. So must a
    healthy one that was restarted: its process may crash between two checks.

    :param spec: the service's entry in the manifest. ``class``, ``replicas`` and ``min_uptime`` are used.
    :param containers: the containers of this service, without one-off runs.
    :param settled: without it, ``min_uptime`` may still be running.
    """
    if not containers and not spec["replicas"]:
        return Verdict("up", "no container, as described")
    if spec["class"] == "oneshot":
        return _judge_oneshot(containers)
    min_uptime = float(spec.get("min_uptime", _MIN_UPTIME))
    for container in containers:
        if container.state in ("exited", "dead"):
            return Verdict("down", f"{container.name} exited with code {container.exit_code}", container)
        if _crashes(container, min_uptime):
            return Verdict("down", _restarts(container), container)
        if container.state == "paused":
            return Verdict("down", f"{container.name} is paused", container)
        if container.state == "running" and (lost := left_behind(spec, container)):
            return Verdict("down", lost, container)
        # Docker reports a stopped or paused container as unhealthy, too.
        if container.state == "running" and container.health == "unhealthy":
            return Verdict("down", f"{container.name} is unhealthy", container)
    up = [one for one in containers if one.state == "running" and one.health in (None, "healthy")]
    expected = spec["replicas"]
    if len(containers) > expected:
        return Verdict("waiting", f"{len(containers)} containers, {expected} expected", containers[-1])
    if len(up) == expected:
        young = next((one for one in up if settled and not _is_settled(one, min_uptime)), None)
        if young:
            seconds = f"{young.uptime:.0f} of {min_uptime:g} s without a restart"
            return Verdict("waiting", f"{young.name} has run for {seconds}", young)
        checked = all(one.health for one in up)
        return Verdict("up", f"{len(up)} of {expected} {'healthy' if checked else 'running'}")
    waiting = next((one for one in containers if one not in up), None)
    detail = f", {waiting.name} is {_state(waiting)}" if waiting else ""
    return Verdict("waiting", f"{len(up)} of {expected} up{detail}", waiting)


def left_behind(spec: Mapping[str, Any], container: Container) -> str | None:
    """Return why a container can no longer use what it shares with another one, ``None`` if it can."""
    # Manifests of older versions do not have this key.
    return sharing.left_behind(container.name, container.started_at, container.shared, spec.get("follows") or {})


def judge_live(spec: Mapping[str, Any], containers: list[Container]) -> Verdict:
    """Return the verdict on a service of a release that was verified: its one-shots have completed.

    A one-shot's container may be gone since then, removed by a person or by the revert of a later rollout.
    """
    if spec["class"] == "oneshot" and not containers:
        return Verdict("up", "completed; its container was removed")
    return judge(spec, containers)


def start_reason(spec: Mapping[str, Any], containers: list[Container]) -> str | None:
    """Return why a service of a verified release must be started to be up, ``None`` if it is up or will be.

    It will be if all of its containers run, and their health checks or their ``min_uptime`` begin anew, as after a
    restart of the engine.
    """
    verdict = judge_live(spec, containers)
    all_run = len(containers) == spec["replicas"] and all(one.state == "running" for one in containers)
    begins_anew = verdict.state == "waiting" and spec["class"] != "oneshot" and all_run
    return None if verdict.state == "up" or begins_anew else verdict.reason


def _crashes(container: Container, min_uptime: float) -> bool:
    """Return whether a container is restarted again and again, or was restarted once and has no health check."""
    # The counter started with the container, maybe months ago.
    if container.health is None:
        return container.restarts > 0 and container.uptime < min_uptime
    return container.restarts >= MAX_RESTARTS and container.health != "healthy"


def _is_settled(container: Container, min_uptime: float) -> bool:
    """Return whether nothing more is to be seen of a running container that is healthy or has no health check."""
    return container.uptime >= min_uptime or (container.health is not None and not container.restarts)


def _restarts(container: Container) -> str:
    times = "once" if container.restarts == 1 else f"{container.restarts} times"
    return f"{container.name} was restarted {times}"


def _state(container: Container) -> str:
    # The last health of a container that is not running is outdated.
    return (container.health or container.state) if container.state == "running" else container.state


def _judge_oneshot(containers: list[Container]) -> Verdict:
    if not containers:
        return Verdict("waiting", "has not run")
    last = containers[-1]
    if last.state == "exited":
        if last.exit_code == 0:
            return Verdict("up", "completed")
        return Verdict("down", f"{last.name} exited with code {last.exit_code}", last)
    return Verdict("waiting", f"{last.name} is {last.state}", last)


def by_service(containers: list[Container]) -> dict[str, list[Container]]:
    """Return containers by service, without one-off runs such as release jobs."""
    result: dict[str, list[Container]] = {}
    for container in containers:
        if not container.oneoff:
            result.setdefault(container.service, []).append(container)
    return result


@dataclass
class Clock:
    """The time. Tests replace it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def wait_until_up(
    services: Mapping[str, Mapping[str, Any]],
    find_containers: Callable[[Collection[str]], dict[str, list[Container]]],
    report: Callable[[str, Verdict, float], None],
    clock: Clock,
    settled: bool = True,
    margin: float = MARGIN,
) -> dict[str, Verdict]:
    """Wait until all *services* are up or one is down, and return the last verdicts.

    Each service has its own deadline: the time until Docker itself reports it as unhealthy (``start_seconds``, or what
    the image says), and *margin* seconds more. A one-shot has its ``job_seconds`` to complete.

    :param settled: see :func:`judge`.

    :param find_containers: returns the containers of the given services. Only services that are not up yet are asked
        for: every answer costs the engine CPU time, which starting containers need on a busy host.
    :param report: called once for a service when it is up or down, with the seconds that it took.
    :raises RolloutFailed: if the rollout is aborted meanwhile.
    """
    started = clock.now()
    verdicts: dict[str, Verdict] = {}
    first_seen: dict[tuple[str, str], tuple[float, float]] = {}
    pending = list(services)
    while pending:
        watch.check()
        containers = find_containers(pending)
        elapsed = clock.now() - started
        for name in list(pending):
            group = [_with_measured_uptime(one, first_seen, clock.now()) for one in containers.get(name, [])]
            verdict = judge(services[name], group, settled)
            if verdict.state == "waiting" and elapsed > start_limit(services[name], group, margin):
                late = "completed" if services[name]["class"] == "oneshot" else "up"
                verdict = Verdict("down", f"not {late} after {elapsed:.0f} s: {verdict.reason}", verdict.container)
            verdicts[name] = verdict
            if verdict.state != "waiting":
                report(name, verdict, elapsed)
                pending.remove(name)
                if verdict.state == "down":
                    return verdicts
        if pending:
            clock.sleep(0.1)
    return verdicts


def start_limit(spec: Mapping[str, Any], containers: list[Container], margin: float = MARGIN) -> float:
    """Return how many seconds a service may take until it is up: *margin* more than its health check allows."""
    if spec["class"] == "oneshot":
        # One that fails again and again does not need all of its time.
        fails = any(one.restarts >= MAX_RESTARTS for one in containers)
        return min(job_seconds(spec), margin) if fails else job_seconds(spec)
    return max([float(spec["start_seconds"]), *(one.check_seconds for one in containers)]) + margin


def job_seconds(spec: Mapping[str, Any]) -> float:
    """Return how many seconds the release job of a service, or the service itself if it runs once, may take."""
    return float(spec.get("job_seconds", _JOB_SECONDS))


def _with_measured_uptime(
    container: Container, first_seen: dict[tuple[str, str], tuple[float, float]], now: float
) -> Container:
    """Return a container whose uptime does not depend on the host's clock, which may be set while it is watched.

    :param first_seen: when each running container was seen first, and its uptime then; completed here.
    """
    if container.state != "running":
        return container
    seen, uptime = first_seen.setdefault((container.id, container.started_at), (now, container.uptime))
    return replace(container, uptime=uptime + now - seen)


def diagnostics(verdict: Verdict) -> tuple[str, ...]:
    """Return lines that show why a service is down: its last log lines and the output of its health check."""
    container = verdict.container
    if container is None:
        return ()
    found = last_lines(container.id, LAST_LINES, container.in_swarm)
    lines = [f"last log lines of {container.name}:", *(f"  {line}" for line in found)]
    if container.probe_output:
        lines += [
            f"what the Swarm says of {container.name}:"
            if container.in_swarm
            else f"health check output of {container.name}:",
            *(f"  {line}" for line in container.probe_output.splitlines()[-5:]),
        ]
    return tuple(lines)
