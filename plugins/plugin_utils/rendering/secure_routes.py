"""Traefik's routes for HTTPS, and those that are left over HTTP.

Place in the pipeline: model -> compose -> bundle, under ``traefik``. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import quoting
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.routes import CHALLENGE_PATH
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import tls_profile

#: The entry point that reads the requests of clients over HTTPS.
_ENTRY_POINT = "innertls"
#: The routers that Traefik answers itself. They stay over HTTP.
_OWN = ("healthz", "ping", "misdirected", "redirected")
#: Traefik removes the header of everybody but load balancers before it looks for a router.
_CAME_OVER_HTTPS = "HeaderRegexp(`X-Forwarded-Proto`, `^(?i:https|wss)$`)"
#: Higher than that of any route.
_PRIORITY = 2_000_000


def settings(edge: Service) -> dict[str, Any]:
    """Return the settings of TLS, empty without it. The host adds the certificate. Names without one are refused."""
    if not edge.options.get("tls"):
        return {}
    options = {
        "minVersion": "VersionTLS12",
        "cipherSuites": list(tls_profile.CIPHERS.values()),
        "curvePreferences": list(tls_profile.GROUPS.values()),
        "sniStrict": True,
    }
    # Settings of another name count for routers of one host only. Traefik refuses all others (421).
    return {"tls": {"options": {"default": options}}}


def secured(
    edge: Service,
    hosts: str,
    routers: Mapping[str, Any],
    middlewares: dict[str, Any],
    public: str,
    by_balancer: Collection[str],
) -> dict[str, Any]:
    """Return the routers for HTTPS, and those that are left over HTTP.

    These are the health check, what a certification authority asks for, the way to HTTPS, and what a load balancer has
    got over HTTPS.

    :param hosts: the rule for the stack's own names. :param routers: those of the entry point *public* for HTTP.
    :param middlewares: gets those that are needed. :param by_balancer: names of routers for load balancers.
    """
    tls = edge.options["tls"]
    secure = {f"{name}-tls": _secure(router) for name, router in routers.items() if _is_public(router, public)}
    ended_before = {name: _ended_before(routers[name]) for name in by_balancer}
    if tls["hsts"]:
        value = f"max-age={tls['hsts']}"
        middlewares["hsts"] = {"headers": {"customResponseHeaders": {"Strict-Transport-Security": value}}}
        for router in (*secure.values(), *ended_before.values()):
            if "entryPoints" in router:
                router["middlewares"] = ["hsts", *router["middlewares"]]
    challenges = {
        "entryPoints": [public],
        "rule": f"PathPrefix({quoting.traefik_string(CHALLENGE_PATH)})",
        "priority": _PRIORITY,
        "middlewares": ["release"],
        "service": "challenges",
    }
    if not tls["redirect"]:
        return {**routers, **secure, "challenges": challenges}
    port = {} if edge.options["https_port"] == 443 else {"port": str(edge.options["https_port"])}
    middlewares["to-https"] = {"redirectScheme": {"scheme": "https", "permanent": True, **port}}
    to_https = {
        "entryPoints": [public],
        "rule": hosts,
        "priority": 2,
        "middlewares": ["release", "to-https"],
        "service": "noop@internal",
    }
    kept = {name: router for name, router in routers.items() if name in _OWN}
    return {**kept, **ended_before, **secure, "challenges": challenges, "to-https": to_https}


def _is_public(router: Mapping[str, Any], public: str) -> bool:
    """Return whether a router gets requests of clients, itself or through a router above it."""
    return "parentRefs" in router or router["entryPoints"] == [public]


def _secure(router: Mapping[str, Any]) -> dict[str, Any]:
    if "parentRefs" in router:
        return {**router, "parentRefs": [f"{name}-tls" for name in router["parentRefs"]]}
    return {**router, "entryPoints": [_ENTRY_POINT], "tls": {}}


def _ended_before(router: Mapping[str, Any]) -> dict[str, Any]:
    """Return the router for what came over HTTPS, by the word of the load balancer that TLS has ended at."""
    if "parentRefs" in router:
        return dict(router)
    return {**router, "rule": f"({router['rule']}) && {_CAME_OVER_HTTPS}"}
