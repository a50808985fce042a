"""Verify that the live release is what runs and what the public gets.

Place in the pipeline: target, after the switch, and in the playbook ``verify``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import probe_requests, reaching
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import probe
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state import away
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret

#: Returns containers by service.
FindContainers = Callable[[], "dict[str, list[Container]]"]


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    ``services``: ``{service, state, reason}`` for each service. ``problems``: sentences. ``detail``: lines that explain
    the problems. ``running``: the containers by service that were checked.
    """

    services: list[dict[str, str]]
    problems: list[str]
    detail: list[str]
    running: Mapping[str, list[Container]]


def verify(
    home: Home,
    manifest: Mapping[str, Any],
    timeout: float,
    find_containers: FindContainers | None = None,
    starting: bool = False,
) -> Verification:
    """Verify the release of *manifest*, repeatedly until there is no problem or *timeout* seconds have passed.

    :param find_containers: returns the containers to check; all of the stack if not given.
    :param starting: whether health checks that begin anew get the time that they have at a start. A restart of the
        engine does that to all containers.
    """
    find_containers = find_containers or (lambda: all_containers.by_service(manifest["stack"]))
    started = time.monotonic()
    while True:
        verification = _verify_once(home, manifest, find_containers())
        limit = max(timeout, _start_limit(manifest, verification.running)) if starting else timeout
        if not verification.problems or time.monotonic() > started + limit:
            return verification
        watch.check()
        time.sleep(0.2)


def _start_limit(manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> float:
    """Return how many seconds the health checks may take that have no result yet; 0 if all have one."""
    services = manifest["services"]
    starting = {name: group for name, group in running.items() if any(one.health == "starting" for one in group)}
    limits = (health_check.start_limit(services[name], group) for name, group in starting.items() if name in services)
    return max(limits, default=0.0)


def _verify_once(home: Home, manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> Verification:
    services: list[dict[str, str]] = []
    problems: list[str] = []
    detail: list[str] = []
    for name, spec in manifest["services"].items():
        verdict = health_check.judge_live(spec, running.get(name, []))
        services.append({"service": name, "state": verdict.state, "reason": verdict.reason})
        if verdict.state != "up":
            problems.append(f"service '{name}': {verdict.reason}")
            detail.extend(health_check.diagnostics(verdict))
    for name in sorted(set(running) - set(manifest["services"])):
        problems.append(f"service '{name}': runs, but is not part of release {manifest['release']}")
    problems += reaching.problems(manifest, running, away.read(home).value or {})
    for one in manifest["probes"]:
        # Each may take ten seconds.
        watch.check()
        problems += _failures(home, manifest, one, running)
    return Verification(services, problems, detail, running)


def _failures(
    home: Home, manifest: Mapping[str, Any], expected: Mapping[str, Any], running: Mapping[str, list[Container]]
) -> list[str]:
    """Return a sentence for each address that does not answer a probe as expected."""
    try:
        request = probe_requests.request(home, manifest, expected)
        # Manifests of older versions of this collection do not have this key.
        host = expected.get("host")
        result = []
        for target in probe_requests.targets(home, manifest, expected, running):
            failure = probe(
                target.host,
                target.port,
                host or manifest["domain"],
                target.release,
                expected,
                request=request,
                tls_name=target.tls_name and (host or target.tls_name),
                network=target.network,
            )
            if failure:
                result.append(f"service '{target.service}': {failure}" if target.service else failure)
    except LookupError as error:
        return [str(error)]
    except DamagedSecret as error:
        return [f"the probe of {expected['path']} cannot be sent: {error}"]
    return result
