"""The order in which services start: each after those that it depends on.

Place in the pipeline: description, under ``checks``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service


def check(services: Mapping[str, Service]) -> None:
    """Check that there is an order in which the services can start.

    :raises ValueError: for a circle of dependencies, and for a one-shot that depends on a service that starts after it.
    """
    _check_circles(services)
    _check_one_shots(services)


def _check_one_shots(services: Mapping[str, Service]) -> None:
    for service in services.values():
        for other in service.depends_on if service.service_class == "oneshot" else ():
            if services[other].service_class not in ("stateful", "oneshot"):
                raise ValueError(
                    f"service {service.name!r}: key 'needs': a one-shot runs before any service rolls, {other!r} "
                    f"included; it may need data services and other one-shots"
                )


def _check_circles(services: Mapping[str, Service]) -> None:
    finished: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise ValueError(f"service {name!r}: key 'needs' is a circle: {circle}")
        if name not in finished:
            for other in services[name].depends_on:
                visit(other, (*path, name))
            finished.add(name)

    for name in services:
        visit(name, ())
