"""What a service has in a checkout and not on a server: a build, mounts, watched files, a debugger."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Source, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose, development

from tests.support.descriptions import documents, example, model

BACKEND = Source("./backend", frozenset(["app", "migrations", "requirements.txt", "Dockerfile"]))
FRONTEND = Source("./frontend", frozenset(["src", "package.json", "package-lock.json", "Dockerfile"]))

TOOLS = "./.slipway/tools:/opt/slipway:ro"


def _services(**changes: Any) -> dict[str, Any]:
    built = {"backend": {"build": {"context": "b"}}, "frontend": {"build": {"context": "f"}}}
    return example(**{name: {**built.get(name, {}), **changes.get(name, {})} for name in {**built, **changes}})


def _stack(services: Any = None, backend: Source = BACKEND) -> Stack:
    sources = {"b": backend, "f": FRONTEND}
    placed = model(services or _services(), environment="development", sources=sources)
    return dataclasses.replace(placed, home="./.slipway")


def _overlay(services: Any = None, **values: Any) -> dict[str, Any]:
    found: dict[str, Any] = compose.overlay(_stack(services, **values))["services"]
    return found


def _watch(service: dict[str, Any]) -> dict[str, list[str]]:
    by_action: dict[str, list[str]] = {}
    for entry in service["develop"]["watch"]:
        by_action.setdefault(entry["action"], []).append(entry["path"])
    return by_action


def test_a_server_gets_no_development_keys() -> None:
    """Even in the environment `development`: there is no source on a server."""
    assert documents(_services(), environment="development")[1] == documents(example(), environment="development")[1]
    assert documents(_services(), environment="production")[1] == {"services": {}}


def test_services_with_a_build_use_its_development_stage() -> None:
    overlay = _overlay()
    built = {name for name, service in overlay.items() if "build" in service}
    assert built == {"backend", "backend-release", "worker", "beat", "frontend"}
    assert {overlay[name]["build"]["target"] for name in built} == {"development"}
    assert overlay["worker"]["image"] == overlay["backend"]["image"] == "shop-backend:development"
    assert overlay["backend"]["build"]["context"] == "./backend"


def test_a_build_argument_is_passed_on_unchanged() -> None:
    frontend = {"build": {"context": "f", "args": {"A": "$x", "GIT_COMMIT": None}}}
    assert _overlay(_services(frontend=frontend))["frontend"]["build"]["args"] == {"A": "$$x"}


def test_the_backend_mounts_its_package_and_reloads_it() -> None:
    backend = _overlay()["backend"]
    assert backend["volumes"] == ["./backend/app:/app/app:ro", TOOLS]
    assert backend["command"][2].endswith("--reload --reload-dir app")
    assert _watch(backend) == {"rebuild": ["./backend/Dockerfile", "./backend/requirements.txt"]}


def test_the_files_of_a_single_module_backend_are_copied_in() -> None:
    """Its directory is the whole build context, and Compose watches no files below a mount."""
    found = _overlay(_services(backend={"app": "main:app"}))["backend"]
    assert _watch(found)["sync"] == ["./backend"]
    assert found["read_only"] is None
    assert found["volumes"] == [TOOLS]
    assert found["command"][2].endswith("--reload --reload-dir .")


def test_workers_restart_when_a_file_is_saved() -> None:
    for name in ("worker", "beat"):
        service = _overlay()[name]
        assert _watch(service)["sync+restart"] == ["./backend"]
        assert service["read_only"] is None
        # The engine cannot copy a file in for a user with a group.
        assert service["user"] == "10001"
        assert service["develop"]["watch"][-1]["target"] == "/app"
        assert {"requirements.txt", "**/.venv"} <= set(service["develop"]["watch"][-1]["ignore"])


def test_vite_serves_the_page_on_the_port_of_the_service() -> None:
    stack = _stack()
    frontend = compose.overlay(stack)["services"]["frontend"]
    assert "--port=8080" in frontend["command"]
    assert stack.services["frontend"].port == 8080
    assert _watch(frontend) == {
        "rebuild": ["./frontend/Dockerfile", "./frontend/package.json", "./frontend/package-lock.json"],
        "sync": ["./frontend"],
    }
    assert frontend["volumes"] == ["frontend-vite:/app/node_modules/.vite"]
    assert compose.overlay(stack)["volumes"] == {"frontend-vite": {}}


def test_each_debugger_has_a_port_on_loopback() -> None:
    overlay = _overlay()
    assert overlay["backend"]["ports"] == ["127.0.0.1:8000:8000", "127.0.0.1:5678:5678"]
    assert overlay["worker"]["ports"] == ["127.0.0.1:5679:5678"]
    assert development.debug_ports(_stack()) == {"backend": 5678, "worker": 5679}


def test_services_have_one_replica_and_no_limits() -> None:
    stack = _stack()
    assert compose.base(stack, {})["services"]["backend"]["deploy"]["replicas"] == 1
    assert compose.overlay(stack)["services"]["backend"]["deploy"] == {"resources": None}


def test_the_release_job_runs_before_its_service_starts() -> None:
    overlay = _overlay()
    assert overlay["backend-release"]["profiles"] is None
    assert overlay["backend"]["depends_on"] == {"backend-release": {"condition": "service_completed_successfully"}}


def test_a_description_overrides_the_development_keys() -> None:
    backend = {
        "development": {"target": "dev", "path": "/srv", "mount": ["app", "migrations"], "debug": 6000},
        "environments": {"development": {"volumes": ["cache:/cache"], "environment": {"A": "1"}}},
    }
    found = _overlay(_services(backend=backend))["backend"]
    assert found["build"]["target"] == "dev"
    mounted = ["./backend/app:/srv/app:ro", "./backend/migrations:/srv/migrations:ro"]
    assert found["volumes"] == [*mounted, TOOLS, "cache:/cache"]
    assert found["ports"][-1] == "127.0.0.1:5678:6000"
    assert found["environment"] == {"DEBUGPY": "${DEBUGPY:-}", "A": "1"}


def test_a_kind_without_development_keys_uses_the_described_stage() -> None:
    own = {"kind": "custom", "image": "a:1", "class": "oneshot", "build": {"context": "b", "target": "job"}}
    found = _overlay({"job": own})["job"]
    assert found["build"]["target"] == "job"
    assert "develop" not in found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mounts": ["app"]}, "service 'backend', key 'development': unknown key 'mounts'; did you mean 'mount'?"),
        ({"mount": ["src"]}, "service 'backend', key 'development': key 'mount': ./backend has no directory 'src'"),
        ({"sync": "rebuild"}, "'rebuild' is not valid; valid values: none, sync, sync+restart"),
        ({"debug": 70000}, "70000 is not a port"),
    ],
)
def test_an_invalid_development_key_is_reported_in_one_sentence(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"^service 'backend'") as raised:
        _stack(_services(backend={"development": given}))
    assert message in str(raised.value)


def test_secret_files_in_a_checkout_have_no_address() -> None:
    stack = dataclasses.replace(_stack(), addressed=False)
    database = compose.base(stack, {})
    assert database["secrets"]["db_password_999"] == {"file": "./.slipway/secrets/999/db_password"}
    assert "slipway.secrets" not in database["services"]["db"]["labels"]
