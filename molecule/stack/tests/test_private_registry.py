"""A registry that requires a login: credentials in root's file, and from a credential helper."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack, described

Playbook = Callable[..., Any]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
SHELF = "127.0.0.1:5055"
HELPER = "/usr/local/bin/docker-credential-shelf"
CONFIG = f"""\
pid /tmp/nginx.pid;
events {{}}
http {{
  server {{
    listen {SHELF};
    auth_basic shelf;
    auth_basic_user_file /etc/shelf/users;
    rewrite ^/v2/(?:one|other)/(.*) /v2/library/$1;
    location / {{ proxy_pass http://registry:5000; proxy_set_header Host $http_host; }}
  }}
}}
"""


@pytest.fixture
def password(host: Any) -> Iterator[str]:
    """Start a registry with a login in front of the testbed's registry, and return the password of `ada`."""
    secret = secrets.token_hex(16)
    for name, text in (("nginx.conf", CONFIG), ("users", f"ada:{{PLAIN}}{secret}\n")):
        host.check_output("sudo mkdir -p /run/shelf && echo %s | sudo tee /run/shelf/%s", text, name)
    mount, command = "--volume=/run/shelf:/etc/shelf:ro", "nginx -e stderr -c /etc/shelf/nginx.conf -g 'daemon off;'"
    host.check_output(f"sudo docker run --detach --name shelf --network host {mount} nginx:1.30 {command}")
    yield secret
    host.check_output(f"sudo docker rm --force shelf; sudo rm -rf /run/shelf ~root/.docker/config.json {HELPER}")


def _from_the_shelf(repository: str) -> dict[str, Any]:
    return {"stack_services": described(INVENTORY, page={"image": f"{SHELF}/{repository}/nginx:1.30"})}


def test_logins_of_root_are_used(host: Any, kiosk: Stack, playbook: Playbook, password: str) -> None:
    run = playbook("plan", **_from_the_shelf("one"))
    assert run.code == 2, run.output
    refusal = f"{SHELF} requires a login"
    assert refusal in run.output

    login = f"sudo docker login --username ada --password-stdin {SHELF}"
    host.check_output(f"echo %s | {login}", password)
    run = playbook("deploy", **_from_the_shelf("one"))
    assert run.code == 0, run.output
    run = playbook("plan", **_from_the_shelf("other"))
    assert run.code == 0, run.output

    host.check_output(f"sudo docker logout {SHELF}")
    assert refusal in playbook("plan", **_from_the_shelf("other")).output
    answer = json.dumps({"ServerURL": SHELF, "Username": "ada", "Secret": password})
    kept = json.dumps({"credHelpers": {SHELF: "shelf"}})
    script = f"#!/bin/sh\necho '{answer}'"
    host.check_output(f"echo %s | sudo tee {HELPER} && sudo chmod +x {HELPER}", script)
    host.check_output("echo %s | sudo tee ~root/.docker/config.json", kept)
    run = playbook("plan", **_from_the_shelf("other"))
    assert run.code == 0, run.output

    back = playbook("deploy")
    assert back.code == 0, back.output
