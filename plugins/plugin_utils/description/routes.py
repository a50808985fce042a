"""Routes of the edge: a path, and the service or the directory that answers it.

Place in the pipeline: description, under ``completion``. Pure.
"""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration

FIELDS = {
    "path": Field("str", "path prefix", required=True),
    "to": Field("str", "service that answers"),
    "static": Field("str", "directory in the edge's own image whose files answer, instead of a service"),
    "immutable": Field("str", "directory below `static` whose files are named by their content", default="assets/"),
    "port": Field("port", "port of the service, if it is not the kind's"),
    "timeout": Field("duration", "longest silence of the service", default="60s"),
}
#: A path that nginx reads without quotes.
FOLDER = re.compile(r"(/[A-Za-z0-9_.-]+)+")


def read(where: str, given: object) -> Route:
    """Return the route that *given*, an entry of ``routes``, describes. Its service may not exist.

    :param where: how messages name the edge.
    :raises ValueError: for a route that is not valid.
    """
    values = schema.read(given, FIELDS, f"{where}, key 'routes'")
    if not values["path"].startswith("/"):
        raise ValueError(f"{where}: key 'routes': path {values['path']!r} does not begin with /")
    if (values["to"] is None) == (values["static"] is None):
        raise ValueError(
            f"{where}: key 'routes': path {values['path']!r} needs either 'to', a service, or 'static', a directory"
        )
    if parse_duration(values["timeout"]) < 0.001:
        raise ValueError(
            f"{where}: key 'routes': path {values['path']!r}: 'timeout' is {values['timeout']}, in which no service "
            f"answers; set how long the service may be silent, such as 60s"
        )
    if values["static"] is None:
        return Route(values["path"], values["to"], values["port"] or 0, parse_duration(values["timeout"]))
    if not values["path"].endswith("/"):
        raise ValueError(f"{where}: key 'routes': path {values['path']!r} of static files does not end with /")
    folder, immutable = values["static"].rstrip("/"), values["immutable"].strip("/")
    if not (FOLDER.fullmatch(folder) and FOLDER.fullmatch(f"/{immutable}")):
        raise ValueError(
            f"{where}: key 'routes': path {values['path']!r}: 'static' is the absolute path of a directory, and "
            f"'immutable' one below it, not {values['static']!r} and {values['immutable']!r}"
        )
    return Route(values["path"], None, 0, parse_duration(values["timeout"]), folder, immutable)
