"""A secret is only in its own files on the host and in the containers that use it."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Vaulted = Callable[[str], list[str]]

PLACES = "/opt /var/log /var/tmp /var/lib/systemd /tmp /run /etc /home /root"


@pytest.fixture
def process_list(host: Any) -> Iterator[Callable[[], str]]:
    """Record the server's command lines about thirty times per second. The function stops this and returns them."""
    seen = "/var/tmp/command-lines"
    script = f"while sleep 0.02; do ps -eww -o args; done > {seen}"
    host.check_output("sudo systemd-run --quiet --unit=watch sh -c %s", script)
    yield lambda: host.check_output("sudo systemctl stop watch && sudo sort --unique %s", seen)
    host.check_output("sudo systemctl stop watch; sudo rm %s", seen)


def _files_with(host: Any, text: str, reader: str) -> list[str]:
    # The text is encoded, because sudo writes its command line to the journal.
    encoded = base64.b64encode(text.encode()).decode()
    script = f'grep -rlF --devices=skip -- "$(echo {encoded} | base64 -d)" {PLACES} 2>/dev/null'
    return host.run("sudo -u %s sh -c %s", reader, script).stdout.splitlines()


def test_a_secret_leaks_nowhere(
    host: Any, strongbox: Stack, playbook: Playbook, vaulted: Vaulted, process_list: Callable[[], str]
) -> None:
    halves = secrets.token_hex(16), secrets.token_hex(16)
    # Between the halves are all characters that some notation must quote.
    value = "$HOME ${{HOME}} #'\"\\ %C3%BC ü&".join(halves)
    run = playbook("deploy", "-vvv", "--diff", *vaulted(value))
    assert run.code == 0, run.output

    told = {
        "output": run.output,
        "process list": process_list(),
        "journal": host.check_output("sudo journalctl --output=verbose --since=-15min"),
    }
    assert "docker compose" in told["process list"]
    assert "slipway.stack._upload_release" in told["journal"]
    assert [name for name, text in told.items() for half in halves if half in text] == []

    for half in halves:
        assert _files_with(host, half, "nobody") == []
        # containerd's record of a container contains its environment. Only root can read it.
        found = [path for path in _files_with(host, half, "root") if not path.startswith("/run/containerd/")]
        assert {path.rpartition(".")[0] for path in found} == {
            f"{strongbox.home}/secrets/10001/api_token",
            f"{strongbox.home}/secrets/0/keeper_env",
        }

    script = "cat /run/secrets/api_token; echo; printenv API_TOKEN"
    inside = host.check_output("docker exec %s sh -c %s", strongbox.containers("keeper")[0], script)
    assert inside.splitlines() == [value, value]


#: By generated secret, the files that have its value: where it is kept, and those of its readers, by their uid.
FILES = {
    "session_key": {"generated/session_key", "10001/session_key"},
    "store_password": {
        "generated/store_password",
        "10001/store_password",
        "999/store_password",
        "999/store_config",
        "0/keeper_env",
    },
}


@pytest.mark.parametrize("name", FILES)
def test_a_generated_and_rotated_secret_leaks_nowhere(
    host: Any, strongbox: Stack, playbook: Playbook, process_list: Callable[[], str], name: str
) -> None:
    old = _generated(host, strongbox, name)
    runs = [playbook("rotate_secret", "-vvv", "--diff", secret=name), playbook("deploy", "-vvv", "--diff")]
    new = _generated(host, strongbox, name)
    assert [run.code for run in runs] == [0, 0], runs[0].output
    assert new != old

    told = {
        "output": "".join(run.output for run in runs),
        "process list": process_list(),
        "journal": host.check_output("sudo journalctl --output=verbose --since=-15min"),
        "other containers": _inspected(host, but=strongbox.containers("keeper")),
    }
    assert f"the rotation of secret '{name}' is complete" in told["output"]
    assert "docker compose" in told["process list"]
    assert [where for where, text in told.items() for value in (old, new) if value in text] == []

    assert _files_with(host, new, "nobody") == []
    found = {path for path in _files_with(host, new, "root") if not path.startswith("/run/containerd/")}
    assert {re.sub(r"\.[0-9a-f]+$", "", path) for path in found} == {
        f"{strongbox.home}/secrets/{path}" for path in FILES[name]
    }
    assert _files_with(host, old, "root") == []


def _generated(host: Any, strongbox: Stack, name: str) -> str:
    """Return the value of a generated secret. The output of a test does not have it."""
    return str(host.check_output("sudo cat %s", f"{strongbox.home}/secrets/generated/{name}"))


def _inspected(host: Any, but: list[str]) -> str:
    """Return what the engine tells of all containers but these."""
    found = json.loads(host.check_output("docker inspect $(docker ps --all --quiet)"))
    others = [one for one in found if one["Id"] not in but]
    assert others
    return json.dumps(others)


def test_a_changed_secret_replaces_its_readers_and_is_named_in_the_plan(
    strongbox: Stack, playbook: Playbook, vaulted: Vaulted
) -> None:
    store, keeper = strongbox.containers("store"), strongbox.containers("keeper")
    value = secrets.token_hex()
    run = playbook("deploy", "--diff", *vaulted(value))
    assert run.code == 0, run.output
    assert "secret api_token" in run.output
    assert value not in run.output
    assert strongbox.containers("store") == store
    assert set(strongbox.containers("keeper")).isdisjoint(keeper)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda canary: {"api_token": {"value": [canary]}}, id="not a text"),
        pytest.param(lambda canary: {"api_token": {"generate": canary}}, id="value in the wrong place"),
        pytest.param(lambda canary: canary, id="not a mapping"),
    ],
)
def test_a_secret_is_not_in_an_error_message_about_it(
    strongbox: Stack, playbook: Playbook, wrong: Callable[[str], Any]
) -> None:
    canary, before = secrets.token_hex(16), strongbox.tree()
    run = playbook("deploy", "-vvv", stack_secrets=wrong(canary))
    assert run.code == 2, run.output
    assert "secret" in run.output
    assert canary not in run.output
    assert strongbox.tree() == before
