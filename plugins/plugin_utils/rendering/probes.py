"""Probes: from ``stack_probes`` to requests in the manifest; requests with secrets go to the host's secret store.

Place in the pipeline: rendering, under the bundle. Pure. A header or a body that contains secrets travels as the parts
of a secret file, which only root on the host can read. The manifest has its variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import route_hosts, secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, read, suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import host_routes, public_names

PROBE_FIELDS = {
    "path": Field("url_path", "path to request", required=True),
    "host": Field("host", "host name of the request, one of the edge's; default: stack_domain"),
    "method": Field(
        "str",
        "method of the request",
        default="GET",
        choices=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
    ),
    "headers": Field("dict", "headers of the request", default={}),
    "body": Field(
        "any",
        "body of the request: a text, or a mapping, which is sent as JSON, or as a form if Content-Type says so",
    ),
    "secrets": Field("list", "secrets in headers and body: {NAME} in a text is replaced by the secret", default=[]),
    "status": Field("int", "expected status; by default any status below 500"),
    "contains": Field("str", "text that the response must contain"),
    "address": Field(
        "str",
        "where to send it instead of the edge: a port of the server, HOST:PORT, or SERVICE:PORT for the port of a "
        "service inside its container",
    ),
}
#: A token. Source: RFC 9110, section 5.6.2.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Headers that describe the connection or the body. The host writes them.
_OWN_HEADERS = ("connection", "content-length", "transfer-encoding", "upgrade")
#: Names of what only the application and the probe should know.
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|passw|api[-_]?key", re.IGNORECASE)
_SECRET_KEY = re.compile(r"passw|passphrase|secret|api[-_]?key|^(access|refresh|id|auth)?[-_]?token$", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):)?(?P<port>[0-9]+)")


@dataclass(frozen=True)
class Probes:
    """The probes of a stack: their entries in the manifest, the secret files of some, and the secrets in these."""

    entries: list[dict[str, Any]]
    files: list[SecretFile] = field(default_factory=list)
    sources: Mapping[str, Secret] = field(default_factory=dict)


def probes(stack: Stack, given: object) -> Probes:
    """Return the probes of a stack.

    :param given: ``stack_probes`` as written; if empty, there is one probe for the path of each route of the edge.
    :raises ValueError: for the first that is not valid. The message never shows a secret.
    """
    if not isinstance(given, (list, tuple)):
        raise ValueError(f"stack_probes: {given!r} is not a list")
    entries: list[dict[str, Any]] = []
    files: list[SecretFile] = []
    names: set[str] = set()
    for number, probe in enumerate(given, 1):
        where = f"stack_probes, entry {number}"
        values = read(probe, PROBE_FIELDS, where)
        request = _request(values, where)
        used = _secrets(values, request, stack, where)
        file = _secret_file(number, request, used)
        files += [file] if file else []
        names |= set(used)
        address = _address(values["address"], stack, where)
        _check_host(values["host"], stack, address is None, where)
        entries.append(_entry(values, request, file, address))
    if not given and stack.edge:
        entries = _of_routes(stack, stack.edge)
    return Probes(entries, files, {name: stack.known_secrets[name] for name in sorted(names)})


def _of_routes(stack: Stack, edge: Service) -> list[dict[str, Any]]:
    """Return a probe for each route, with a host name that the route is for if that is not the domain of the stack."""
    groups = host_routes.groups(stack, edge)
    result = []
    for route in edge.routes:
        host = host_routes.name_of(route, groups)
        named = {} if host in (groups[0].names[0], host_routes.ANY) else {"host": host}
        result.append({"path": route.path, "status": None, "contains": None, **named})
    return result


def _entry(
    values: Mapping[str, Any], request: Mapping[str, Any], file: SecretFile | None, address: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the entry in the manifest: without what is the default, so that simple probes stay simple there."""
    entry = {key: values[key] for key in ("path", "status", "contains")}
    if values["host"]:
        entry["host"] = values["host"]
    if values["method"] != "GET":
        entry["method"] = values["method"]
    if file:
        entry["request"] = {"secret": file.variable}
    elif request["headers"] or request["body"]:
        entry["request"] = request
    if address:
        entry["address"] = address
    return entry


def _request(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return ``{"headers": {NAME: TEXT}, "body": None or {HOW: VALUE}}``; HOW is ``text``, ``json`` or ``form``."""
    headers = {str(name): _header(where, str(name), value) for name, value in values["headers"].items()}
    body = values["body"]
    if body is not None and values["method"] in ("GET", "HEAD"):
        raise ValueError(f"{where}: key 'body': a {values['method']} request has none; set 'method', such as POST")
    if values["contains"] is not None and values["method"] == "HEAD":
        raise ValueError(f"{where}: key 'contains': the answer to a HEAD request has no text; use GET")
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if body is None:
        return {"headers": headers, "body": None}
    if isinstance(body, str):
        return {"headers": headers, "body": {"text": body}}
    if not isinstance(body, (Mapping, list)):
        raise ValueError(f"{where}: key 'body': give a text in quotes, or a mapping")
    if content_type.startswith(_FORM):
        return {"headers": headers, "body": {"form": _form(where, body)}}
    return {
        "headers": headers if content_type else {**headers, "Content-Type": "application/json"},
        "body": {"json": body},
    }


def _header(where: str, name: str, value: object) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{where}: key 'headers': {name!r} is not a valid name of a header")
    if name.lower() in _OWN_HEADERS:
        raise ValueError(f"{where}: key 'headers.{name}': the probe itself sets this header; remove it")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{where}: key 'headers.{name}': give a text in quotes")
    text = str(value)
    if not text.isprintable() or not text.isascii():
        raise ValueError(f"{where}: key 'headers.{name}': a header has printable ASCII characters only")
    return text


def _form(where: str, body: object) -> dict[str, str]:
    if not isinstance(body, Mapping):
        raise ValueError(f"{where}: key 'body': a form is a mapping of names to texts")
    for name, value in body.items():
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(f"{where}: key 'body.{name}': give a text in quotes; a form has texts only")
    return {str(name): str(value) for name, value in body.items()}


def _secrets(values: Mapping[str, Any], request: Mapping[str, Any], stack: Stack, where: str) -> list[str]:
    """Return the names of the secrets of a probe, all of them known and used."""
    text = json.dumps(request, ensure_ascii=False)
    key = f"{where}: key 'secrets'"
    for name in values["secrets"]:
        if not isinstance(name, str):
            raise ValueError(f"{key}: give names of stack_secrets only")
        if name not in stack.known_secrets:
            hint = suggestion(name, list(stack.known_secrets))
            raise ValueError(f"{key}: there is no secret {name!r}{hint}; set stack_secrets.{name}")
        if f"{{{name}}}" not in text:
            raise ValueError(f"{key}: nothing contains {name!r}; write {{{name}}} in a header or the body")
    _check_plain_texts(request, values["secrets"], where)
    return list(values["secrets"])


def _check_plain_texts(request: Mapping[str, Any], secrets: list[str], where: str) -> None:
    """Check that no header and no key of the body that is secret by its name has a plain text.

    :raises ValueError: for the first one. The message does not show the text.
    """
    body = request["body"] or {}
    for place, value, pattern in (("headers", request["headers"], _SECRET_HEADER), ("body", body, _SECRET_KEY)):
        for name, text in _named_texts(value):
            if text and pattern.search(name) and not any(f"{{{secret}}}" in text for secret in secrets):
                raise ValueError(
                    f"{where}: key '{place}.{name}' is plain text that everybody could read in the release; put it in "
                    f"stack_secrets, name it in 'secrets' of the probe, and write {{NAME}} here"
                )


def _named_texts(value: Any) -> Iterator[tuple[str, str]]:
    """Return the texts in *value* that are the value of a key, each with its key."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str):
                yield str(key), item
            else:
                yield from _named_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named_texts(item)


def _secret_file(number: int, request: Mapping[str, Any], names: list[str]) -> SecretFile | None:
    """Return the file with a request that contains secrets; ``None`` if it contains none."""
    if not names:
        return None
    pattern = re.compile("|".join(re.escape(f"{{{name}}}") for name in names))

    def mark(text: str) -> str:
        return pattern.sub(lambda found: secret_text.mark(found[0][1:-1], "json"), text)

    marked = _with_texts(request, mark)
    # No secret of a stack can have this name: it begins with a letter or a digit.
    return SecretFile(f"_probe_{number}", 0, 0, secret_text.parts(json.dumps(marked, ensure_ascii=False)))


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return *value* with all texts in it changed, except keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {str(key): _with_texts(item, change) for key, item in value.items()}
    return [_with_texts(item, change) for item in value] if isinstance(value, list) else value


def _check_host(host: str | None, stack: Stack, asks_edge: bool, where: str) -> None:
    names = public_names.names(stack, stack.edge) if stack.edge and asks_edge else []
    if host and names and not any(route_hosts.covers(name, host) for name in names):
        raise ValueError(f"{where}: key 'host': the edge does not answer to {host!r}{suggestion(host, names)}")


def _address(given: str | None, stack: Stack, where: str) -> dict[str, Any] | None:
    """Return ``{"host": NAME, "port": PORT}`` or ``{"service": NAME, "port": PORT}``; ``None`` for the edge."""
    if given is None:
        if stack.edge is None:
            raise ValueError(
                f"{where}: required key 'address' is missing, because no service is an edge of kind nginx or traefik; "
                "give the port that your proxy publishes, such as 8080, or SERVICE:PORT"
            )
        return None
    match = _ADDRESS.fullmatch(given)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise ValueError(f"{where}: key 'address': {given!r} is neither a port nor HOST:PORT nor SERVICE:PORT")
    host, port = match["host"], int(match["port"])
    if host in stack.services:
        return {"service": host, "port": port}
    if host is None or host == "localhost":
        return {"host": "127.0.0.1", "port": port}
    if not re.search(r"[.:]", host):
        raise ValueError(
            f"{where}: key 'address': there is no service {host!r}{suggestion(host, list(stack.services))}"
        )
    return {"host": host.strip("[]"), "port": port}
