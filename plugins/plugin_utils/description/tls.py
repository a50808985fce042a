"""TLS at the edge: the key ``tls`` of nginx and Traefik.

Place in the pipeline: description, under ``completion``. Pure. The certificate itself is no part of a release: the role
``certificates`` brings it to the host, where it can be renewed without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

#: Where the certificate comes from.
SOURCES = ("acme", "files", "internal")
#: Seconds for which browsers remember that a name is reached over HTTPS only. A year is what the preload list asks for.
_HSTS = 31_536_000
FIELDS = {
    "source": Field("str", "where the certificate comes from", required=True, choices=SOURCES),
    "hsts": Field("int", "seconds for which browsers ask over HTTPS only; 0 for no such header"),
    "redirect": Field("bool", "whether requests over HTTP are redirected to HTTPS", default=True),
}


#: The port for HTTPS inside of the edge is that many above the one for HTTP: 8443 beside 8080.
_BESIDE = 363


def port(of_http: int) -> int:
    """Return the port on which the edge takes HTTPS, inside of its pod."""
    return of_http + _BESIDE


def read(where: str, given: Mapping[str, Any], domain: str) -> dict[str, Any]:
    """Return the key ``tls`` of an edge, complete; empty if the edge has none.

    :param domain: ``stack_domain``.
    :raises ValueError: naming the key, for one that is not valid, and for a stack without a name for the certificate.
    """
    if not given:
        return {}
    if "http3" in given:
        raise ValueError(
            f"{where}: key 'tls': 'http3': the edge speaks HTTP/1.1 and HTTP/2, because a rollout would break "
            "connections of HTTP/3; remove the key"
        )
    values = schema.read(given, FIELDS, f"{where}, key 'tls'")
    if not domain:
        raise ValueError(f"{where}: key 'tls': a certificate is for a host name; set stack_domain")
    if values["hsts"] is None:
        # A browser that has seen the header lets nobody past a certificate that it does not trust.
        values["hsts"] = 0 if values["source"] == "internal" else _HSTS
    if values["hsts"] < 0:
        raise ValueError(f"{where}, key 'tls', key 'hsts': {values['hsts']} is not a number of seconds")
    return values
