"""What Traefik does to requests and answers on the way: headers, prefixes, compression.

Place in the pipeline: model -> compose -> bundle, under ``traefik``. Pure.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import headers

#: The one default header that may replace the application's, because it has one valid value. Traefik cannot leave the
#: others to the application, so it does not send them.
_NO_SNIFF = "X-Content-Type-Options"
#: Only these are compressed. Everything else is streamed unchanged, server-sent events for example.
_COMPRESSED = [
    "text/html",
    "text/plain",
    "text/css",
    "application/json",
    "application/javascript",
    "text/javascript",
    "image/svg+xml",
]


def common(only_own_names: bool) -> dict[str, Any]:
    """Return the middlewares that do not depend on a route.

    :param only_own_names: whether requests for other host names are refused.
    """
    result: dict[str, Any] = {
        # An empty value removes a header.
        "claims": {"headers": {"customRequestHeaders": dict.fromkeys(headers.CLAIMS, "")}},
        "never": {"headers": {"customRequestHeaders": dict.fromkeys(headers.NEVER, "")}},
        # Over another protocol, such as h2c, a client would reach the application past these routes.
        "no-upgrade": {"headers": {"customRequestHeaders": {"Upgrade": ""}}},
        # A second header of this name is removed.
        "websocket": {"headers": {"customRequestHeaders": {"Upgrade": "websocket"}}},
        "compress": {"compress": {"includedContentTypes": _COMPRESSED}},
        # One retry if a container does not accept the connection. A request that it has begun to read is not repeated.
        "retry": {"retry": {"attempts": 2}},
    }
    if only_own_names:
        # Traefik has no answer of a given status. It refuses everybody whose address is not this one, which nobody has.
        result["misdirected"] = {"ipAllowList": {"sourceRange": ["255.255.255.255"], "rejectStatusCode": 421}}
    return result


def redirection(target: str) -> dict[str, Any]:
    """Return the middleware that redirects to another host.

    :param target: host and port, with ``https://`` if it is not the scheme of the request.
    """
    scheme, replacement = ("https?", target) if "://" in target else ("(?P<scheme>https?)", f"${{scheme}}://{target}")
    regex = f"^{scheme}://[^/]+(?P<rest>/.*)?$"
    return {"redirectRegex": {"regex": regex, "replacement": f"{replacement}${{rest}}", "permanent": True}}


def stripping(edge: Service) -> dict[str, Any]:
    """Return the middlewares that remove prefixes of paths."""
    stripped = [route for route in edge.routes if route.strip_prefix]
    result = {strip_name(route): {"stripPrefix": {"prefixes": [route.prefix]}} for route in stripped}
    # Traefik adds the prefix to what is there. It is the whole one.
    return {"prefix": {"headers": {"customRequestHeaders": {"X-Forwarded-Prefix": ""}}}, **result} if result else {}


def strip_name(route: Route) -> str:
    """Return the name of the middleware that removes the prefix of a route."""
    return f"strip-{route.to}-{hashlib.sha256(route.path.encode()).hexdigest()[:8]}"


def of_answers(edge: Service) -> dict[str, Any]:
    """Return the middlewares that add headers to answers."""
    return {
        name: {"headers": {"customResponseHeaders": _headers_of(edge, route)}}
        for route in edge.routes
        for name in headers_names(edge, route)
    }


def _headers_of(edge: Service, route: Route) -> dict[str, str]:
    return headers.of_answers(edge, route.headers, {_NO_SNIFF: headers.DEFAULTS[_NO_SNIFF]})


def headers_names(edge: Service, route: Route) -> list[str]:
    """Return the name of the middleware, if it has headers. Routes with the same headers have one in common."""
    own = _headers_of(edge, route)
    found = [other for one in edge.routes if (other := _headers_of(edge, one))]
    distinct = [other for place, other in enumerate(found) if other not in found[:place]]
    number = distinct.index(own) + 1 if own else 0
    return [f"headers-{number}" if number > 1 else "headers"] if own else []
