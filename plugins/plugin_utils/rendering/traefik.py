"""Traefik as the edge: the routes for its file provider, as data.

Place in the pipeline: model -> compose -> bundle. Pure. Settings that Traefik reads only when it starts are in the
kind's command; a change of them replaces the container.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import quoting
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.routes import HEALTH_PATH
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import (
    budget,
    compose,
    host_routes,
    inner_edges,
    public_names,
    request_limits,
    route_guards,
    secure_routes,
    traefik_middlewares,
    traefik_services,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import template, text

#: The first Traefik that can remove headers which applications would take for its own (CVE-2026-88879).
_OLDEST = (3, 7, 12)
#: Stands for the entry point that reads the requests of clients.
_PUBLIC = "entry-point-of-clients"
#: The highest priority. That of a route is the length of its path times the number of its variants, and more for a
#: special one: by a load balancer, a websocket, a request that is limited by its size. One less is what closes a route
#: (``route_guards``).
_HIGHEST_PRIORITY = 1_000_000
_BY_SIZE = 3
_VARIANTS = 4 * _BY_SIZE + 1


def version_problem(version: tuple[int, ...]) -> str | None:
    """Return why a Traefik of this version cannot be an edge; ``None`` if it can."""
    if version < _OLDEST:
        return "lets a client forge headers that Traefik sets; use 3.7.12 or later"
    return None


def files(stack: Stack, edge: Service) -> dict[str, str]:
    """Return the files of the edge's directory by name.

    The host writes the services that the routes name, and the middlewares ``release``, ``maintenance``
    and ``health``.

    :raises ValueError: for a route to files or pages of errors, which Traefik does not serve, or ``domains`` of a stack
        without a domain.
    """
    if edge.options.get("error_pages"):
        raise ValueError(
            f"service {edge.name!r}: key 'error_pages': Traefik cannot tell its own errors from those of an "
            "application; remove the key, or use an edge of kind nginx"
        )
    for route in edge.routes:
        if route.protocol == "grpc" and route.max_body:
            raise ValueError(
                f"service {edge.name!r}: key 'routes': path {route.path!r}: 'max_body' would make Traefik hold each "
                "stream back until it ends; remove the key, and limit messages in the service"
            )
        if route.static:
            raise ValueError(
                f"service {edge.name!r}: key 'routes': path {route.path!r} serves files from {route.static}, and "
                "Traefik serves no files; send it 'to' a service of kind spa"
            )
    return {
        "routes.yml": _on_either_entry_point(
            route_guards.for_check(quoting.traefik_file(compose.dump(stack, "Routes", _dynamic(stack, edge))))
        ),
        "guard.yml": _guard(edge),
        "start.sh": text("traefik_start.sh"),
        "check.sh": text("traefik_check.sh"),
        "logs.sh": text("edge_logs.sh"),
    }


def _dynamic(stack: Stack, edge: Service) -> dict[str, Any]:
    return {"http": _http(stack, edge), **secure_routes.settings(edge)}


def _on_either_entry_point(routes: str) -> str:
    """Return the text of the routes, whose entry point is known to Traefik itself only (``guard.yml``)."""
    return routes.replace(f"[{_PUBLIC}]", """['{{ if env "SLIPWAY_INNER_PORT" }}inner{{ else }}web{{ end }}']""")


def _guard(edge: Service) -> str:
    """Return the TCP routes from the published port to the entry point that reads requests."""
    balancers = " || ".join(f"ClientIP(`{network}`)" for network in edge.options["real_ip_from"])
    given = budget.budget(edge)
    return template("traefik_guard.yml.j2").render(budget=given, balancers=balancers, tls=edge.options.get("tls"))


def _http(stack: Stack, edge: Service) -> dict[str, Any]:
    hosts = _host_rule(public_names.names(stack, edge))
    routers = _internal_routers()
    if hosts:
        routers["misdirected"] = {
            "entryPoints": [_PUBLIC],
            "rule": f"!({hosts})",
            "priority": 1,
            "middlewares": ["release", "misdirected"],
            "service": "noop@internal",
        }
    middlewares = traefik_middlewares.common(bool(hosts))
    middlewares.update(traefik_middlewares.of_answers(edge))
    middlewares.update(traefik_middlewares.stripping(edge))
    groups = host_routes.groups(stack, edge)
    by_balancer: list[str] = []
    for number, route in host_routes.answering(groups):
        of_route = _hosts_of(number, groups) or hosts
        for sender in _senders(edge):
            name = f"{number}-{route.to}{sender.suffix}"
            variants = _variants(name, edge, route, sender, of_route)
            request_limits.add(variants, middlewares, edge, route.max_body)
            route_guards.add(
                name,
                variants,
                middlewares,
                route,
                sender.balancers,
                stack.name,
                ["release", sender.maintenance, *traefik_middlewares.headers_names(edge, route)],
            )
            routers.update(variants)
            by_balancer += variants if sender.balancers else ()
    redirected = public_names.redirected(edge)
    if redirected:
        routers["redirected"] = {
            "entryPoints": [_PUBLIC],
            "rule": _host_rule(redirected),
            "priority": _HIGHEST_PRIORITY - 1,
            "middlewares": ["release", "redirected"],
            "service": "noop@internal",
        }
        middlewares["redirected"] = traefik_middlewares.redirection(public_names.target(stack, edge))
    if edge.options.get("tls"):
        routers = secure_routes.secured(edge, hosts, routers, middlewares, _PUBLIC, by_balancer)
    return {"routers": routers, "middlewares": middlewares, "serversTransports": traefik_services.transports(edge)}


@dataclasses.dataclass(frozen=True)
class _Sender:
    """Whose requests a router gets. ``balancers``: the networks of load balancers, empty for everybody else."""

    suffix: str
    balancers: tuple[str, ...]
    rank: int

    @property
    def maintenance(self) -> str:
        """The middleware that closes a route during maintenance; the host writes it."""
        return f"maintenance{self.suffix}"


def _senders(edge: Service) -> list[_Sender]:
    balancers = tuple(edge.options["real_ip_from"])
    if edge.is_inner:
        # Nobody else may ask it, and probes of its own host.
        return [_Sender("-by-balancer", (*balancers, f"{inner_edges.LOOPBACK}/32"), 2)]
    return [_Sender("", (), 0), *([_Sender("-by-balancer", balancers, 2)] if balancers else [])]


def _variants(name: str, edge: Service, route: Route, sender: _Sender, hosts: str) -> dict[str, Any]:
    """Return the routers of a route for one kind of senders, by name.

    A middleware cannot depend on the request. So a websocket and what a load balancer sends have routers of their own,
    with other middlewares and with a higher priority.
    """
    common = [
        "never",
        "release",
        sender.maintenance,
        *traefik_middlewares.headers_names(edge, route),
        *([] if edge.is_inner else ["compress"]),
        "retry",
    ]
    rules = [f"PathPrefix({quoting.traefik_string(route.path)})", *([f"({hosts})"] if hosts else [])]
    if sender.balancers:
        addresses = " || ".join(f"ClientIP({quoting.traefik_string(one)})" for one in sender.balancers)
        rules.append(f"({addresses})")
    stripping = ["prefix", traefik_middlewares.strip_name(route)] if route.strip_prefix else []
    removing = [] if sender.balancers else ["claims"]
    protocols = {
        "": ([], ["no-upgrade"]),
        "-websocket": (["HeaderRegexp(`Upgrade`, `(?i)^websocket$`)"], ["websocket"]),
    }
    return {
        f"{name}{to}": {
            "entryPoints": [_PUBLIC],
            "rule": " && ".join([*rules, *protocol]),
            "priority": _VARIANTS * len(route.path) + _BY_SIZE * (sender.rank + number),
            "middlewares": [*removing, *upgrading, *common, *stripping],
            "service": traefik_services.name_of(route),
        }
        for number, (to, (protocol, upgrading)) in enumerate(protocols.items())
    }


def _host_rule(names: list[str]) -> str:
    """Return the rule for requests with one of these names; empty for no names."""
    rules = [
        f"HostRegexp({quoting.traefik_string(f'(?i)^{public_names.pattern(name)}[.]?$')})"
        if name.startswith("*.")
        else f"Host({quoting.traefik_string(name)})"
        for name in names
    ]
    return " || ".join(rules)


def _hosts_of(number: int, groups: Sequence[host_routes.HostGroup]) -> str:
    """Return the rule for the names that a route answers for; empty for all names of the edge."""
    alternatives = []
    for name, others in host_routes.names_of(number, groups):
        rules = [*([_host_rule([name])] if name != host_routes.ANY else [])]
        rules += [f"!({_host_rule(list(others))})"] if others else []
        alternatives.append(" && ".join(rules))
    return " || ".join(f"({one})" if " && " in one else one for one in alternatives)


def _internal_routers() -> dict[str, Any]:
    return {
        "healthz": {
            "entryPoints": [_PUBLIC],
            "rule": f"Path(`{HEALTH_PATH}`)",
            "priority": _HIGHEST_PRIORITY,
            "middlewares": ["release", "health"],
            "service": "ping@internal",
            "observability": {"accessLogs": False},
        },
        # For the container's own health check.
        "ping": {
            "entryPoints": ["traefik"],
            "rule": "Path(`/ping`)",
            "service": "ping@internal",
            "observability": {"accessLogs": False},
        },
    }


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return the places that requests are sent to, see :func:`traefik_services.upstreams`."""
    return traefik_services.upstreams(edge)


def assets(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return an empty list: Traefik serves no files."""
    return []


def why_assets_not_kept(edge: Service, path: str) -> str:
    """Return why the assets of a service below *path* are not kept, as the end of a sentence."""
    return f"only an edge of kind nginx can keep them; {edge.name!r} is Traefik, which serves no files"
