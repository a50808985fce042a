"""Routes of the edge: a path, and the service or the directory that answers it.

Place in the pipeline: description, under ``completion``. Pure.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    rates,
    response_headers,
    route_hosts,
    schema,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration, parse_size

FIELDS = {
    "path": Field("str", "path prefix, taken literally: no pattern, no query, not percent-encoded", required=True),
    "host": Field(
        "hosts",
        "host name that the route is for, such as `api.example.com` or `*.example.com`, or a list of them, of those "
        "that the edge answers to; default: all of them",
    ),
    "to": Field("str", "service that answers"),
    "static": Field("str", "directory in the edge's own image whose files answer, instead of a service"),
    "immutable": Field("str", "directory below `static` whose files are named by their content", default="assets/"),
    "port": Field("port", "port of the service, if it is not the kind's"),
    "protocol": Field(
        "str",
        "`grpc` for a service that speaks gRPC without TLS; a call has no limit of its size unless `max_body` is here, "
        "and it may be silent for an hour",
        default="http",
        choices=("http", "grpc"),
    ),
    "timeout": Field(
        "duration",
        "longest silence of the service; of a websocket or a stream of events at least an hour; default: that of the "
        "edge",
    ),
    "connect_timeout": Field(
        "duration", "how long a container of the service may take to accept a connection; default: that of the edge"
    ),
    "max_body": Field("size", "largest request body, 0b for no limit; default: that of the edge"),
    "rate_limit": Field("rate", "requests of one client address, counted for this route; default: that of the edge"),
    "allow": Field("clients", "addresses and networks that may ask, all others get 403; default: those of the edge"),
    "basic_auth": Field(
        "secret_name",
        "secret of `stack_secrets` with the names and passwords that are asked for, as lines of `htpasswd -nB NAME`; "
        "default: that of the edge",
    ),
    "strip_prefix": Field(
        "bool",
        "whether the service gets the path without the prefix, which `X-Forwarded-Prefix` tells it",
        default=False,
    ),
    "headers": Field(
        "headers",
        "headers that answers get, in addition to those of the edge; an empty value leaves one out",
        default={},
    ),
}
#: The keys of the edge that are the defaults of its routes, and their values for a kind that does not have them.
_OF_EDGE: dict[str, Any] = {
    "rate_limit": "",
    "max_body": "0b",
    "timeout": "60s",
    "connect_timeout": "3s",
    "allow": (),
    "basic_auth": "",
}
#: The usual value of ``connect_timeout`` in seconds.
CONNECT_TIMEOUT = parse_duration(_OF_EDGE["connect_timeout"])
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


def read(where: str, given: object, edge: Mapping[str, Any] | None = None) -> Route:
    """Return the route that *given*, an entry of ``routes``, describes. Its service may not exist.

    :param where: how messages name the edge.
    :param edge: the options of the edge, of which some are the defaults of its routes.
    :raises ValueError: for a route that is not valid.
    """
    named = f", path {str(given['path'])[:_SHOWN]!r}" if isinstance(given, Mapping) and given.get("path") else ""
    values = schema.read(given, FIELDS, f"{where}, key 'routes'{named}")
    of_edge = {**(edge or {}), **({"max_body": "0b"} if values["protocol"] == "grpc" else {})}
    for key, default in _OF_EDGE.items():
        if values[key] is None:
            values[key] = default if of_edge.get(key) is None else of_edge[key]
    problem = _problem(values["path"])
    if problem:
        raise ValueError(f"{where}: key 'routes': path {values['path'][:_SHOWN]!r} {problem}")
    hosts = route_hosts.read(f"{where}: key 'routes': path {values['path']!r}: 'host'", values["host"], of_edge)
    if (values["to"] is None) == (values["static"] is None):
        raise ValueError(
            f"{where}: key 'routes': path {values['path']!r} needs either 'to', a service, or 'static', a directory"
        )
    for key, what, usual in (
        ("timeout", "in which no service answers; set how long the service may be silent", "60s"),
        ("connect_timeout", "in which no service accepts a connection; set how long that may take", "3s"),
    ):
        if parse_duration(values[key]) < 0.001:
            raise ValueError(
                f"{where}: key 'routes': path {values['path']!r}: {key!r} is {values[key]}, {what}, such as {usual}"
            )
    if values["protocol"] == "grpc" and values["static"]:
        raise ValueError(f"{where}: key 'routes': path {values['path']!r}: 'protocol': files have none; remove the key")
    if values["strip_prefix"] and (values["static"] or values["path"] == "/"):
        reason = "files have no other path" if values["static"] else "there is nothing to remove"
        raise ValueError(f"{where}: key 'routes': path {values['path']!r}: 'strip_prefix': {reason}; remove the key")
    route = Route(
        path=values["path"],
        to=values["to"],
        port=values["port"] or 0,
        timeout=parse_duration(values["timeout"]),
        headers=response_headers.merged(of_edge.get("headers") or {}, values["headers"]),
        rate_limit=rates.read(values["rate_limit"]),
        max_body=parse_size(values["max_body"]),
        allow=tuple(values["allow"]),
        protocol=values["protocol"],
        strip_prefix=values["strip_prefix"],
        basic_auth=values["basic_auth"] or None,
        connect_timeout=parse_duration(values["connect_timeout"]),
        hosts=hosts,
    )
    if values["static"] is None:
        return route
    if not values["path"].endswith("/"):
        raise ValueError(f"{where}: key 'routes': path {values['path']!r} of static files does not end with /")
    folder, immutable = values["static"].rstrip("/"), values["immutable"].strip("/")
    if not (FOLDER.fullmatch(folder) and FOLDER.fullmatch(f"/{immutable}")):
        raise ValueError(
            f"{where}: key 'routes': path {values['path']!r}: 'static' is the absolute path of a directory, and "
            f"'immutable' one below it, not {values['static']!r} and {values['immutable']!r}"
        )
    return dataclasses.replace(route, port=0, static=folder, immutable=immutable)
