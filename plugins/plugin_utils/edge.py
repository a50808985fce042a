"""The edge's configuration: one nginx configuration that routes to the services, as files of a directory.

Place in the pipeline: model -> compose -> bundle. Pure. The directory is mounted whole at ``compose.EDGE_MOUNT``;
inside it ``current`` is a link to one of several versions, so that a new one can be tested beside the live one.
"""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2
from ansible_collections.slipway.stack.plugins.plugin_utils.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.units import parse_size

TEMPLATES = Path(__file__).parent / "templates"

#: First nginx whose open-source edition resolves the names in an upstream again while it runs.
_RESOLVING_UPSTREAMS = (1, 27, 3)


def files(stack: Stack) -> dict[str, str]:
    """Return the files of the edge's directory by name, none where the stack has no edge.

    The release's id is not among them: it comes in ``release.conf``, written on the host (``module_utils/edge.py``).
    """
    edge = stack.edge
    if edge is None:
        return {}
    values = {
        "stack": stack,
        "edge": edge,
        "routes": sorted(edge.routes, key=lambda route: -len(route.path)),
        "upstreams": _upstreams(edge),
        "resolving": _version(str(edge.options["version"])) >= _RESOLVING_UPSTREAMS,
        "max_body": parse_size(edge.options["max_body"]),
        "real_ip_from": edge.options["real_ip_from"],
    }
    return {"nginx.conf": _template("nginx.conf.j2").render(values)}


def _version(tag: str) -> tuple[int, ...]:
    # A tag without three numbers (1.30, mainline) names the newest of its line.
    numbers = tag.split("-")[0].split(".")
    if not all(number.isdigit() for number in numbers):
        return (9999,)
    return tuple(int(number) for number in numbers) + ((9999,) if len(numbers) < 3 else ())


def _upstreams(edge: Service) -> list[Route]:
    return list({(route.to, route.port): route for route in edge.routes}.values())


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
    return environment.get_template(name)
