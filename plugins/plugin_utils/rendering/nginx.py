"""nginx as the edge: its configuration, from a template.

Place in the pipeline: model -> compose -> bundle. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import quoting
from ansible_collections.slipway.stack.plugins.plugin_utils.description import tls
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.routes import CHALLENGE_PATH, HEALTH_PATH
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration, parse_size
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import (
    budget,
    compose,
    error_pages,
    headers,
    host_routes,
    inner_edges,
    kept_assets,
    public_names,
    tls_profile,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import template, text

#: The first nginx whose open-source edition resolves the names in an upstream again while it runs, and which does not
#: close a connection on which a request may be on its way.
_OLDEST = (1, 27, 4)
#: Seconds that a websocket or a stream of events may be silent. Servers send something every few seconds; if one does
#: not, the longest pause that the timeouts of common load balancers can be set to is about an hour.
_STREAM_SILENCE = 3600.0
_AGE = "cache-control"


def version_problem(version: tuple[int, ...]) -> str | None:
    """Return why an nginx of this version cannot be an edge; ``None`` if it can."""
    if version < _OLDEST:
        return "would fail requests during a rollout; use 1.27.4 or later"
    return None


def files(stack: Stack, edge: Service) -> dict[str, str]:
    """Return the files of the edge's directory by name; the host writes ``release.conf`` and ``upstreams/``.

    :raises ValueError: for a route to files that the image cannot contain, or ``domains`` of a stack without a domain.
    """
    static = next((route for route in edge.routes if route.static), None)
    if static and edge.image == f"nginx:{edge.options['version']}" and not (edge.volumes or edge.files):
        raise ValueError(
            f"service {edge.name!r}: key 'routes': path {static.path!r} serves files from {static.static}, which the "
            f"image {edge.image} does not contain; give the edge an 'image' that is built from it"
        )
    names = public_names.names(stack, edge)
    values = {
        "stack": stack,
        "edge": edge,
        "routes": [route for _number, route in host_routes.numbered(edge)],
        "servers": _servers(stack, edge),
        "upstreams": upstreams(edge),
        "grpc": any(route.protocol == "grpc" for route in edge.routes),
        "drain": parse_duration(edge.options["drain"]),
        "max_body": parse_size(edge.options["max_body"]),
        "real_ip_from": edge.options["real_ip_from"],
        # A load balancer says how the client came.
        "scheme": "$slipway_scheme" if edge.options["real_ip_from"] else "$scheme",
        "names": names,
        "redirected": public_names.redirected(edge),
        "redirect_target": public_names.target(stack, edge),
        "tls": edge.options.get("tls") or {},
        "profile": tls_profile,
        "tls_port": tls.port(edge.port or 0),
        "https_suffix": "" if edge.options.get("https_port") == 443 else f":{edge.options.get('https_port')}",
        "challenges": f"{compose.EDGE_MOUNT}/challenges",
        "challenge_path": CHALLENGE_PATH,
        "said_host": _said_host(names),
        "health_path": HEALTH_PATH,
        "claims": headers.CLAIMS,
        "never": headers.NEVER,
        "answer_headers": _answer_headers(edge),
        "error_pages": error_pages.of(edge),
        "policy": headers.POLICY,
        "policy_of_errors": error_pages.POLICY,
        "stream_silence": _STREAM_SILENCE,
        "budget": budget.budget(edge),
        "sizes": budget,
        "worker_connections": budget.worker_connections(edge),
        "open_files": budget.open_files(edge),
        "idle_upstream": budget.IDLE_UPSTREAM,
        "loopback": inner_edges.LOOPBACK,
    }
    return {
        "nginx.conf": template("nginx.conf.j2").render(values),
        "listen.conf": template("listen.conf.j2").render(values),
        "upstream.conf": template("upstream.conf.j2").render(values),
        "canary.conf": text("canary.conf"),
        "start.sh": text("nginx_start.sh"),
        "logs.sh": text("edge_logs.sh"),
    }


def _servers(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return ``{names, routes, immutable, kept, kept_in}`` for each group of names with the same routes.

    ``kept``: the files of services, by the number of the route. ``kept_in``: the directory of kept files for a route.
    """
    folders = {number: kept.folder for number, kept in kept_assets.all_of(stack, edge).items()}
    # A service in development changes its files at any time.
    changes = any(service.development for service in stack.services.values())
    return [
        {
            "names": group.names,
            "routes": group.routes,
            "immutable": group.immutable,
            "kept": {} if changes else kept_assets.of_services(stack, group),
            "kept_in": {number: f"{compose.EDGE_MOUNT}/assets/current{folder}" for number, folder in folders.items()},
        }
        for group in host_routes.groups(stack, edge)
    ]


def _answer_headers(edge: Service) -> dict[str, dict[str, str]]:
    """Return the headers that answers get unless the application sends them.

    By name and the number of the route: the value as a parameter of nginx. Number 0 is what no route answers.
    """
    described: dict[int, Mapping[str, str]] = {0: edge.options.get("headers") or {}}
    static = set()
    for number, route in host_routes.numbered(edge):
        described[number] = route.headers
        static |= {number} if route.static else set()
    result: dict[str, dict[str, str]] = {"X-Request-Id": dict.fromkeys(map(str, described), "$slipway_request_id")}
    if edge.is_inner:
        # Its own pages of errors have a policy, which the edge leaves as it is.
        result[headers.POLICY] = {}
    for number, own in described.items():
        for name, value in headers.of_answers(edge, own, headers.DEFAULTS).items():
            # Static files say themselves how long they may be kept.
            if not (number in static and name.lower() == _AGE):
                result.setdefault(name, {})[str(number)] = quoting.nginx_string(value)
    return result


def _said_host(names: Iterable[str]) -> str:
    """Return the pattern of what a load balancer may say of the host, after ``1:``: one of the names, with any port."""
    known = "|".join(map(public_names.pattern, names)) or "[a-z0-9_.-]+"
    return rf"^1:(?<slipway_said_host>(?:{known})(?::[0-9]+)?)$"


def upstreams(edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, port}`` for each place that the edge sends requests to, without duplicates.

    ``protocol`` is there, too, for gRPC: idle connections of another protocol are of no use for it. For a service of
    other hosts, ``servers`` is, see :func:`inner_edges.servers`.
    """
    found: list[dict[str, Any]] = []
    for route in edge.routes:
        protocol = {"protocol": "grpc"} if route.protocol == "grpc" else {}
        one = {"service": route.to, "port": route.port, **protocol, **inner_edges.servers(route)}
        if route.to and one not in found:
            found.append(one)
    return found


def assets(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return ``{service, path, directory, required}`` for the assets of the edge's own image and those of services."""
    return kept_assets.entries(stack, edge)


def why_assets_not_kept(edge: Service, path: str) -> str:
    """Return why the assets of a service below *path* are not kept, as the end of a sentence."""
    return f"no route of {edge.name!r} sends {path} to it"
