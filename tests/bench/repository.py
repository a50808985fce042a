"""Save a database of a million rows, and again with one percent of its rows changed, and count seconds and bytes.

Ours is a backup of the role: a dump that is not compressed itself, then compressed so that a repository can deduplicate
it, and sent to restic. The other is what scripts do: the dump as `pg_dump` compresses it, to the standard input of
restic. Both write to repositories of their own on the same server, in turns.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from tests.bench.server import Server
from tests.bench.sides import OURS

SCRIPT = "pg_dump -Fc | restic backup --stdin"
_SETTINGS = {
    "stack_name": "ledger",
    "stack_environment": "production",
    "stack_probes": [],
    "stack_services": {"db": {"kind": "postgres", "version": "17", "memory": "1g"}},
}
_DATABASE = "docker exec ledger-db-1"
#: Rows that no compression makes small. Those that change are the newest, as in a table that grows: if they were all
#: over the table, each block of the dump would be another one.
_ROWS = "CREATE TABLE entries AS SELECT n AS id, md5(random()::text) AS word FROM generate_series(1, 1000000) n"
_CHANGE = "UPDATE entries SET word = md5(random()::text) WHERE id > 990000"
_MIB = 1024**2


@dataclass(frozen=True)
class Saved:
    """One backup of one side: how long it took, and what it added to its repository."""

    side: str
    number: int
    seconds: float
    added: int


def measure(server: Server, rounds: int) -> list[Saved]:
    """Return *rounds* backups of each side. Before each but the first, one percent of the rows change.

    :raises BenchError: if a backup fails.
    """
    password = secrets.token_hex()
    server.playbook("playbooks/provision.yml", **_SETTINGS, **_ENGINE)
    server.playbook("playbooks/deploy.yml", **_SETTINGS)
    repository = {
        **_SETTINGS,
        "backup_repository": "/srv/ours",
        "backup_repository_secrets": {"RESTIC_PASSWORD": "restic_password"},
        "stack_secrets": {"restic_password": password},
    }
    server.command("sudo mkdir /srv/ours /srv/theirs")
    server.playbook("playbooks/backup.yml", backup_now=False, **repository)
    server.command(f'{_DATABASE} psql -q -U ledger ledger -c "{_ROWS}"')
    restic = f"sudo RESTIC_PASSWORD={password} RESTIC_REPOSITORY=/srv/theirs restic --no-cache"
    server.command(f"{restic} init")
    script = f"{_DATABASE} pg_dump -Fc -U ledger ledger | {restic} backup --quiet --stdin --stdin-filename db"
    saved = []
    for number in range(1, rounds + 1):
        if number > 1:
            server.command(f"{_DATABASE} psql -q -U ledger ledger -c '{_CHANGE}'")
        saved.append(_timed(server, OURS, number, "/srv/ours", repository))
        saved.append(_timed(server, SCRIPT, number, "/srv/theirs", script))
    return saved


def lines(saved: list[Saved]) -> list[str]:
    """Return the backups as a table."""
    rows = [f"  {one.side:<40} {one.number}  {one.seconds:6.1f} s  {one.added / _MIB:8.1f} MiB" for one in saved]
    title = "a million rows into restic, the newest 1 % changed before each further backup: seconds, and what was added"
    return [title, *rows]


#: The test server takes images from the testbed's registry.
_ENGINE = {"engine_registry_mirrors": ["http://registry:5000"], "engine_insecure_registries": ["registry:5000"]}


def _timed(server: Server, side: str, number: int, folder: str, work: str | dict[str, object]) -> Saved:
    before = _size(server, folder)
    started = time.perf_counter()
    if isinstance(work, str):
        server.command(work)
    else:
        server.playbook("playbooks/backup.yml", **work)
    seconds = time.perf_counter() - started
    return Saved(side, number, seconds, _size(server, folder) - before)


def _size(server: Server, folder: str) -> int:
    return int(server.command(f"sudo du --summarize --bytes {folder}").split()[0])
