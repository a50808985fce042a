"""Routes of the edge: a path, and the service or the directory that answers it.

Place in the pipeline: description, under ``completion``. Pure.
"""

from __future__ import annotations

import posixpath
import re
import urllib.parse

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration

FIELDS = {
    "path": Field("str", "path prefix, taken literally: no pattern, no query, not percent-encoded", required=True),
    "to": Field("str", "service that answers"),
    "static": Field("str", "directory in the edge's own image whose files answer, instead of a service"),
    "immutable": Field("str", "directory below `static` whose files are named by their content", default="assets/"),
    "port": Field("port", "port of the service, if it is not the kind's"),
    "timeout": Field(
        "duration",
        "longest silence of the service; of a websocket or a stream of events at least an hour",
        default="60s",
    ),
}
#: A path in a container that nginx reads without quotes.
FOLDER = re.compile(r"(/[A-Za-z0-9_.-]+)+")

#: Where a certification authority asks for the proof that a name is ours (RFC 8555, section 8.3).
CHALLENGE_PATH = "/.well-known/acme-challenge/"
#: The path that the edge answers itself.
HEALTH_PATH = "/healthz"
#: What stands for a part of a path in other proxies and in frameworks. A route has no patterns.
_PATTERN = re.compile(r"[*(){}<>\[\]|^$\\]|(?<=/):")
_MAX_BYTES = 1000
#: How much of a path a message shows.
_SHOWN = 100


def _problem(path: str) -> str | None:
    """Return why no request could have this path as its prefix, as the end of a sentence; ``None`` if one can.

    Both proxies compare a route with the path of a request after they have decoded and normalised it.
    """
    if len(path.encode(errors="replace")) > _MAX_BYTES:
        return f"is longer than {_MAX_BYTES} bytes"
    if not path.startswith("/"):
        return "does not begin with /"
    if found := _PATTERN.search(path):
        plain = path[: found.start()]
        return f"contains {found[0]!r}, but it is no pattern; every path that begins with it counts, so write {plain!r}"
    if not path.isprintable():
        return "contains a character that is not printable"
    for character, meaning in (("?", "the query begins"), ("#", "the path ends in a browser")):
        if character in path:
            plain = path.partition(character)[0]
            return f"contains {character!r}, where {meaning}; write only the path, such as {plain!r}"
    if "%" in path:
        return f"contains '%'; write the characters themselves, such as {urllib.parse.unquote(path)!r}"
    if "//" in path or {".", ".."} & set(path.split("/")):
        return f"is never requested, because the edge reads it as {posixpath.normpath(re.sub('/+', '/', path))!r}"
    if path != path.strip():
        return "ends with a space"
    if path == HEALTH_PATH or path.startswith(f"{HEALTH_PATH}/"):
        return f"belongs to the edge, which answers {HEALTH_PATH} itself; choose another path"
    return None


def read(where: str, given: object) -> Route:
    """Return the route that *given*, an entry of ``routes``, describes. Its service may not exist.

    :param where: how messages name the edge.
    :raises ValueError: for a route that is not valid.
    """
    values = schema.read(given, FIELDS, f"{where}, key 'routes'")
    problem = _problem(values["path"])
    if problem:
        raise ValueError(f"{where}: key 'routes': path {values['path'][:_SHOWN]!r} {problem}")
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
