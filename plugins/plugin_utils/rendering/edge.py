"""The edge's configuration as the files of a directory, by whichever proxy the edge is.

Place in the pipeline: model -> compose -> bundle. Pure. The directory is mounted whole at ``compose.EDGE_MOUNT``;
inside it ``current`` is a link to one of several versions, so that a new one can be tested beside the live one.
"""

from __future__ import annotations

from typing import Any, Protocol

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import nginx, traefik


class Proxy(Protocol):
    """What is to be known of a proxy on the controller; each is a module."""

    def refusal(self, version: tuple[int, ...]) -> str | None:
        """Return what a version cannot do that an edge must, as the end of a sentence; nothing where it can."""

    def files(self, stack: Stack, edge: Service) -> dict[str, str]:
        """Return the files of the directory by name.

        Neither the release's id nor the containers that requests go to are among them: those are written on the host,
        which alone knows them (the module of the same name in ``module_utils``).
        """

    def upstreams(self, edge: Service) -> list[dict[str, Any]]:
        """Return ``{service, port}``, and what else the host must know, for each place that requests go to."""

    def assets(self, stack: Stack, edge: Service) -> list[dict[str, Any]]:
        """Return ``{service, path, directory, required}`` for the files that are kept beside the configuration."""

    def not_kept(self, edge: Service, path: str) -> str:
        """Return why those that a service has below *path* are not among them, as the end of a sentence."""


PROXIES: dict[str, Proxy] = {"nginx": nginx, "traefik": traefik}
_NO_EDGE = "the stack has no edge that could keep them; add a service of kind nginx"


def files(stack: Stack) -> dict[str, str]:
    """Return the files of the edge's directory by name, none where the stack has no edge.

    :raises ValueError: for a proxy that is too old to be replaced without a failed request, or gets no time to drain.
    """
    edge = stack.edge
    if edge is None:
        return {}
    proxy = PROXIES[str(edge.kind.edge)]
    tag = str(edge.options["version"])
    refused = proxy.refusal(_version(tag))
    if refused:
        raise ValueError(f"service {edge.name!r}: key 'version': {edge.kind.edge} {tag} {refused}")
    if parse_duration(edge.stop_grace) <= parse_duration(edge.options["drain"]):
        raise ValueError(
            f"service {edge.name!r}: key 'stop_grace': {edge.stop_grace} is not longer than 'drain', "
            f"{edge.options['drain']}, so that requests in flight would be cut off; give it a few seconds more"
        )
    return proxy.files(stack, edge)


def _version(tag: str) -> tuple[int, ...]:
    # A tag without three numbers (1.30, v3, mainline) names the newest of its line.
    numbers = tag.removeprefix("v").split("-")[0].split(".")
    if not all(number.isdigit() for number in numbers):
        return (9999,)
    return tuple(int(number) for number in numbers) + ((9999,) if len(numbers) < 3 else ())


def upstreams(stack: Stack) -> list[dict[str, Any]]:
    """Return the places that the edge sends requests to (see :class:`Proxy`), without repetition."""
    return PROXIES[str(stack.edge.kind.edge)].upstreams(stack.edge) if stack.edge else []


def assets(stack: Stack) -> list[dict[str, Any]]:
    """Return the files that are kept for pages of earlier releases (see :class:`Proxy`).

    :raises ValueError: for a service whose assets cannot be kept although it says that it has some.
    """
    edge = stack.edge
    proxy = PROXIES[str(edge.kind.edge)] if edge else None
    kept = proxy.assets(stack, edge) if proxy and edge else []
    for service in stack.services.values():
        if service.assets and service.assets.required and service.name not in {one["service"] for one in kept}:
            why = proxy.not_kept(edge, service.assets.path) if proxy and edge else _NO_EDGE
            raise ValueError(f"service {service.name!r}: key 'assets': {why}")
    return kept
