"""The files of a stack in a developer's checkout: Compose files, variables, the edge, settings for an editor.

Place in the pipeline: model -> compose -> workspace, next to bundle. Pure. ``checkout`` decides which existing files
may be overwritten.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import proxies as on_host
from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv, overrides, route_hosts
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.mounted_files import collect
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import (
    bundle,
    compose,
    development,
    edge,
    host_routes,
    pod,
    templating,
    yaml_text,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import dockerfiles

#: The directory for secrets, the configuration of the edge and mounted files, as written in Compose files.
HOME = "./.slipway"
STATE = ".slipway/workspace.json"
#: The file in which a person changes values; only missing variables are reported.
PERSONAL = ".env"
#: The websocket of a development server is silent until somebody saves a file; in seconds.
_WEBSOCKET_TIMEOUT = 3600.0
_HEADER = """\
{title} of the stack {name!r} for a checkout, written by slipway.stack from the inventory.
playbooks/workspace.yml writes it anew unless somebody has changed it.
By hand, in this directory: docker compose up --watch
"""
_IGNORED = """\
# Secrets, and what is written from the inventory. The record of what was written belongs to the repository.
*
!.gitignore
!workspace.json
"""
_PUBLISHED = re.compile(r"(?:(?:[0-9.]+|\[[0-9a-fA-F:]+\]):)?(?P<host>\d+):(?P<inside>\d+)(?P<protocol>/(?:tcp|udp))?")


def for_checkout(stack: Stack) -> Stack:
    """Return *stack* as it is in a checkout: with its directory there, and with timeouts for silent websockets.

    Its edge answers to any name, such as localhost, and to anybody: a page under development loads hundreds of files.
    """
    services = {
        name: dataclasses.replace(
            service,
            routes=tuple(
                dataclasses.replace(
                    route,
                    timeout=max(route.timeout, _WEBSOCKET_TIMEOUT)
                    if route.to and stack.services[route.to].development
                    else route.timeout,
                    rate_limit=None,
                    allow=(),
                    basic_auth=None,
                    hosts=_local_hosts(route, stack.domain),
                )
                for route in service.routes
            ),
            options={**service.options, "domains": [], "redirects": []} if service.kind.edge else service.options,
        )
        for name, service in stack.services.items()
    }
    return dataclasses.replace(stack, services=services, home=HOME, addressed=False, domain="")


def _local_hosts(route: Route, domain: str) -> tuple[str, ...]:
    """Return the names of a route's hosts in a checkout: browsers ask this machine for all names below localhost."""
    local = [host if host.endswith(".localhost") else f"{host}.localhost" for host in route.hosts]
    is_main = any(route_hosts.covers(host, route_hosts.domain_name(domain)) for host in route.hosts)
    return (*local, *([host_routes.ANY] if is_main else []))


def files(stack: Stack, images: Mapping[str, str]) -> dict[str, str]:
    """Return the files of the checkout by path, for a stack that :func:`for_checkout` returned.

    :param images: base images of Dockerfiles, by ``python``, ``node`` and ``nginx``.
    :raises ValueError: for a variable that no env file can hold.
    """
    mounted = collect(stack)
    base = compose.base(stack, mounted.paths)
    overlay = compose.overlay(stack)
    edge_files = _edge_files(stack)
    if stack.edge:
        # The label makes Compose recreate the edge for a new configuration: it does not compare mounted files.
        digest = hashlib.sha256(json.dumps(edge_files, sort_keys=True).encode()).hexdigest()[:16]
        keys = overlay.setdefault("services", {}).setdefault(stack.edge.name, {})
        keys["labels"] = {**keys.get("labels", {}), "slipway.edge": digest}
    ports = _publish_on_loopback(stack, base, overlay)
    return {
        compose.BASE: compose.dump(stack, "Base", base, _HEADER),
        compose.overlay_name(stack): compose.dump(stack, f"Overlay for {stack.environment}", overlay, _HEADER),
        **_dotenv_files(stack, ports),
        **bundle.env_files(stack),
        **edge_files,
        **{f".slipway/files/{address}": text for address, text in mounted.texts.items()},
        **_tool_files(stack),
        ".slipway/.gitignore": _IGNORED,
        **dockerfiles.files(stack, images),
        **_editor_files(stack, ports),
    }


def _edge_files(stack: Stack) -> dict[str, str]:
    """Return the files of the edge as its proxy reads them, with names of services instead of containers."""
    if stack.edge is None:
        return {}
    upstreams = edge.upstreams(stack)
    targets = {upstream["service"]: [upstream["service"]] for upstream in upstreams}
    proxy = on_host.PROXIES[str(stack.edge.kind.edge)]
    found = {
        **edge.files(stack),
        **proxy.host_files({"release": stack.environment, "upstreams": upstreams}, targets, None),
        **proxy.door(stack.edge.options["real_ip_from"], None, False),
    }
    return {f".slipway/edge/current/{name}": text for name, text in found.items()}


def _tool_files(stack: Stack) -> dict[str, str]:
    if not any(service.development and service.development.tools for service in stack.services.values()):
        return {}
    return {".slipway/tools/serve.py": templating.text("serve.py")}


def _publish_on_loopback(stack: Stack, base: Mapping[str, Any], overlay: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Make *overlay* publish every port on loopback, each at a port that a variable of ``.env`` sets.

    Returns, by variable, the port and what it is for in words.
    """
    variables: dict[str, tuple[int, str]] = {}
    for service in stack.services.values():
        name = pod.name(service) if service.kind.edge else service.name
        keys = overlay.get("services", {}).get(name, {})
        published = overrides.all_ports(base["services"][name].get("ports", []), keys)
        if not published:
            continue
        entries = [_entry(service, str(port), variables) for port in published]
        overlay.setdefault("services", {}).setdefault(name, {})["ports"] = yaml_text.Override(entries)
    return variables


def _entry(service: Service, port: str, variables: dict[str, tuple[int, str]]) -> str:
    match = _PUBLISHED.fullmatch(port)
    if match is None:
        raise AssertionError(f"the description was checked, and has the port {port}")
    inside = int(match["inside"])
    debugger = service.development is not None and service.development.debug == inside
    # Only root may use ports below 1024 on many machines.
    host = int(match["host"]) if int(match["host"]) >= 1024 else int(match["host"]) + 8000
    stem = re.sub("[^A-Z0-9]", "_", service.name.upper())
    variable = f"{stem}_DEBUG_PORT" if debugger else f"{stem}_PORT"
    if variable in variables:
        variable = f"{variable}_{inside}"
    variables[variable] = host, f"{service.name}{chr(39)}s debugger" if debugger else service.name
    return f"{development.LOOPBACK}:${{{variable}:-{host}}}:{inside}{match['protocol'] or ''}"


def _dotenv_files(stack: Stack, ports: Mapping[str, tuple[int, str]]) -> dict[str, str]:
    """Return ``.env`` and ``.env.example``, which differ only in their first lines."""
    variables = {
        "COMPOSE_PROJECT_NAME": stack.name,
        "COMPOSE_FILE": f"{compose.BASE}:{compose.overlay_name(stack)}",
        "COMPOSE_PATH_SEPARATOR": ":",
    }
    comments = {
        "COMPOSE_PROJECT_NAME": "What containers, volumes and networks begin with; another one in a second checkout.",
        "COMPOSE_FILE": "The layers that docker compose reads here.",
    }
    for variable, (port, what) in ports.items():
        variables[variable] = str(port)
        comments[variable] = f"Port of the loopback address for {what}."
    if development.debug_ports(stack):
        variables["DEBUGPY"] = ""
        comments["DEBUGPY"] = "With 1 Python services wait at their debug ports for an editor; starts get slower."
    header = "Yours: read by docker compose in this directory, no secret is in it. Keep it out of the repository."
    example_header = "Copy to .env: every variable that docker compose reads here, with its default."
    return {
        ".env": dotenv.dump(variables, header, comments),
        ".env.example": dotenv.dump(variables, example_header, comments),
    }


def _editor_files(stack: Stack, ports: Mapping[str, tuple[int, str]]) -> dict[str, str]:
    """Return the settings with which Visual Studio Code attaches to the debuggers."""
    configurations = [
        {
            "name": f"Attach to {name}",
            "type": "debugpy",
            "request": "attach",
            "connect": {"host": development.LOOPBACK, "port": port},
            "pathMappings": [_path_mapping(stack.services[name])],
        }
        for name, port in development.debug_ports(stack).items()
    ]
    if not configurations:
        return {}
    text = json.dumps({"version": "0.2.0", "configurations": configurations}, indent=2)
    return {".vscode/launch.json": f"{text}\n"}


def _path_mapping(service: Service) -> dict[str, str]:
    if service.development is None:
        raise AssertionError(f"service {service.name!r} is not developed")
    local = posixpath.normpath(posixpath.join("${workspaceFolder}", service.development.source.path))
    return {"localRoot": local, "remoteRoot": service.development.path}
