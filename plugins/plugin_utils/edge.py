"""The edge's configuration: one nginx configuration that routes to the services, as files of a directory.

Place in the pipeline: model -> compose -> bundle. Pure. The directory is mounted whole at ``compose.EDGE_MOUNT``;
inside it ``current`` is a link to one of several versions, so that a new one can be tested beside the live one.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from ansible_collections.slipway.stack.plugins.plugin_utils.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.units import parse_duration, parse_size

TEMPLATES = Path(__file__).parent / "templates"

#: First nginx whose open-source edition resolves the names in an upstream again while it runs.
_OLDEST = (1, 27, 3)


def files(stack: Stack) -> dict[str, str]:
    """Return the files of the edge's directory by name, none where the stack has no edge.

    Neither the release's id nor the servers of the upstreams are among them: ``release.conf`` and ``upstreams/`` are
    written on the host, which alone knows the containers (``module_utils/edge.py``).

    :raises ValueError: for an nginx that is too old to find a container that moved, or gets no time to drain.
    """
    edge = stack.edge
    if edge is None:
        return {}
    version = str(edge.options["version"])
    if _version(version) < _OLDEST:
        raise ValueError(
            f"service {edge.name!r}: key 'version': nginx {version} cannot look up a container's address again "
            f"while it runs; 1.27.3 and later can"
        )
    if parse_duration(edge.stop_grace) <= parse_duration(edge.options["drain"]):
        raise ValueError(
            f"service {edge.name!r}: key 'stop_grace': {edge.stop_grace} is not longer than 'drain', "
            f"{edge.options['drain']}, so that requests in flight would be cut off; give it a few seconds more"
        )
    static = next((route for route in edge.routes if route.static), None)
    if static and edge.image == f"nginx:{version}" and not (edge.volumes or edge.files):
        raise ValueError(
            f"service {edge.name!r}: key 'routes': path {static.path!r} has its files in {static.static}, which the "
            f"image {edge.image} does not have; give the edge an 'image' of its own, built from that one"
        )
    values = {
        "stack": stack,
        "edge": edge,
        "routes": sorted(edge.routes, key=lambda route: -len(route.path)),
        "upstreams": upstreams(stack),
        "drain": parse_duration(edge.options["drain"]),
        "max_body": parse_size(edge.options["max_body"]),
        "real_ip_from": edge.options["real_ip_from"],
    }
    return {
        "nginx.conf": _template("nginx.conf.j2").render(values),
        "listen.conf": _template("listen.conf.j2").render(values),
        "start.sh": (TEMPLATES / "start.sh").read_text(encoding="utf-8"),
    }


def _time(seconds: float) -> str:
    """Return a time in nginx' notation, which knows no fractions."""
    milliseconds = round(seconds * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def _version(tag: str) -> tuple[int, ...]:
    # A tag without three numbers (1.30, mainline) names the newest of its line.
    numbers = tag.split("-")[0].split(".")
    if not all(number.isdigit() for number in numbers):
        return (9999,)
    return tuple(int(number) for number in numbers) + ((9999,) if len(numbers) < 3 else ())


def upstreams(stack: Stack) -> list[dict[str, Any]]:
    """Return ``{service, port}`` for each place that the edge sends requests to, without repetition."""
    routes = [route for route in stack.edge.routes if route.to] if stack.edge else []
    return [{"service": to, "port": port} for to, port in dict.fromkeys((route.to, route.port) for route in routes)]


@functools.lru_cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["time"] = _time
    return environment.get_template(name)
