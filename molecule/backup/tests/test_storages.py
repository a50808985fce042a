"""Repositories behind sftp and S3 for real, and one flipped bit in a repository: the long form of the scenario."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.long_form import ONLY_LONG
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]
Given = dict[str, Any]

# It installs servers for sftp and S3.
pytestmark = ONLY_LONG
#: The sshd of the server itself. Its key is made and removed by the test.
_SSH = """
set -e
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/depot
(echo; sed 's/$/ depot/' /root/.ssh/depot.pub) >>/root/.ssh/authorized_keys
ssh-keyscan -t ed25519 127.0.0.1 >/root/.ssh/depot_known 2>/dev/null
printf 'Host depot-storage\\n HostName 127.0.0.1\\n IdentityFile ~/.ssh/depot\\n' >/root/.ssh/config
printf ' UserKnownHostsFile ~/.ssh/depot_known\\n HostKeyAlias 127.0.0.1\\n' >>/root/.ssh/config
"""
_S3 = "moto_server --host 127.0.0.1 --port 8125"


@pytest.fixture(scope="module")
def root(host: Any) -> Callable[[str], str]:
    """Return a function that runs a script as root on the host, and returns its output."""
    return lambda script: str(host.check_output("sudo sh -c %s", script))


@pytest.fixture
def sftp(root: Callable[[str], str]) -> Iterator[Given]:
    """Let root log in to the host itself, and return the variables of a repository there."""
    root("mkdir -p -m 700 /root/.ssh /srv/sftp && rm -f /root/.ssh/depot*")
    root(_SSH)
    yield {"backup_repository": "sftp:depot-storage:/srv/sftp/depot"}
    root("sed -i '/ depot$/d' /root/.ssh/authorized_keys; rm -rf /root/.ssh/depot* /root/.ssh/config /srv/sftp")


@pytest.fixture
def s3(host: Any, root: Callable[[str], str]) -> Iterator[Given]:
    """Run a server of S3 on the host, and return the variables of a repository there, whose bucket does not exist."""
    root("apt-get -qq install -y --no-install-recommends python3-moto python3-flask python3-flask-cors curl")
    root(f"systemd-run --quiet --unit depot-s3 {_S3}")
    wait_until(lambda: host.socket("tcp://127.0.0.1:8125").is_listening)
    names = {"AWS_ACCESS_KEY_ID": "s3_id", "AWS_SECRET_ACCESS_KEY": "s3_key"}
    yield {
        "backup_repository": "s3:http://127.0.0.1:8125/bucket/depot",
        "backup_repository_secrets": {"RESTIC_PASSWORD": "restic_password", **names},
        "stack_secrets": {"s3_id": secrets.token_hex(8), "s3_key": secrets.token_hex(16)},
    }
    root("systemctl stop depot-s3")


@pytest.fixture(autouse=True)
def _no_repository(playbook: Playbook) -> Iterator[None]:
    yield
    assert playbook("backup", backup_now=False).code == 0


def _with(given: Given) -> Given:
    """Return all variables of a repository that are given a new password."""
    known = {"restic_password": secrets.token_hex(), **given.get("stack_secrets", {})}
    return {"backup_repository_secrets": {"RESTIC_PASSWORD": "restic_password"}, **given, "stack_secrets": known}


def _goes_there_and_back(depot: Depot, playbook: Playbook, root: Callable[[str], str], given: Given) -> None:
    """Send a backup, lose the backups of the server, check the repository in a drill, and restore from there."""
    if not depot.backups():
        depot.fill(300)
    before, where = depot.everything(), given["backup_repository"]
    run = playbook("backup", **given)
    assert run.code == 0, run.output
    backup = depot.backups()[-1]
    assert f"made the repository {where}" in run.output
    assert f"backup {backup} is in {where}" in run.output
    root(f"mv {depot.stack.home}/backups /tmp/lost")
    try:
        run = playbook("restore", restore_drill=True)
        assert run.code == 0, run.output
        assert f"fetching backup {backup} from {where}" in run.output
        assert "the repository is whole" in run.output
        root(f"rm -rf {depot.stack.home}/backups")
        depot.change()
        run = playbook("restore", restore_backup=backup)
        assert run.code == 0, run.output
        assert depot.everything() == before
    finally:
        root(f"rm -rf {depot.stack.home}/backups; mv /tmp/lost {depot.stack.home}/backups")


def test_a_repository_behind_sftp(depot: Depot, playbook: Playbook, root: Callable[[str], str], sftp: Given) -> None:
    given = _with(sftp)
    _goes_there_and_back(depot, playbook, root, given)
    root("rm /root/.ssh/depot_known")
    run = playbook("backup", backup_keep=9, **given)
    assert run.code == 2
    # restic often ends before it has passed on what ssh says.
    assert "host key" in run.output.lower() or "try ssh to its host as root of this host" in run.output
    assert f"Backup {depot.backups()[-1]} is complete on this host" in run.output


def test_a_repository_in_a_bucket(depot: Depot, playbook: Playbook, root: Callable[[str], str], s3: Given) -> None:
    given = _with(s3)
    run = playbook("backup", backup_keep=9, **given)
    assert run.code == 2
    assert "did not answer within 90 s: Stat: The specified bucket does not exist" in run.output
    root("curl --silent --fail --request PUT http://127.0.0.1:8125/bucket")
    _goes_there_and_back(depot, playbook, root, given)


def test_drills_notice_a_flipped_bit(depot: Depot, playbook: Playbook, root: Callable[[str], str]) -> None:
    root("rm -rf /srv/depot && mkdir -m 700 /srv/depot")
    run = playbook("backup", **_with({"backup_repository": "/srv/depot"}))
    assert run.code == 0, run.output
    pack = root("find /srv/depot/data -type f | sort | head -n 1").strip()
    flip = f"import sys; f = open('{pack}', 'r+b'); byte = f.read(1)[0]; f.seek(0); f.write(bytes([byte ^ 1]))"
    root(f'chmod u+w {pack}; python3 -c "{flip}"')
    # Each drill reads a tenth.
    outcomes = [playbook("restore", restore_drill=True)]
    while outcomes[-1].code == 0 and len(outcomes) < 10:
        outcomes.append(playbook("restore", restore_drill=True))
    assert outcomes[-1].code == 2
    assert "the repository /srv/depot: repository contains errors" in outcomes[-1].output
    # It is not forgotten by the next one, which could read what is whole.
    assert playbook("restore", restore_drill=True).code == 2
    root(f'python3 -c "{flip}"')
    assert playbook("restore", restore_drill=True).code == 0
    root("rm -rf /srv/depot")
