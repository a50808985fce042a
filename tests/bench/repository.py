"""Save a million rows in restic, change one percent of them, save them again, and count seconds and bytes.

Ours is what the timer starts: a dump that is not compressed itself, compressed so that a repository can deduplicate it,
kept on the host with its manifest, and sent. The other is what scripts do: the dump as `pg_dump` compresses it, to the
standard input of restic, and nothing kept on the host. Both have new repositories on the same server in each round.
"""

from __future__ import annotations

import secrets
import time

from tests.bench.figures import Contest
from tests.bench.server import Server
from tests.bench.sides import OURS

SCRIPT = "pg_dump -Fc | restic backup --stdin"
_SETTINGS = {
    "stack_name": "ledger",
    "stack_environment": "production",
    "stack_probes": [],
    "stack_services": {"db": {"kind": "postgres", "version": "17", "memory": "1g"}},
}
#: The test server takes images from the testbed's registry.
_ENGINE = {"engine_registry_mirrors": ["http://registry:5000"], "engine_insecure_registries": ["registry:5000"]}
_PSQL = "sudo docker exec ledger-db-1 psql -q -U ledger ledger -c"
#: Rows that no compression makes small. Those that change are the newest, as in a table that grows: if they were all
#: over the table, each block of the dump would be another one.
_ROWS = "CREATE TABLE entries AS SELECT n AS id, md5(random()::text) AS word FROM generate_series(1, 1000000) n"
_CHANGE = "UPDATE entries SET word = md5(random()::text) WHERE id > 990000"
_MIB = 1024**2


def measure(server: Server, rounds: int) -> tuple[list[Contest], list[str]]:
    """Return the seconds of the first and of the second backup, and lines that say what they added to a repository.

    :raises BenchError: if a backup fails.
    """
    password = secrets.token_hex()
    server.playbook("playbooks/provision.yml", **_SETTINGS, **_ENGINE)
    server.playbook("playbooks/deploy.yml", **_SETTINGS)
    server.command("sudo mkdir /srv/ours /srv/theirs")
    server.playbook(
        "playbooks/backup.yml",
        **_SETTINGS,
        backup_now=False,
        backup_repository="/srv/ours",
        backup_repository_secrets={"RESTIC_PASSWORD": "restic_password"},
        stack_secrets={"restic_password": password},
    )
    server.command(f'{_PSQL} "{_ROWS}"')
    restic = f"sudo RESTIC_PASSWORD={password} RESTIC_REPOSITORY=/srv/theirs restic --no-cache"
    dump = "sudo docker exec ledger-db-1 pg_dump -Fc -U ledger ledger"
    sides = {
        OURS: ("/srv/ours", "sudo systemctl start slipway-backup-ledger.service"),
        SCRIPT: ("/srv/theirs", f"{dump} | {restic} backup --quiet --stdin --stdin-filename db"),
    }
    seconds: dict[str, dict[str, list[float]]] = {word: {side: [] for side in sides} for word in ("first", "second")}
    added: list[str] = []
    for _round in range(rounds):
        # What is on the host is sent to an empty repository, too.
        server.command("sudo rm -rf /srv/ours /srv/theirs /opt/stacks/ledger/backups")
        server.command("sudo mkdir /srv/ours /srv/theirs")
        server.command(f"{restic} init")
        for word, of_sides in seconds.items():
            for side, (folder, work) in sides.items():
                before = _size(server, folder)
                started = time.perf_counter()
                server.command(work)
                of_sides[side].append(time.perf_counter() - started)
                added.append(f"  {side}, {word} backup: {(_size(server, folder) - before) / _MIB:.1f} MiB added")
            server.command(f"{_PSQL} '{_CHANGE}'")
    contests = [Contest(f"a million rows in restic, {word} backup", taken, OURS, {}) for word, taken in seconds.items()]
    return contests, added


def _size(server: Server, folder: str) -> int:
    return int(server.command(f"sudo du --summarize --bytes {folder}").split()[0])
