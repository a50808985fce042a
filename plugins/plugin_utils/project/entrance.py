"""Where requests enter: the team's own proxy stays, or an edge takes its place with the routes that the files tell.

Place in the pipeline: project. Pure. Routes come from the labels for Traefik, else from published ports and names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import processes
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production_values import DOMAIN

_RULE = re.compile(r"traefik\.http\.routers\.[^.]+\.rule", re.IGNORECASE)
_PORT = re.compile(r"traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port", re.IGNORECASE)
_FRONT = re.compile(r"(?:.*[-_])?(?:frontend|front|web|webapp|ui|client|site|www|app|dashboard|next|spa)(?:[-_].*)?")
_BACK = re.compile(r"(?:.*[-_])?(?:backend|back|api|server|django|rails|laravel|fastapi)(?:[-_].*)?")
#: Ports of the container whose protocol is not HTTP: mail, SSH, DNS, MQTT, SIP, STUN.
_OTHER_PROTOCOLS = frozenset({22, 25, 53, 465, 587, 993, 1883, 3478, 5060, 5349, 8883})


@dataclass
class Entrance:
    """``kept``: the proxy of the files that stays. ``replaced``: the one whose place the edge takes.

    ``routes`` and ``domains`` of the edge. ``by_labels``: a Traefik finds services by their labels today. ``left``:
    services that publish a port and got no route, with that port. ``guessed``: nothing but names tells the routes.
    """

    kept: str = ""
    replaced: str = ""
    routes: list[dict[str, Any]] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    by_labels: bool = False
    left: dict[str, int] = field(default_factory=dict)
    guessed: bool = False


def of(
    services: Mapping[str, Service], ports: Callable[[str], int | None], label: Callable[[str, str], str]
) -> Entrance:
    """Return where requests enter.

    :param services: those that run in production. :param ports: returns the port that a service listens on.
    :param label: returns the value of a label of a service, with the templates of production.
    """
    routed = {name: one for name, one in services.items() if any(_RULE.fullmatch(str(key)) for key in one.labels)}
    proxies = [name for name, one in services.items() if one.is_proxy and one.ports]
    traefik = next((name for name in proxies if services[name].base == "traefik"), "")
    if routed:
        found = _by_labels(routed, ports, label)
        found.replaced = traefik
        return found
    if proxies:
        return Entrance(kept=proxies[0])
    return _by_names(services, ports)


def keeps_port(protocol: str, target: int | None) -> bool:
    """Return whether a published port is for something else than HTTP, which no edge can take."""
    return protocol == "udp" or target in _OTHER_PROTOCOLS


def http_port(service: Service) -> int | None:
    """Return the port of the container that a service publishes for HTTP."""
    return next((one.target for one in service.ports if one.target and not keeps_port(one.protocol, one.target)), None)


def _by_labels(
    services: Mapping[str, Service], ports: Callable[[str], int | None], label: Callable[[str, str], str]
) -> Entrance:
    result = Entrance(by_labels=True)
    for name, service in services.items():
        keys = [str(key) for key in service.labels]
        written = next((scalar_text(service.labels[key]) for key in keys if _PORT.fullmatch(key)), "")
        port = int(written) if written.isdecimal() else ports(name)
        seen: set[tuple[str, str]] = set()
        for key in (key for key in keys if _RULE.fullmatch(key)):
            rule = label(name, key)
            hosts = [_public(host) for host in re.findall(r"[`'\"]([^`'\"]+)[`'\"]", _calls(rule, "Host"))] or [DOMAIN]
            paths = re.findall(r"[`'\"](/[^`'\"]*)[`'\"]", _calls(rule, "PathPrefix")) or ["/"]
            for host, path in ((host, path) for host in hosts for path in paths):
                if (host, path) not in seen:
                    seen.add((host, path))
                    result.routes.append(_route(path, name, port, host))
                    result.domains += [host] if host != DOMAIN and host not in result.domains else []
    if not any("host" not in route for route in result.routes):
        # The bare domain answers, too.
        front = next((route for route in result.routes if _FRONT.fullmatch(route["to"])), result.routes[0])
        result.routes.append({key: value for key, value in front.items() if key != "host"})
    return result


def _calls(rule: str, function: str) -> str:
    return " ".join(re.findall(rf"\b{function}\(([^)]*)\)", rule))


def _public(host: str) -> str:
    return re.sub(r"(?:^|(?<=\.))localhost$", DOMAIN, host)


def _route(path: str, name: str, port: int | None, host: str = DOMAIN) -> dict[str, Any]:
    shown = path if path.endswith("/") else f"{path}/"
    route: dict[str, Any] = {"path": shown, "to": name}
    if port:
        route["port"] = port
    return route if host == DOMAIN else {**route, "host": host}


def _by_names(services: Mapping[str, Service], ports: Callable[[str], int | None]) -> Entrance:
    servers = {
        name: one
        for name, one in services.items()
        if not one.is_datastore and one.process in ("", processes.SERVER, processes.SCRIPT)
    }
    published = {name: port for name, one in servers.items() if (port := http_port(one))}
    found = published or {name: port for name in servers if (port := ports(name))}
    if not found:
        return Entrance()
    backs = [name for name in found if _BACK.fullmatch(name)]
    fronts = [name for name in found if _FRONT.fullmatch(name) and name not in backs]
    front = (fronts or backs or list(found))[0]
    back = next((name for name in backs if name != front), "")
    routes = [_route("/api/", back, found[back])] if back else []
    routes.append(_route("/", front, found[front]))
    left = {name: port for name, port in found.items() if name not in (front, back)}
    return Entrance(routes=routes, left=left, guessed=bool(back or left))
