"""Traefik itself, in the image of the edge, loads the configuration as the host writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from testbed import engine, images, shell
from tests.support.descriptions import SECRETS, example, parcel
from tests.support.placed import apart, release_of

IMAGE = "traefik:3"
ROUTES = [
    {"path": "/api/", "to": "backend", "timeout": "2m"},
    {"path": "/api/admin/", "to": "backend", "port": 8001},
    {"path": "/files of `all`; 'größe' \"1\"", "to": "backend", "timeout": "500ms"},
    {
        "path": "/a.b/",
        "to": "backend",
        "port": 9000,
        "protocol": "grpc",
        "strip_prefix": True,
        "rate_limit": "100000/m",
        "basic_auth": "admins",
    },
    {"path": "/", "to": "backend", "host": ["*.example.org", "203.0.113.7"], "rate_limit": "1/s"},
    {"path": "/", "to": "backend", "host": "a.example.org", "basic_auth": "admins"},
    {"path": "/cut+it/", "to": "frontend", "strip_prefix": True, "max_body": "0b", "allow": ["::1"]},
    {"path": "/", "to": "frontend", "headers": {"X-A": "b\"c' {{ d }}", "X-Content-Type-Options": ""}},
]
EVERYTHING = {
    "routes": ROUTES,
    "real_ip_from": ["10.0.0.0/8", "fd00::/8"],
    "max_body": "1g",
    "drain": "1.5s",
    "domains": ["*.example.org", "203.0.113.7"],
    "rate_limit": {"rate": "1/m", "burst": 0},
    "content_security_policy": {"img-src": "'self' data:"},
    # For counting the clients of so many routes.
    "memory": "2g",
}


ALL_SECRETS = {**SECRETS, "admins": f"ada:$2y$05${'a' * 53}"}


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    with shell.locked("images"):
        engine.require()
        if images.image_id(IMAGE) is None:
            images.ensure(["traefik"])


def _test(folder: Path, change: tuple[str, str] = ("", ""), **keys: Any) -> None:
    _test_release(folder, parcel(example(edge={"kind": "traefik", **keys}), ALL_SECRETS), change)


def _test_release(folder: Path, release: Bundle, change: tuple[str, str] = ("", "")) -> None:
    """Write a configuration like the host does, with one text in its routes replaced, and have it tested."""
    home = Home(str(folder))
    for path, text in release.files.items():
        if path.startswith("edge/"):
            write_text(home.release("r1") / path, text.replace(*change) if path.endswith("routes.yml") else text)
    services = {name: {**spec, "pinned": IMAGE} for name, spec in release.services.items()}
    manifest = {"release": "r1", "stack": "shop", "services": services, "upstreams": release.upstreams}
    targets = {name: [f"shop-{name}-1", f"shop-{name}-2"] for name in services}
    name = configuration.write_version(home, configuration.render(home, manifest, targets))
    proxies.proxy(manifest).test(home, manifest, [name], [])


#: The largest values that a description may have.
EXTREMES = {
    "routes": [{"path": "/" + "ä" * 499, "to": "backend", "timeout": "2562047h"}, {"path": "/", "to": "frontend"}],
    "drain": "2562000h",
    "request_timeout": "2562047h",
    "max_body": "8388607t",
    "domains": ["a." * 125 + "de"],
}


@pytest.mark.parametrize("keys", [{}, EVERYTHING, EXTREMES], ids=["example", "everything", "extremes"])
def test_a_rendered_configuration_is_accepted(tmp_path: Path, keys: dict[str, Any]) -> None:
    _test(tmp_path, **keys)


@pytest.mark.parametrize("host", ["edge1", "app1"])
def test_that_of_an_edge_on_another_host_is_accepted_too(tmp_path: Path, host: str) -> None:
    services = apart(example(edge={"kind": "traefik", **EVERYTHING}))
    _test_release(tmp_path, release_of(host, services, ALL_SECRETS))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("responseHeaderTimeout", "responseTimeout"), "routes.yml: field not found, node: responseTimeout"),
        (("service: backend", "service: nobody"), "does not exist"),
        (("PathPrefix(", "PathPrefixes("), "unsupported function: PathPrefixes"),
        (("http:", "http: ["), "routes.yml: yaml: "),
        (("compress:\n      compress:", "compress:\n      compression:"), "field not found, node: compression"),
    ],
)
def test_an_invalid_configuration_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(EdgeError, match=r"^service 'edge': Traefik refuses the configuration: ") as refused:
        _test(tmp_path, change)
    assert message in str(refused.value)


def test_a_problem_that_appears_at_the_start_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="transport cannot be a standalone element"):
        _test(tmp_path, compose={"command": ["--log.level=WARN", "--entryPoints.web.transport=nonsense"]})
