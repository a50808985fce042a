"""The key `tls` of an edge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import example, model
from tests.support.errors import error_of


def _tls(kind: str = "nginx", **keys: Any) -> dict[str, Any]:
    return example(edge={"kind": kind, "tls": keys})


@pytest.mark.parametrize(("source", "hsts"), [("acme", 31536000), ("files", 31536000), ("internal", 0)])
def test_the_defaults_depend_on_the_source(source: str, hsts: int) -> None:
    edge = model(_tls(source=source)).edge
    assert edge is not None
    assert edge.options["tls"] == {"source": source, "hsts": hsts, "redirect": True}
    assert edge.ports == ("80:8080", "443:8443")


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
@pytest.mark.parametrize("value", [True, False])
def test_http3_is_refused_with_the_reason(kind: str, value: bool) -> None:
    assert error_of(model, _tls(kind, source="acme", http3=value)) == (
        "service 'edge': key 'tls': 'http3': the edge speaks HTTP/1.1 and HTTP/2, because a rollout would break "
        "connections of HTTP/3; remove the key"
    )


def test_a_certificate_needs_a_name() -> None:
    assert error_of(lambda: model(_tls(source="acme"), domain="")) == (
        "service 'edge': key 'tls': a certificate is for a host name; set stack_domain"
    )


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"hsts": 60}, ": required key 'source' is missing (where the certificate comes from)"),
        ({"source": "letsencrypt"}, ": key 'source': 'letsencrypt' is not valid; valid values: acme, files, internal"),
        ({"source": "acme", "hsts": -1}, ", key 'hsts': -1 is not a number of seconds"),
        ({"source": "acme", "hst": 1}, ": unknown key 'hst'; did you mean 'hsts'?"),
    ],
)
def test_what_is_not_valid_is_refused(keys: dict[str, Any], sentence: str) -> None:
    assert error_of(model, _tls(**keys)) == f"service 'edge', key 'tls'{sentence}"
