"""The order in which services start: each after those that it depends on.

Place in the pipeline: description, under ``checks``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import attachments
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service


def check(services: Mapping[str, Service]) -> None:
    """Check that there is an order in which the services can start.

    :raises ValueError: for a circle of dependencies, and for a one-shot that depends on a service that starts after it.
    """
    _check_circles(services)
    _check_one_shots(services)


def _check_one_shots(services: Mapping[str, Service]) -> None:
    followers = attachments.followers({name: one.follows for name, one in services.items()})
    for service in services.values():
        for other in service.starts_after if service.service_class == "oneshot" else ():
            # A service whose namespace or volumes another one uses is replaced early, with the data services.
            shared = attachments.sharing_reason(followers.get(other, {}))
            if services[other].service_class not in ("stateful", "oneshot") and not shared:
                raise ValueError(
                    f"service {service.name!r}: key 'needs': a one-shot runs before any service rolls, {other!r} "
                    f"included; it may need data services and other one-shots"
                )


def _check_circles(services: Mapping[str, Service]) -> None:
    finished: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise ValueError(f"service {name!r}: {_circle_of(path[path.index(name) :], name, services)} {circle}")
        if name not in finished:
            for other in services[name].starts_after:
                visit(other, (*path, name))
            finished.add(name)

    for name in services:
        visit(name, ())


def _circle_of(path: tuple[str, ...], first: str, services: Mapping[str, Service]) -> str:
    """Return the beginning of a sentence about a circle: the keys that make it."""
    steps = zip(path, (*path[1:], first), strict=True)
    keys = (services[one].follows.get(other, ()) for one, other in steps if other not in services[one].depends_on)
    named = list(dict.fromkeys(["needs", *(key for group in keys for key in group)]))
    if len(named) == 1:
        return "key 'needs' is a circle:"
    return f"keys {', '.join(map(repr, named))} are a circle:"
