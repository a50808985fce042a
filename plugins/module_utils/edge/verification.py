"""Whether the live release really is what runs, and what the public gets.

Place in the pipeline: target, after the switch, and whenever somebody asks.
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

Look = Callable[[], "dict[str, list[Container]]"]


@dataclass(frozen=True)
class Verification:
    """``services``: ``{service, state, reason}`` for each; ``problems``: sentences; ``detail``: lines that show why.

    ``running`` are the containers by service that this was found of.
    """

    services: list[dict[str, str]]
    problems: list[str]
    detail: list[str]
    running: Mapping[str, list[Container]]


def verify(manifest: Mapping[str, Any], timeout: float, look: Look | None = None) -> Verification:
    """Return how a release is, by its manifest, looking again until all is well or *timeout* seconds are over.

    :param look: gives the containers that count, by service; all of the stack where not given.
    """
    look = look or (lambda: health_check.by_service(docker.containers(manifest["stack"])))
    deadline = time.monotonic() + timeout
    while True:
        found = _compare(manifest, look())
        if not found.problems or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _compare(manifest: Mapping[str, Any], running: Mapping[str, list[Container]]) -> Verification:
    services: list[dict[str, str]] = []
    problems: list[str] = []
    detail: list[str] = []
    for name, spec in manifest["services"].items():
        verdict = health_check.judge(spec, running.get(name, []))
        services.append({"service": name, "state": verdict.state, "reason": verdict.reason})
        if verdict.state != "up":
            problems.append(f"service '{name}': {verdict.reason}")
            detail.extend(health_check.diagnostics(verdict))
    for name in sorted(set(running) - set(manifest["services"])):
        problems.append(f"service '{name}': runs, but is not part of release {manifest['release']}")
    problems += _probe(manifest)
    return Verification(services, problems, detail, running)


def _probe(manifest: Mapping[str, Any]) -> list[str]:
    name = endpoint.edge_of(manifest)
    if name is None:
        return []
    host, port = endpoint.public_address(manifest)
    answers = (probe(host, port, manifest["domain"], manifest["release"], wanted) for wanted in manifest["probes"])
    return [f"service '{name}': {answer}" for answer in answers if answer]
