"""When a service counts as up: a pure verdict over its containers, and waiting for it.

Place in the pipeline: target, prepare and verify.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container

#: Restarts after which a service that still has time is given up: it dies by itself, waiting does not heal it.
MAX_RESTARTS = 3
#: Lines of a container's log that an explanation has.
LAST_LINES = 20


@dataclass(frozen=True)
class Verdict:
    """``state`` is ``up``, ``waiting`` or ``down``, ``reason`` why in words, ``culprit`` the container at fault."""

    state: str
    reason: str
    culprit: Container | None = None


def judge(spec: Mapping[str, Any], containers: list[Container]) -> Verdict:
    """Return whether a service is what its release says: the right number of containers, running and healthy.

    :param spec: the service's entry in the manifest: ``class``, ``replicas`` and ``start_seconds`` count here.
    :param containers: the containers of this service, one-off runs left out.
    """
    if spec["class"] == "oneshot":
        return _judge_oneshot(containers)
    for container in containers:
        if container.state in ("exited", "dead"):
            return Verdict("down", f"{container.name} exited with code {container.exit_code}", container)
        # Counted since somebody started it, which may be months ago.
        if container.restarts >= MAX_RESTARTS and container.health != "healthy":
            return Verdict("down", f"{container.name} was restarted {container.restarts} times", container)
        if container.state == "paused":
            return Verdict("down", f"{container.name} is paused", container)
        # Docker calls every container unhealthy that has been stopped or paused.
        if container.state == "running" and container.health == "unhealthy":
            return Verdict("down", f"{container.name} is unhealthy", container)
    up = [one for one in containers if one.state == "running" and one.health in (None, "healthy")]
    wanted = spec["replicas"]
    if len(containers) > wanted:
        return Verdict("waiting", f"{len(containers)} containers, {wanted} expected", containers[-1])
    if len(up) == wanted:
        checked = all(one.health for one in up)
        return Verdict("up", f"{len(up)} of {wanted} {'healthy' if checked else 'running'}")
    waiting = next((one for one in containers if one not in up), None)
    detail = f", {waiting.name} is {_state(waiting)}" if waiting else ""
    return Verdict("waiting", f"{len(up)} of {wanted} up{detail}", waiting)


def _state(container: Container) -> str:
    # What the check last said of a container that does not run is no news.
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
    """Return containers by their service, one-off runs (release jobs) left out."""
    result: dict[str, list[Container]] = {}
    for container in containers:
        if not container.oneoff:
            result.setdefault(container.service, []).append(container)
    return result


@dataclass
class Clock:
    """Time, to be replaced in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def wait_until_up(
    services: Mapping[str, Mapping[str, Any]],
    look: Callable[[Collection[str]], dict[str, list[Container]]],
    report: Callable[[str, Verdict, float], None],
    clock: Clock,
    margin: float = 30.0,
) -> dict[str, Verdict]:
    """Wait until every one of *services* is up or one is down, and return the last verdicts.

    *look* is asked for the containers of those that are not up yet, as often as that takes: on a busy host the engine's
    answers on all others would be missing where they start.

    Each service has its own time: what Docker itself takes to call it unhealthy (``start_seconds``) and *margin*
    seconds. *report* hears of a service once it is up or down, with the seconds that it took.
    """
    begun = clock.now()
    verdicts: dict[str, Verdict] = {}
    pending = list(services)
    while pending:
        found = look(pending)
        elapsed = clock.now() - begun
        for name in list(pending):
            verdict = judge(services[name], found.get(name, []))
            if verdict.state == "waiting" and elapsed > services[name]["start_seconds"] + margin:
                verdict = Verdict("down", f"not up after {elapsed:.0f} s: {verdict.reason}", verdict.culprit)
            verdicts[name] = verdict
            if verdict.state != "waiting":
                report(name, verdict, elapsed)
                pending.remove(name)
                if verdict.state == "down":
                    return verdicts
        if pending:
            clock.sleep(0.1)
    return verdicts


def diagnostics(verdict: Verdict) -> tuple[str, ...]:
    """Return lines that show why a service is down: what its probe said, and the last that it wrote."""
    culprit = verdict.culprit
    if culprit is None:
        return ()
    lines = [f"{culprit.name}, its last lines:", *(f"  {line}" for line in docker.logs(culprit.id, LAST_LINES))]
    if culprit.probe_output:
        lines += [
            f"{culprit.name}, its health check said:",
            *(f"  {line}" for line in culprit.probe_output.splitlines()[-5:]),
        ]
    return tuple(lines)
