"""Containers of every kind but the edge run with their protections, and so do hardened services of Compose files.

The edge of either kind runs with them in the scenarios of molecule.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from testbed import images, langflow, registry, shell, shop
from tests.support import compose_projects, descriptions, real_compose

_SHOP = "1.0.0"
_TELEGRAM = (descriptions.ROOT / "testbed/stand_ins/telegram.py").read_text(encoding="utf-8")


def _described() -> dict[str, Any]:
    backend = {"image": shop.reference("backend", _SHOP), "needs": ["db", "redis"], "secrets": ["secret_key"]}
    return {
        "db": {"kind": "postgres"},
        "redis": {"kind": "redis"},
        "flows-db": {"kind": "postgres_database", "needs": ["db"]},
        "flows": {"kind": "langflow", "image": langflow.REFERENCE, "needs": ["flows-db"]},
        "backend": {"kind": "fastapi", "release": "alembic upgrade head", **backend},
        "worker": {"kind": "celery_worker", **backend},
        "beat": {"kind": "celery_beat", **backend},
        "seed": {"kind": "job", "command": ["sh", "-c", "alembic upgrade head && python -m app.seed"], **backend},
        "telegram": {
            "kind": "custom",
            "image": "python:3.13-slim",
            "user": "65534:65534",
            "command": ["python", "/stand-in.py"],
            "files": {"/stand-in.py": {"content": _TELEGRAM}},
            "health": {"test": ["CMD", "python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8081))"]},
        },
        "bot": {
            "kind": "telegram_bot",
            **backend,
            "needs": [*backend["needs"], "telegram"],
            "command": ["python", "-m", "app.bot"],
            "environment": {"TELEGRAM_API": "http://telegram:8081"},
            "secrets": ["secret_key", {"name": "telegram_token"}],
        },
        "page": {"kind": "spa", "image": shop.reference("frontend", _SHOP)},
        "web": {"kind": "nextjs", "image": shop.reference("next", _SHOP), "health": "/healthz", "needs": ["backend"]},
        "dev": {"kind": "vite", "image": shop.reference("vite", _SHOP)},
    }


_OWN = """\
services:
  db:
    image: postgres:17
    environment: {POSTGRES_HOST_AUTH_METHOD: trust}
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, pg_isready, -q, -h, 127.0.0.1, -U, postgres], interval: 1s, retries: 60}
  cache:
    image: redis:8
    healthcheck: {test: [CMD, redis-cli, ping], interval: 1s, retries: 60}
  proxy:
    image: nginx:1.30
    healthcheck: {test: [CMD, curl, -fsS, "http://127.0.0.1/"], interval: 1s, retries: 60}
volumes: {data: }
"""


class Local:
    """A release on this machine, whose containers Compose starts."""

    def __init__(self, release: Bundle) -> None:
        self._folder = real_compose.write_release(release)

    def start(self, jobs: tuple[str, ...]) -> None:
        """Run these *jobs*, and start all other services."""
        for job in jobs:
            self.compose("up", "--exit-code-from", job, job)
        others = [name for name in self.compose("config", "--services").split() if name not in jobs]
        self.compose("up", "--detach", "--wait", "--wait-timeout", "240", *others)

    def compose(self, *words: str) -> str:
        done = subprocess.run(["docker", "compose", *words], cwd=self._folder, capture_output=True, text=True)
        if done.returncode:
            logs = subprocess.run(["docker", "compose", "logs", "--tail=20"], cwd=self._folder, capture_output=True)
            raise AssertionError(f"{done.stderr}\n{logs.stdout.decode(errors='replace')}")
        return done.stdout

    def inspected(self) -> dict[str, Any]:
        """Return the engine's record of each container by service."""
        ids = self.compose("ps", "--all", "--quiet").split()
        found = json.loads(subprocess.run(["docker", "inspect", *ids], capture_output=True, check=True).stdout)
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def remove(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "1")


@pytest.fixture(scope="module")
def kinds(project: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with shell.locked("images"):
        images.ensure(["python:3.13-slim", "postgres:17", "redis:8", "nginx:1.30"])
        registry.ensure()
        shop.ensure((_SHOP,), ("backend", "frontend", "next", "vite"))
        langflow.ensure()
    secrets = {"secret_key": {"generate": 50}, "telegram_token": {"generate": 40}}
    root = str(tmp_path_factory.mktemp("kinds"))
    release = descriptions.parcel(_described(), secrets, name=f"{project}-kinds", root=root)
    yield from _running(release, ("backend-release", "seed"))


@pytest.fixture(scope="module")
def own(project: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with shell.locked("images"):
        images.ensure(["postgres:17", "redis:8", "nginx:1.30"])
    folder: Path = tmp_path_factory.mktemp("own")
    given = {"name": f"{project}-own", "root": str(folder / "stacks"), "compose_hardening": True}
    yield from _running(compose_projects.release_of(_OWN, folder, **given))


def _running(release: Bundle, jobs: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    local = Local(release)
    try:
        local.start(jobs)
        yield local.inspected()
    finally:
        local.remove()


def _assert_hardened(name: str, container: dict[str, Any]) -> None:
    host = container["HostConfig"]
    assert host["CapDrop"] == ["ALL"], name
    assert host["SecurityOpt"] == ["no-new-privileges:true"], name
    assert host["ReadonlyRootfs"] is True, name
    assert 0 < host["PidsLimit"] <= 1024, name
    assert not [bind for bind in host["Binds"] or [] if "docker.sock" in bind], name


def test_every_kind_runs_hardened(kinds: dict[str, Any]) -> None:
    assert set(kinds) == {*_described(), "backend-release"}
    for name, container in kinds.items():
        _assert_hardened(name, container)
        assert container["HostConfig"]["CapAdd"] is None, name
        assert container["Config"]["User"].split(":")[0] not in ("", "0"), name
        state = container["State"]
        expected = ("exited", 0) if name in ("flows-db", "seed", "backend-release") else ("running", 0)
        assert (state["Status"], state["ExitCode"]) == expected, name
        assert container["RestartCount"] == 0, name


_FETCH = """\
const get = async path => { const a = await fetch('http://127.0.0.1:5173' + path); return [a.status, await a.text()] }
const [status, text] = await get('/src/main.tsx')
const prebuilt = text.match(/[^"]*node_modules\\/\\.vite\\/deps\\/react[^"]*/)[0]
console.log(status, (await get(prebuilt))[0])
"""


def test_a_read_only_vite_serves_modules_and_prebuilt_dependencies(kinds: dict[str, Any]) -> None:
    command = ["docker", "exec", kinds["dev"]["Id"], "node", "--input-type=module", "--eval", _FETCH]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "200 200\n"


def test_services_of_compose_files_run_hardened(own: dict[str, Any]) -> None:
    assert set(own) == {"db", "cache", "proxy"}
    for name, container in own.items():
        _assert_hardened(name, container)
        capabilities = {word.removeprefix("CAP_") for word in container["HostConfig"]["CapAdd"]}
        assert capabilities == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}, name
        assert container["State"]["Health"]["Status"] == "healthy", name
