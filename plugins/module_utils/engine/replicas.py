"""Containers of a service made, started, stopped and removed one by one, where Compose would do it all at once.

Place in the pipeline: target, rollout. Compose makes the containers, so that they are exactly what it would make; when
they start and stop is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker

_UP = ("compose", "up", "--no-build", "--pull", "never")


def up_arguments(services: Iterable[str]) -> list[str]:
    """Return the command that has Compose itself bring *services* to what the release says, in place."""
    return [*_UP, "--no-deps", "--detach", *services]


def create_arguments(
    wanted: Mapping[str, int], there: Mapping[str, int], services: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return the command that makes *wanted* further containers of each service beside those that are *there*.

    They are not started, and the old ones, whatever their definition, are left as they are. What they depend on is
    named as well: without it Compose would note another digest of their definition with them (2.26 does), and replace
    them the next time that somebody says ``docker compose up``.

    :param services: the entries of the manifest.
    """
    counts = {name: there.get(name, 0) + wanted.get(name, 0) for name in _with_dependencies(wanted, services)}
    scale = [f"--scale={name}={count}" for name, count in counts.items() if count]
    return [*_UP, "--no-start", "--no-recreate", *scale, *wanted]


def _with_dependencies(names: Iterable[str], services: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    pending = list(names)
    while pending:
        name = pending.pop(0)
        if name not in found:
            found[name] = None
            pending += services[name]["depends_on"]
    return list(found)


def start(ids: list[str]) -> None:
    """Start containers that are there."""
    if ids:
        docker.run(["start", *ids])


def stop(ids: list[str]) -> None:
    """Stop containers, all at once: the stop signal, their own grace period, then the end."""
    if ids:
        docker.run(["stop", *ids])


def remove(ids: list[str]) -> None:
    """Remove containers, running or not; their named volumes stay."""
    if ids:
        docker.run(["rm", "--force", "--volumes", *ids])
