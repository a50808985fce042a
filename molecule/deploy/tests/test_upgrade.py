"""An upgrade, a deploy with an installed collection, and a reboot."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, Visitor, container

Playbook = Callable[..., Any]
AtVersion = Callable[[str], None]

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
STATEFUL = ("db", "redis")


def _items(shop: Stack) -> list[str]:
    return [item["name"] for item in json.loads(shop.get("/api/items").body)]


def test_an_upgrade_keeps_the_data_and_fails_no_request(shop: Stack, playbook: Playbook, at_version: AtVersion) -> None:
    at_version("1.0.0")
    name = secrets.token_hex()
    assert shop.send("POST", "/api/items", json.dumps({"name": name})).status == 201
    before = {service: shop.containers(service) for service in ("db", "redis", "backend", "worker")}
    first, script = shop.live(), _script(shop)
    with Visitor(shop, "/api/version") as visitor:
        run = playbook("deploy", app_version="1.1.0")
    assert run.code == 0, run.output
    # After the first reload the edge names the new release, while old and new backends answer.
    assert visitor.statuses == {200}, visitor.seen
    assert {version for _, version, _ in visitor.seen} == {"1.0.0", "1.1.0"}
    assert {release for *_, release in visitor.seen} == {first, shop.live()}
    assert name in _items(shop)
    for service, containers in before.items():
        assert (shop.containers(service) == containers) is (service in STATEFUL)
    # A page that was loaded before the upgrade still gets its files, although no container has them.
    assert _script(shop) != script
    for path in (script, _script(shop)):
        answer = shop.get(path)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/javascript")
        assert "immutable" in answer.headers["cache-control"]
    assert shop.get("/assets/index-none.js").status == 404


def _script(shop: Stack) -> str:
    """Return the path of the page's script."""
    found = re.search(r'src="(/assets/[^"]+\.js)"', shop.get("/").body)
    assert found
    return found[1]


def test_an_installed_collection_does_the_same(shop: Stack, at_version: AtVersion, tmp_path: Path) -> None:
    at_version("1.1.0")
    # Do not use the checkout: neither its ansible.cfg nor its link in .collections.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_HOST_KEY_CHECKING": "false"}

    def ansible(command: str, *arguments: str) -> str:
        argv = [command, *arguments]
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    ansible("ansible-galaxy", "collection", "build", str(PROJECT))
    (archive,) = tmp_path.glob("slipway-stack-*.tar.gz")
    ansible("ansible-galaxy", "collection", "install", str(archive), "--no-deps", "--offline", "-p", str(tmp_path))
    inventory = os.environ["MOLECULE_INVENTORY_FILE"]
    shown = ansible("ansible-playbook", "slipway.stack.deploy", "-i", inventory, "-e", "app_version=1.1.0")
    assert "changed=0" in shown
    assert shop.live() in shown


def test_the_stack_starts_again_after_a_reboot(shop: Stack, playbook: Playbook, at_version: AtVersion) -> None:
    at_version("1.1.0")
    live, containers, items = shop.live(), shop.containers(), _items(shop)
    subprocess.run(["docker", "restart", "--time=10", container()], check=True, capture_output=True)
    deadline = time.monotonic() + 90
    while not _healthy(shop) and time.monotonic() < deadline:
        time.sleep(1)
    assert _items(shop) == items
    run = playbook("deploy", app_version="1.1.0")
    assert (run.code, run.changed) == (0, 0), run.output
    assert (shop.live(), shop.containers()) == (live, containers)


def _healthy(shop: Stack) -> bool:
    """Return whether the application answers and no container is starting."""
    try:
        answers = shop.get("/api/health").status == 200
    except OSError:
        return False
    starting = shop.host.run("docker ps --quiet --filter health=starting")
    return answers and starting.rc == 0 and not starting.stdout
