"""nginx itself, in the image of the edge, tests the configuration as the host writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from testbed import engine, images, shell
from tests.support.descriptions import SECRETS, example, parcel
from tests.support.placed import apart, release_of

IMAGE = "nginx:1.30"
ROUTES = [
    {"path": "/api/", "to": "backend", "timeout": "2m"},
    {"path": "/api/admin/", "to": "backend", "port": 8001},
    {"path": "/files", "to": "backend", "timeout": "500ms"},
    {"path": "/files of `all`; 'größe' \"1\"", "to": "backend"},
    {"path": "/docs/", "static": "/srv/docs", "immutable": "_static"},
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
    {"path": "/", "to": "frontend", "headers": {"X-A": "b\"c' d;{}", "X-Frame-Options": ""}, "connect_timeout": "1ms"},
]
EVERYTHING = {
    "image": "shop/edge:1",
    "routes": ROUTES,
    "real_ip_from": ["10.0.0.0/8", "fd00::/8"],
    "max_body": "1g",
    "drain": "1.5s",
    "domains": ["*.example.org", "203.0.113.7"],
    "rate_limit": {"rate": "1/m", "burst": 0},
    "headers": {"Cache-Control": "no-store"},
    "content_security_policy": {"img-src": "'self' data:"},
    "error_pages": {"directory": {"error.html": '$x {{ y }} größe \\ "{request_id}"' * 1000}},
}


ALL_SECRETS = {**SECRETS, "admins": f"ada:$2y$05${'a' * 53}"}


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    with shell.locked("images"):
        engine.require()
        images.ensure(["nginx"])


def _tested(folder: Path, keys: dict[str, Any], change: tuple[str, str] = ("", "")) -> subprocess.CompletedProcess[str]:
    return _tested_release(folder, parcel(example(edge=keys), ALL_SECRETS), change)


def _tested_release(
    folder: Path, release: Bundle, change: tuple[str, str] = ("", "")
) -> subprocess.CompletedProcess[str]:
    """Write a configuration like the host does, with one text replaced, and let nginx test it as the edge would."""
    home = Home(str(folder))
    for path, text in release.files.items():
        if path.startswith("edge/"):
            write_text(home.release("r1") / path, text.replace(*change) if path.endswith("nginx.conf") else text)
    manifest = {"release": "r1", "services": release.services, "upstreams": release.upstreams}
    targets = {name: [f"shop-{name}-1", f"shop-{name}-2"] for name in release.services}
    name = configuration.write_version(home, configuration.render(home, manifest, targets))
    mounted = f"{home.edge}:/etc/slipway/edge:ro"
    # Without a network: nginx must start before any name of a container can be resolved.
    rights = ["--network=none", "--read-only", "--tmpfs=/tmp", "--user=101:101", "--cap-drop=ALL"]
    # Like after the port was opened.
    listening = "echo 'include listen.conf;' > /tmp/listen.conf;"
    command = ["sh", "-c", f"{listening} exec nginx -t -q -c /etc/slipway/edge/versions/{name}/nginx.conf"]
    return subprocess.run(
        ["docker", "run", "--rm", *rights, f"--volume={mounted}", f"--entrypoint={command[0]}", IMAGE, *command[1:]],
        capture_output=True,
        text=True,
        check=False,
    )


#: The largest values that a description may have.
EXTREMES = {
    "routes": [{"path": "/" + "ä" * 499, "to": "backend", "timeout": "2562047h"}, {"path": "/", "to": "frontend"}],
    "drain": "2562000h",
    "max_body": "8388607t",
    "domains": ["a." * 125 + "de"],
}


@pytest.mark.parametrize("keys", [{}, EVERYTHING, EXTREMES], ids=["example", "everything", "extremes"])
def test_a_rendered_configuration_is_accepted(tmp_path: Path, keys: dict[str, Any]) -> None:
    done = _tested(tmp_path, keys)
    assert done.returncode == 0, done.stderr
    said = [line for line in (done.stdout + done.stderr).splitlines() if "optimal grpc_headers_hash" not in line]
    assert said == []


@pytest.mark.parametrize("host", ["edge1", "app1"])
def test_that_of_an_edge_on_another_host_is_accepted_too(tmp_path: Path, host: str) -> None:
    release = release_of(host, apart(example(edge=EVERYTHING)), ALL_SECRETS)
    done = _tested_release(tmp_path, release)
    assert done.returncode == 0, done.stderr
    upstream = (tmp_path / "edge/versions").glob("*/upstreams/backend_9000_grpc.conf")
    assert [path.read_text().split(":")[0] for path in upstream] == [
        "server 10.0.0.3" if host == "edge1" else "server shop-backend-1"
    ]


def test_an_invalid_configuration_is_refused(tmp_path: Path) -> None:
    done = _tested(tmp_path, {}, ("server_tokens off;", "server_tokens of;"))
    assert done.returncode != 0
    assert 'invalid value "of"' in done.stderr
