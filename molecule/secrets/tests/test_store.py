"""The secret store on the host: who can read it, what is kept, what changes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, described

Playbook = Callable[..., Any]
Vaulted = Callable[[str], list[str]]

ROLE = "../molecule/secrets/converge"
INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])


def _names(host: Any, strongbox: Stack, folder: str) -> set[str]:
    return set(host.check_output("sudo ls %s", f"{strongbox.home}/secrets/{folder}").split())


def test_a_file_is_readable_only_by_the_uid_of_its_reader(host: Any, strongbox: Stack) -> None:
    # A rotation leaves renamed.json, which has names and digests.
    script = f"cd {strongbox.home}/secrets && find . -type f ! -name renamed.json -printf '%h %m %U:%G\\n' | sort -u"
    assert host.check_output("sudo sh -c %s", script).splitlines() == [
        ". 400 0:0",
        "./0 400 0:0",
        "./10001 400 10001:10001",
        "./999 400 999:999",
        "./generated 400 0:0",
    ]


def test_only_root_can_read_the_directories(host: Any, strongbox: Stack) -> None:
    script = f"find {strongbox.home}/secrets -type d -printf '%m %U:%G\\n' | sort -u"
    assert host.check_output("sudo sh -c %s", script) == "700 0:0"


def test_each_reader_has_only_the_secrets_that_it_uses(host: Any, strongbox: Stack) -> None:
    assert {name.split(".")[0] for name in _names(host, strongbox, "10001")} == {
        "session_key",
        "api_token",
        "store_password",
    }
    assert {name.split(".")[0] for name in _names(host, strongbox, "999")} == {"store_password", "store_config"}
    assert {name.split(".")[0] for name in _names(host, strongbox, "0")} == {"keeper_env"}


def test_generated_secrets_have_the_requested_length_and_differ(host: Any, strongbox: Stack) -> None:
    script = f"cd {strongbox.home}/secrets/generated && wc --bytes * && sha256sum * | cut -c-64 | sort -u | wc -l"
    lines = [line.split() for line in host.check_output("sudo sh -c %s", script).splitlines()]
    assert [line[0] for line in lines] == ["40", "40", "32", "112", "3"]


def test_generated_secrets_are_kept(host: Any, strongbox: Stack, playbook: Playbook) -> None:
    def generated() -> str:
        return str(host.check_output("sudo sh -c %s", f"sha256sum {strongbox.home}/secrets/generated/*"))

    # A deploy may have removed a given value that no release refers to. The role writes it again.
    kept = generated()
    assert playbook(ROLE).code == 0
    before = strongbox.tree()
    run = playbook(ROLE)
    assert (run.code, run.changed) == (0, 0), run.output
    assert strongbox.tree() == before
    assert generated() == kept


def test_check_mode_reports_a_changed_value_and_writes_nothing(
    host: Any, strongbox: Stack, playbook: Playbook, vaulted: Vaulted
) -> None:
    before = strongbox.tree()
    run = playbook(ROLE, "--check", "--diff", *vaulted(secrets.token_hex()))
    assert (run.code, run.changed) == (0, 1), run.output
    assert strongbox.tree() == before

    elsewhere = playbook(ROLE, "--check", stack_name="elsewhere")
    assert (elsewhere.code, elsewhere.changed) == (0, 1), elsewhere.output
    assert not host.file("/opt/stacks/elsewhere").exists


def test_a_changed_value_gets_a_new_address(host: Any, strongbox: Stack, playbook: Playbook, vaulted: Vaulted) -> None:
    before = _names(host, strongbox, "10001")
    value = secrets.token_hex()
    run = playbook(ROLE, *vaulted(value))
    assert (run.code, run.changed) == (0, 1), run.output
    after = _names(host, strongbox, "10001")
    (added,) = after - before
    assert added.startswith("api_token.")
    # Files of the live release stay.
    assert before <= after
    assert host.check_output("sudo cat %s", f"{strongbox.home}/secrets/10001/{added}") == value


def test_a_mounted_private_key_is_in_the_store_alone(host: Any, strongbox: Stack, playbook: Playbook) -> None:
    line = secrets.token_hex(32)
    key = f"-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n"
    files = {
        "/etc/keeper.key": {"content": key, "secret": True},
        "/etc/tls": {"directory": {"a.crt": "public\n", "sub/a.key": key}, "secret": ["sub/a.key"]},
    }
    run = playbook("deploy", "--diff", stack_services=described(INVENTORY, keeper={"files": files}))
    assert run.code == 0, run.output
    assert line not in run.output

    (keeper,) = strongbox.containers("keeper")
    for path, text in (("/etc/keeper.key", key), ("/etc/tls/sub/a.key", key), ("/etc/tls/a.crt", "public\n")):
        # The container runs as the uid 10001.
        assert host.run("docker exec %s cat %s", keeper, path).stdout == text
        assert host.run("docker exec %s sh -c %s", keeper, f"echo x > {path}").rc != 0

    found = host.check_output("sudo grep --recursive --files-with-matches %s %s", line, strongbox.home).splitlines()
    assert len(found) == 2
    for path in found:
        assert path.startswith(f"{strongbox.home}/secrets/10001/")
        assert host.run("sudo -u nobody cat %s", path).rc != 0

    back = playbook("deploy")
    assert back.code == 0, back.output
