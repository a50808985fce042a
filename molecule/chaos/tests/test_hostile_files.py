"""Files that a container chose, and damaged state files: nothing hangs, nothing leaks, nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Converge = Callable[[str], float]

VAULT: dict[str, Any] = {
    "stack_name": "vault",
    "stack_services": {"db": {"kind": "postgres", "version": "17"}},
    "stack_probes": [],
    "stack_policy_exceptions": [],
}
#: State files below the stack's directory, `LIVE` being the live release.
STATE_FILES = (
    "current",
    "releases/LIVE/manifest.json",
    "state/transaction.json",
    "state/barrier.json",
    "state/lease",
    "state/journal.jsonl",
    "state/audit.jsonl",
)
DAMAGES = {
    "empty": "truncate --size 0 {path}",
    "random": "head -c 3000 /dev/urandom | tee {path}",
    "newer": """echo '{{"version": 99, "later": true}}' | tee {path}""",
    "directory": "mkdir {path}",
}


@pytest.fixture(scope="module")
def data(host: Any, playbook: Playbook) -> Iterator[str]:
    """Deploy a stack with a database, and yield the directory of its data on the server."""
    run = playbook("deploy", **VAULT)
    assert run.code == 0, run.output
    mounts = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Source}} {{end}}{{end}}'
    [source] = host.check_output("docker inspect --format %s vault-db-1", mounts).split()
    [version] = host.check_output("sudo find %s -maxdepth 2 -name PG_VERSION", source).split()
    yield version.rpartition("/")[0]
    assert playbook("../molecule/stack/reset", **VAULT).code == 0


@pytest.mark.parametrize(
    ("replace", "sentence"),
    [
        ("ln -s /etc/shadow {path}", "PG_VERSION is a symbolic link; it must be a regular file"),
        ("mkfifo {path}", "PG_VERSION is a named pipe; it must be a regular file"),
        ("mkdir {path}", "PG_VERSION is a directory; it must be a regular file"),
    ],
)
def test_a_version_file_that_the_container_replaced_is_not_followed(
    host: Any, data: str, playbook: Playbook, replace: str, sentence: str
) -> None:
    path = f"{data}/PG_VERSION"
    shadow = host.check_output("sudo head -n 1 /etc/shadow")
    host.check_output(f"sudo sh -c 'mv {path} {path}.kept && {replace.format(path=path)}'")
    started = time.monotonic()
    services = {"db": {**VAULT["stack_services"]["db"], "memory": "300m"}}
    run = playbook("deploy", "--diff", **{**VAULT, "stack_services": services, "deploy_allow_downtime": ["db"]})
    seconds = time.monotonic() - started
    host.check_output(f"sudo sh -c 'rm -r {path} && mv {path}.kept {path}'")
    assert run.code == 2, run.output
    assert sentence in run.output
    assert shadow not in run.output
    assert seconds < 60
    status = playbook("status", **VAULT)
    assert status.code == 0, status.output


@pytest.mark.parametrize("name", STATE_FILES)
def test_a_damaged_state_file_stops_nothing_that_serves(
    host: Any, kiosk: Stack, playbook: Playbook, converge: Converge, greetings: Iterator[str], name: str
) -> None:
    """The status goes on. A deploy either succeeds, or names the file and changes nothing."""
    for damage in DAMAGES:
        path = f"{kiosk.home}/{name.replace('LIVE', kiosk.live())}"
        served, containers = kiosk.get().body, kiosk.containers()
        _replace(host, path, damage)
        status = playbook("status")
        assert status.code == 0, status.output
        assert "page" in status.output
        new = next(greetings)
        run = playbook("deploy", kiosk_greeting=new)
        assert "Traceback" not in status.output + run.output
        if run.code == 0:
            assert kiosk.get().body == f"{new}\n"
            host.check_output("sudo rm -rf %s", f"{path}.kept")
        else:
            assert (kiosk.get().body, kiosk.containers()) == (served, containers)
            assert path in run.output
            assert path in status.output
            host.check_output("sudo sh -c %s", f"rm -rf {path}; test ! -e {path}.kept || mv {path}.kept {path}")
    converge(next(greetings))


def _replace(host: Any, path: str, damage: str) -> None:
    """Put something else in the place of a file, and keep the file beside it."""
    keep = f"rm -rf {path}.kept; test ! -e {path} || mv {path} {path}.kept"
    host.check_output("sudo sh -c %s", f"{keep}; {DAMAGES[damage].format(path=path)} > /dev/null")
