"""A database that is saved continuously goes back to any second.

The server's own units receive the WAL. Nothing of it is lost if the receiver is killed, or if the container of the
database is replaced.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.long_form import LONG
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]

_UNIT = "slipway-wal-depot-db"
#: Writes its time five times a second, whatever happens to the database.
_BEATS = """
while :; do
  docker exec "$(docker ps --quiet --filter label=com.docker.compose.project=depot \
    --filter label=com.docker.compose.service=db)" \
    psql -XAtq -U depot -d depot -c "INSERT INTO beats VALUES (clock_timestamp())
      RETURNING (extract(epoch FROM at) * 1000)::bigint" >>/var/tmp/beats
  sleep 0.2
done
"""


def _run(playbook: Playbook, name: str, **variables: Any) -> Any:
    run = playbook(name, **{"depot_continuous": True, **variables})
    assert run.code == 0, run.output
    return run


@pytest.fixture
def beats(depot: Depot, playbook: Playbook) -> Iterator[None]:
    _run(playbook, "deploy")
    depot.sql("DROP TABLE IF EXISTS beats")
    depot.sql("CREATE TABLE beats (at timestamptz)")
    depot.stack.host.check_output("sudo rm -f /var/tmp/beats")
    depot.stack.host.check_output("sudo systemd-run --quiet --collect --unit=beats sh -c %s", _BEATS)
    yield
    depot.stack.host.run("sudo systemctl stop beats")


def _moment(depot: Depot) -> int:
    """Return the whole second that begins next on the server, as soon as it is over by two."""
    second = int(depot.stack.host.check_output("date +%s")) + 1
    time.sleep(3)
    return second


def _written(depot: Depot) -> list[int]:
    lines = depot.stack.host.check_output("sudo cat /var/tmp/beats").splitlines()
    # While a container is removed, the engine says so on standard output.
    return [int(line) for line in lines if line.isdecimal()]


def _present(depot: Depot) -> list[int]:
    return [
        int(line) for line in depot.sql("SELECT (extract(epoch FROM at) * 1000)::bigint FROM beats ORDER BY 1").split()
    ]


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S+00")


def test_back_to_any_second(depot: Depot, playbook: Playbook, beats: None) -> None:
    assert "saved in full" in _run(playbook, "backup", backup_continuous_full_every=1).output
    moments = [_moment(depot)]
    assert "saved since" in _run(playbook, "backup").output
    moments.append(_moment(depot))
    # The receiver is killed, and its container, too.
    depot.stack.host.check_output(f"sudo systemctl kill --signal=KILL {_UNIT}")
    depot.stack.host.check_output(f"docker rm --force {_UNIT}")
    moments.append(_moment(depot))
    # The container of the database is replaced.
    before = depot.stack.containers("db")
    depot.stack.host.check_output("docker rm --force %s", before[0])
    _run(playbook, "deploy")
    assert depot.stack.containers("db") != before
    wait_until(lambda: depot.stack.host.run("docker ps --quiet --filter name=" + _UNIT).stdout.strip() != "", 60)
    moments.append(_moment(depot))
    depot.sql("DROP TABLE beats")
    depot.stack.host.check_output("sudo systemctl stop beats")
    written = _written(depot)
    assert len(written) > 30
    for moment in reversed(moments) if LONG else moments[2:3]:
        run = _run(playbook, "restore", restore_to=_text(moment))
        assert "is restored; what was there is kept" in run.output
        present = _present(depot)
        # A row was committed some milliseconds after its time. When the database was killed, a row that was committed
        # may not have been reported.
        assert set(present) >= {at for at in written if at <= moment * 1000 - 50}
        assert present[-1] <= moment * 1000
        assert 0 < len(present) < len(written)
    _run(playbook, "restore", restore_drill=True)


def test_a_moment_that_is_not_possible_is_refused(depot: Depot, playbook: Playbook) -> None:
    for text, reason in (
        ("2001-01-01 00:00:00+00", "cannot be restored to 2001-01-01 00:00:00+00; possible is 20"),
        ("2099-01-01 00:00:00+00", "cannot be restored to 2099-01-01 00:00:00+00; possible is 20"),
        ("2026-11-26 08:15:00", "has no time zone"),
    ):
        run = playbook("restore", restore_to=text, depot_continuous=True)
        assert run.code == 2
        assert reason in run.output


@pytest.mark.skipif(not LONG, reason="it takes a backup and a restore more")
def test_a_server_that_has_lost_its_wal_fetches_it(depot: Depot, playbook: Playbook) -> None:
    repository = {
        "backup_repository": "/srv/wal",
        "backup_repository_secrets": {"RESTIC_PASSWORD": "restic_password"},
        "stack_secrets": {"restic_password": secrets.token_hex()},
    }
    host = depot.stack.host
    host.check_output("sudo sh -c 'rm -rf /srv/wal && mkdir /srv/wal'")
    _run(playbook, "deploy")
    run = _run(playbook, "backup", **repository)
    assert "WAL and base backups are sent" in run.output
    assert "active" in host.check_output("systemctl is-active slipway-wal-send-depot.timer")
    depot.sql("CREATE TABLE kept AS SELECT 7 AS a")
    moment = _moment(depot)
    # What the timer starts every five minutes. It takes with it what no backup has.
    host.check_output("sudo systemctl start slipway-wal-send-depot.service")
    assert _sent_until(depot) >= moment
    assert "in the repository until" in _run(playbook, "status", **repository).output
    host.check_output(f"sudo systemctl stop {_UNIT} slipway-wal-send-depot.timer")
    late = host.run("sudo systemctl start slipway-wal-send-depot.service")
    assert late.rc == 1
    assert "its WAL is not received" in host.check_output("sudo journalctl --unit slipway-wal-send-depot.service")
    depot.sql("DROP TABLE kept")
    host.check_output(f"sudo rm -r {depot.stack.home}/backups/continuous")
    _run(playbook, "backup", backup_now=False, **repository)
    run = _run(playbook, "restore", restore_to=_text(moment), **repository)
    assert "fetching WAL and base backups" in run.output
    assert depot.sql("SELECT a FROM kept") == "7"


def _sent_until(depot: Depot) -> float:
    return float(json.loads(depot.stack.host.check_output(f"sudo cat {depot.stack.home}/state/sent.json"))["until"])


def test_turned_off_the_slot_and_the_unit_are_gone(depot: Depot, playbook: Playbook) -> None:
    _run(playbook, "deploy", depot_continuous=False)
    wait_until(lambda: not depot.sql("SELECT 1 FROM pg_replication_slots").strip(), 30)
    _run(playbook, "backup", depot_continuous=False, backup_now=False)
    assert depot.stack.host.run(f"systemctl cat {_UNIT}").rc != 0
    depot.stack.host.check_output(f"sudo rm -r {depot.stack.home}/backups/continuous")
