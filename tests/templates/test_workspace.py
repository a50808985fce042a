"""The files of a checkout, parsed from their text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Source
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import development_files, dockerfiles

from tests.support.checkouts import BACKEND, files, stack
from tests.support.descriptions import SECRETS, example, model, plain


class _Loader(yaml.SafeLoader):
    """Reads Compose's own tags, which replace or remove values of the base."""


_Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))
_Loader.add_constructor("!reset", lambda _loader, _node: None)

FILES = files(stack())
OVERLAY = yaml.load(FILES["compose.development.yaml"], _Loader)["services"]


def test_a_checkout_has_all_files() -> None:
    assert sorted(path for path in FILES if not path.startswith((".slipway/", "env/"))) == [
        ".env",
        ".env.example",
        ".vscode/launch.json",
        "backend/.dockerignore",
        "backend/Dockerfile",
        "compose.development.yaml",
        "compose.yaml",
        "frontend/.dockerignore",
        "frontend/Dockerfile",
    ]


def test_the_base_differs_from_a_server_only_in_its_paths() -> None:
    base = yaml.safe_load(FILES["compose.yaml"])["services"]
    assert base["edge"]["volumes"] == ["./.slipway/edge:/etc/slipway/edge:ro"]
    assert base["edge-pod"]["ports"] == ["80:8080"]
    assert base["db"]["read_only"] is True


def test_every_port_is_on_loopback_and_a_variable_in_env() -> None:
    published = {name: service["ports"] for name, service in OVERLAY.items() if "ports" in service}
    assert published == {
        "db": ["127.0.0.1:${DB_PORT:-5432}:5432"],
        "redis": ["127.0.0.1:${REDIS_PORT:-6379}:6379"],
        "backend": ["127.0.0.1:${BACKEND_PORT:-8000}:8000", "127.0.0.1:${BACKEND_DEBUG_PORT:-5678}:5678"],
        "worker": ["127.0.0.1:${WORKER_DEBUG_PORT:-5679}:5678"],
        # Only root may use port 80 on many machines.
        "edge-pod": ["127.0.0.1:${EDGE_PORT:-8080}:8080"],
    }


def test_env_example_documents_every_variable_of_the_compose_files() -> None:
    lines = FILES[".env.example"].splitlines()
    documented = {
        line.split("=")[0] for number, line in enumerate(lines) if "=" in line and lines[number - 1][0] == "#"
    }
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", FILES["compose.development.yaml"]))
    assert {"EDGE_PORT", "DEBUGPY"} <= read
    assert "${" not in FILES["compose.yaml"]
    assert read <= documented
    assert FILES[".env"].split("\n", 1)[1] == FILES[".env.example"].split("\n", 1)[1]


def test_a_service_with_two_ports_has_two_variables() -> None:
    services = example(web=plain(publish=["9000:80", "127.0.0.1:9001:81/udp"]))
    overlay = yaml.load(files(stack(services))["compose.development.yaml"], _Loader)["services"]
    assert overlay["web"]["ports"] == ["127.0.0.1:${WEB_PORT:-9000}:80", "127.0.0.1:${WEB_PORT_81:-9001}:81/udp"]


def test_the_edge_uses_service_names_and_long_timeouts_for_vite() -> None:
    assert FILES[".slipway/edge/current/upstreams/frontend_8080.conf"] == (
        "server frontend:8080 resolve max_fails=0;\n"
    )
    configuration = FILES[".slipway/edge/current/nginx.conf"]
    assert set(re.findall("proxy_read_timeout (.*);", configuration)) == {"3600s"}
    assert "include release.conf;" in configuration
    assert FILES[".slipway/edge/current/release.conf"] == 'map "" $slipway_release { default "development"; }\n'


def test_the_edge_can_be_traefik() -> None:
    services = example(edge={"kind": "traefik"}, backend={"build": {"context": "b"}})
    found = files(stack(services))
    assert '"url": "http://backend:8000"' in found[".slipway/edge/current/upstreams.yml"]
    assert '"development"' in found[".slipway/edge/current/release.yml"]


def test_a_changed_configuration_of_the_edge_replaces_its_container() -> None:
    other = example(edge={"max_body": "1g"}, backend={"build": {"context": "b"}}, frontend={"build": {"context": "f"}})
    overlay = yaml.load(files(stack(other))["compose.development.yaml"], _Loader)["services"]
    assert overlay["edge"]["labels"]["slipway.edge"] != OVERLAY["edge"]["labels"]["slipway.edge"]


def test_git_tracks_the_record_and_no_secret() -> None:
    rules = [line for line in FILES[".slipway/.gitignore"].splitlines() if not line.startswith("#")]
    assert rules == ["*", "!.gitignore", "!workspace.json"]


def test_the_editor_has_an_entry_for_each_debugger() -> None:
    found = json.loads(FILES[".vscode/launch.json"])["configurations"]
    assert [(one["name"], one["connect"]["port"]) for one in found] == [
        ("Attach to backend", 5678),
        ("Attach to worker", 5679),
    ]
    assert found[0]["pathMappings"] == [{"localRoot": "${workspaceFolder}/backend", "remoteRoot": "/app"}]


def test_a_build_context_can_be_the_checkout_itself() -> None:
    service: Any = {"kind": "fastapi", "image": "a:1", "build": {"context": "."}}
    here = development_files.for_checkout(
        model({"api": service}, environment="development", sources={".": Source(".", frozenset(BACKEND))})
    )
    found = files(here)
    assert "Dockerfile" in found
    assert ".dockerignore" in found
    mapping = json.loads(found[".vscode/launch.json"])["configurations"][0]["pathMappings"][0]
    assert mapping["localRoot"] == "${workspaceFolder}"
    overlay = yaml.load(found["compose.development.yaml"], _Loader)["services"]
    assert overlay["api"]["volumes"][0] == "./app:/app/app:ro"


def test_the_edge_of_a_checkout_lets_everybody_in() -> None:
    """A page under development loads hundreds of files, from an address of Docker's."""
    keys = {"rate_limit": "1/m", "allow": ["192.0.2.1"], "basic_auth": "admins"}
    secrets = {**SECRETS, "admins": f"ada:$2y$05${'a' * 53}"}
    edge = development_files.for_checkout(model(example(edge=keys), secrets)).services["edge"]
    assert {(route.rate_limit, route.allow, route.basic_auth) for route in edge.routes} == {(None, (), None)}


@pytest.mark.parametrize(
    ("entries", "manager"),
    [
        (("app", "pyproject.toml", "uv.lock", "requirements.txt"), "uv sync --locked --no-dev"),
        (("app", "pyproject.toml", "uv.lock"), "pip install 'uv<1'"),
        (("app", "pyproject.toml", "poetry.lock"), "poetry install --only main"),
        (("app", "pyproject.toml", "poetry.lock"), "pip install 'poetry<3'"),
        (("app", "requirements.txt"), "install --requirement requirements.txt"),
    ],
)
def test_the_lock_file_decides_on_the_package_manager(entries: tuple[str, ...], manager: str) -> None:
    text = files(stack(backend=entries))["backend/Dockerfile"]
    assert manager in text


def test_a_source_without_a_lock_file_gets_no_dockerfile() -> None:
    found = files(stack(backend=("app",), frontend=("src", "package.json")))
    assert not any(path.endswith("Dockerfile") for path in found)


@pytest.mark.parametrize("path", ["backend/Dockerfile", "frontend/Dockerfile"])
def test_a_dockerfile_follows_the_usual_recommendations(path: str) -> None:
    text = FILES[path]
    assert {"development", "production"} <= set(dockerfiles._STAGE.findall(text))
    assert "--mount=type=cache" in text
    assert "HEALTHCHECK" in text
    stages = text.split("\nFROM ")
    for stage in stages:
        if " AS development\n" in stage or " AS production\n" in stage:
            assert "\nUSER " in stage
    lists, sources = (
        text.index("COPY requirements.txt" if "backend" in path else "COPY package.json"),
        text.index("COPY . ."),
    )
    assert lists < sources


def test_a_worker_without_a_web_service_gets_an_image_that_runs_it() -> None:
    services = {"worker": {"kind": "celery_worker", "image": "a:1", "build": {"context": "b"}, "queues": "a"}}
    text = files(stack(services))["backend/Dockerfile"]
    assert 'CMD ["celery", "-A", "app.worker", "worker"' in text
    assert "EXPOSE" not in text
    check = next(line for line in text.splitlines() if "celery@$HOSTNAME" in line)
    assert json.loads(check.strip().removeprefix("CMD "))[:2] == ["sh", "-c"]


def test_a_heredoc_is_readable_for_other_tools() -> None:
    """Hadolint fails on an instruction directly after a heredoc (its issue 960), and then reads nothing at all."""
    assert "\nEND\n\n" in FILES["frontend/Dockerfile"]


def test_base_images_can_be_chosen() -> None:
    assert dockerfiles.base_images({"node": "node:22-slim"})["node"] == "node:22-slim"
    with pytest.raises(ValueError, match=r"^workspace_images: unknown key 'nodejs'; did you mean 'node'\?$"):
        dockerfiles.base_images({"nodejs": "x"})


def test_a_dockerfile_without_the_needed_stage_is_reported() -> None:
    services = stack()
    kept = {"backend/Dockerfile": "FROM a AS build\nFROM b\n", "frontend/Dockerfile": "FROM a as development\n"}
    assert dockerfiles.missing_stages(services, kept) == [
        ("backend/Dockerfile", "development", ["backend", "worker", "beat"])
    ]


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_a_route_for_a_host_is_reached_below_localhost(kind: str) -> None:
    routes = [
        {"path": "/", "to": "backend"},
        {"path": "/", "to": "frontend", "host": "shop.example.com"},
        {"path": "/", "to": "backend", "host": ["api.example.com", "*.tenants.example.com"]},
    ]
    names = ["api.example.com", "*.tenants.example.com", "other.example.com"]
    built = {"backend": {"build": {"context": "b"}}, "frontend": {"build": {"context": "f"}}}
    edge = {"kind": kind, "routes": routes, "domains": names}
    found = files(stack(example(**built, edge=edge)))
    if kind == "nginx":
        text = found[".slipway/edge/current/nginx.conf"]
        assert re.findall("server_name (.*);", text) == [
            'localhost "shop.example.com.localhost"',
            '"api.example.com.localhost" "*.tenants.example.com.localhost"',
        ]
    else:
        routers = yaml.safe_load(found[".slipway/edge/current/routes.yml"])["http"]["routers"]
        rules = {name: router["rule"] for name, router in routers.items() if name.count("-") == 1}
        wildcard = r"(?i)^[a-z0-9_.-]+\\.tenants\\.example\\.com\\.localhost[.]?$"
        others = f'Host("api.example.com.localhost") || HostRegexp("{wildcard}")'
        assert rules == {
            "2-frontend": f'PathPrefix("/") && (!({others}) || Host("shop.example.com.localhost"))',
            "3-backend": f'PathPrefix("/") && ({others})',
        }
