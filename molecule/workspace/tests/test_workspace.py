"""A checkout that the playbook prepared: it runs, saved files are visible, and a person's files are kept."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.hot_reload import PORTS, Checkout

Playbook = Callable[..., Any]
ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".testbed/workspace"


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    running = Checkout(ROOT)
    with running.up():
        yield running


def test_a_saved_backend_file_is_visible_within_a_second(checkout: Checkout) -> None:
    seconds = checkout.backend_seconds(5)
    assert statistics.median(seconds) < 1, seconds


def test_a_saved_frontend_file_reaches_an_open_page_without_a_reload(checkout: Checkout) -> None:
    seconds, facts = checkout.page_seconds(3)
    # The page, its modules, and Vite's websocket are reached through the edge.
    assert facts[0]["socket"].startswith(f"ws://127.0.0.1:{PORTS['EDGE_PORT']}/?token=")
    assert [fact["heading"] for fact in facts] == ["Shop", "Shop 0", "Shop 1", "Shop 2"]
    assert [fact["kept"] for fact in facts[1:]] == [True] * 3
    assert statistics.median(seconds) < 5, seconds


def test_a_worker_restarts_with_a_saved_file(checkout: Checkout) -> None:
    file = ROOT / "backend/app/tasks.py"
    before = file.read_text()
    file.write_text(f'{before}\nprint("loaded again", flush=True)\n')
    checkout.wait(lambda: "loaded again" in checkout.compose("logs", "worker"))
    file.write_text(before)


def test_a_debugger_listens_if_it_is_enabled(checkout: Checkout) -> None:
    checkout.compose("up", "--detach", "--no-build", "--no-deps", "backend", DEBUGPY="1")

    def greets() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", int(PORTS["BACKEND_DEBUG_PORT"])), timeout=2) as connection:
                return connection.recv(16).startswith(b"Content-Length")
        except OSError:
            return False

    # In this order: a process that starts while a debugger is connected waits for the debugger.
    checkout.wait(lambda: '"database":"connected"' in checkout.get("/api/health"))
    checkout.wait(greets)
    checkout.compose("up", "--detach", "--no-build", "--no-deps", "backend")


def test_every_port_is_published_on_loopback(checkout: Checkout) -> None:
    listed = [json.loads(line) for line in checkout.compose("ps", "--format", "json").splitlines()]
    published = {one["URL"] for service in listed for one in service["Publishers"] or [] if one["PublishedPort"]}
    assert published == {"127.0.0.1"}


def test_containers_do_not_run_as_root(checkout: Checkout) -> None:
    for service in ("backend", "worker", "beat", "frontend"):
        assert checkout.compose("exec", "-T", service, "id", "-u").strip() != "0"


def test_secrets_are_hidden_from_git_and_from_others() -> None:
    subprocess.run(["git", "init", "--quiet", str(ROOT)], check=True)
    untracked = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=all"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert ".slipway/workspace.json" in untracked
    assert ".slipway/secrets" not in untracked
    assert (ROOT / ".slipway/secrets").stat().st_mode & 0o777 == 0o700


def test_an_edited_file_is_kept_and_the_difference_is_shown(playbook: Playbook) -> None:
    file = ROOT / "backend/Dockerfile"
    before = file.read_text()
    file.write_text(before.replace("PYTHONUNBUFFERED=1", "PYTHONUNBUFFERED=1 MINE=1"))
    run = playbook("workspace")
    assert (run.code, run.changed) == (0, 0), run.output
    assert "backend/Dockerfile kept: somebody has changed it" in run.output
    assert "- PYTHONUNBUFFERED=1 MINE=1 + PYTHONUNBUFFERED=1" in run.output
    assert "MINE=1" in file.read_text()
    file.write_text(before)


def test_changed_ports_in_env_are_not_reported(playbook: Playbook) -> None:
    file = ROOT / ".env"
    before = file.read_text()
    file.write_text(before.replace('EDGE_PORT="8080"', 'EDGE_PORT="8090"'))
    run = playbook("workspace")
    assert (run.code, run.changed) == (0, 0), run.output
    assert ".env kept" not in run.output
    file.write_text(before.replace('EDGE_PORT="8080"', ""))
    assert ".env kept: somebody has changed it" in playbook("workspace").output
    file.write_text(before)


def test_check_mode_shows_and_writes_nothing(playbook: Playbook) -> None:
    files = {path: path.stat().st_mtime_ns for path in ROOT.rglob("*") if path.is_file() and path.name != "up.log"}
    run = playbook("workspace", "--check", "--diff", stack_domain="shop.test")
    assert run.code == 0, run.output
    assert run.changed == 1
    assert "shop.test" in run.output
    assert files == {path: path.stat().st_mtime_ns for path in files}


def test_an_environment_of_servers_is_refused(playbook: Playbook) -> None:
    run = playbook("workspace", stack_environment="production")
    assert run.code != 0
    assert "stack_environment: production is for servers" in run.output
