"""A secret is only in its own files on the host and in the containers that use it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Vaulted = Callable[[str], list[str]]

PLACES = "/opt/stacks /var/log /var/tmp /var/lib/systemd /tmp /run /etc /home /root"


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
