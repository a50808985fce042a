"""The configuration of the edge as the files of a directory, for each proxy that can be the edge.

Place in the pipeline: model -> compose -> bundle. Pure. The whole directory is mounted at ``compose.EDGE_MOUNT``.
Inside it ``current`` is a link to one of several versions, so that a new version can be tested next to the live one.
"""

from __future__ import annotations

from typing import Any, Protocol

from ansible_collections.slipway.stack.plugins.plugin_utils.description import tls as tls_key
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import nginx, public_names, traefik


class Proxy(Protocol):
    """What the controller must know about a proxy; each proxy is a module."""

    def version_problem(self, version: tuple[int, ...]) -> str | None:
        """Return why a version cannot be an edge, as the end of a sentence; ``None`` if it can."""

    def files(self, stack: Stack, edge: Service) -> dict[str, str]:
        """Return the files of the directory by name.

        The host writes the files with the release's id and with the containers that requests go to, because only the
        host knows them (see the module of the same name in ``module_utils``).
        """

    def upstreams(self, edge: Service) -> list[dict[str, Any]]:
        """Return ``{service, port}``, and what else the host must know, for each place that requests are sent to."""

    def assets(self, stack: Stack, edge: Service) -> list[dict[str, Any]]:
        """Return ``{service, path, directory, required}`` for the files that are kept next to the configuration."""

    def why_assets_not_kept(self, edge: Service, path: str) -> str:
        """Return why the assets of a service below *path* are not kept, as the end of a sentence."""


PROXIES: dict[str, Proxy] = {"nginx": nginx, "traefik": traefik}
#: Nobody else listens on the loopback address of a pod.
_CHALLENGE_PORT = 17080
_NO_EDGE = "the stack has no edge that can keep them; add a service of kind nginx"


def files(stack: Stack) -> dict[str, str]:
    """Return the files of the edge's directory by name; empty if the stack has no edge.

    :raises ValueError: for a proxy that is too old for a rollout without failed requests, or has no time to drain.
    """
    edge = stack.edge
    if edge is None:
        return {}
    proxy = PROXIES[str(edge.kind.edge)]
    tag = str(edge.options["version"])
    problem = proxy.version_problem(_version(tag))
    if problem:
        raise ValueError(f"service {edge.name!r}: key 'version': {edge.kind.edge} {tag} {problem}")
    if parse_duration(edge.stop_grace) <= parse_duration(edge.options["drain"]):
        raise ValueError(
            f"service {edge.name!r}: key 'stop_grace': {edge.stop_grace} is not longer than 'drain', "
            f"{edge.options['drain']}, so requests in flight would be cut off; make it a few seconds longer"
        )
    return proxy.files(stack, edge)


def _version(tag: str) -> tuple[int, ...]:
    # A tag without three numbers (1.30, v3, mainline) stands for the newest version of its line.
    numbers = tag.removeprefix("v").split("-")[0].split(".")
    if not all(number.isdigit() for number in numbers):
        return (9999,)
    return tuple(int(number) for number in numbers) + ((9999,) if len(numbers) < 3 else ())


def upstreams(stack: Stack) -> list[dict[str, Any]]:
    """Return the places that the edge sends requests to (see :class:`Proxy`), without duplicates.

    ``swarm`` is there for a service of the Swarm, whose name has the addresses of several tasks.
    """
    found = PROXIES[str(stack.edge.kind.edge)].upstreams(stack.edge) if stack.edge else []
    in_swarm = {name for name, service in stack.services.items() if service.swarm}
    return [{**one, "swarm": True} if one["service"] in in_swarm else one for one in found]


def tls(stack: Stack) -> dict[str, Any]:
    """Return ``{source, names, port}`` of HTTPS: where the certificate comes from, its names, and the port in the pod.

    A proxy that serves no files also has ``challenge_port``: where the host answers a certification authority on
    loopback. The result is empty for a stack without HTTPS.

    :raises ValueError: for ``domains`` of a stack without a domain.
    """
    given = stack.edge.options.get("tls") if stack.edge else None
    if not stack.edge or not given:
        return {}
    names = public_names.names(stack, stack.edge)
    result = {"source": given["source"], "names": names, "port": tls_key.port(stack.edge.port or 0)}
    return {**result, **({"challenge_port": _CHALLENGE_PORT} if stack.edge.kind.edge == "traefik" else {})}


def assets(stack: Stack) -> list[dict[str, Any]]:
    """Return the files that are kept for pages of earlier releases (see :class:`Proxy`).

    :raises ValueError: for a service with a key ``assets`` whose assets cannot be kept.
    """
    edge = stack.edge
    proxy = PROXIES[str(edge.kind.edge)] if edge else None
    kept = proxy.assets(stack, edge) if proxy and edge else []
    for service in stack.services.values():
        if service.assets and service.assets.required and service.name not in {one["service"] for one in kept}:
            reason = proxy.why_assets_not_kept(edge, service.assets.path) if proxy and edge else _NO_EDGE
            raise ValueError(f"service {service.name!r}: key 'assets': {reason}")
    return kept
