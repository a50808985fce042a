"""Verify that the live release is what runs and what the public gets.

Place in the pipeline: target, after the switch, and in the playbook ``verify``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import endpoint
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import probe
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch

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


def verify(manifest: Mapping[str, Any], timeout: float, find_containers: FindContainers | None = None) -> Verification:
    """Verify the release of *manifest*, repeatedly until there is no problem or *timeout* seconds have passed.

    :param find_containers: returns the containers to check; all of the stack if not given.
    """
    find_containers = find_containers or (lambda: health_check.by_service(docker.containers(manifest["stack"])))
    deadline = time.monotonic() + timeout
    while True:
        verification = _verify_once(manifest, find_containers())
        if not verification.problems or time.monotonic() > deadline:
            return verification
        watch.check()
        time.sleep(0.2)


def _verify_once(manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> Verification:
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
    problems += _failed_probes(manifest)
    return Verification(services, problems, detail, running)


def _failed_probes(manifest: Mapping[str, Any]) -> list[str]:
    name = endpoint.edge_of(manifest)
    if name is None:
        return []
    host, port = endpoint.public_address(manifest)
    failures = (probe(host, port, manifest["domain"], manifest["release"], one) for one in manifest["probes"])
    return [f"service '{name}': {failure}" for failure in failures if failure]
