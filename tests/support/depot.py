"""A stack with data, such as `depot` of the scenarios backup and restore: its backups, and the process of a work."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any

from tests.support.stacks import Stack

#: Tables of every sort that a dump has to bring back. ROWS is replaced.
_SCHEMA = """
CREATE TYPE size AS ENUM ('small', 'large');
CREATE DOMAIN amount AS integer CHECK (VALUE >= 0);
CREATE TABLE customers (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, tags text[]);
CREATE TABLE "Order Items" (id bigserial PRIMARY KEY, customer integer REFERENCES customers, "Size" size,
  quantity amount, doubled integer GENERATED ALWAYS AS (quantity * 2) STORED, details jsonb);
CREATE TABLE visits (at date NOT NULL, customer integer) PARTITION BY RANGE (at);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE without_key (word text);
CREATE VIEW large_items AS SELECT * FROM "Order Items" WHERE "Size" = 'large';
INSERT INTO customers (name, tags) SELECT 'customer ' || n, ARRAY['a', n::text] FROM generate_series(1, ROWS) n;
INSERT INTO "Order Items" (customer, "Size", quantity, details)
  SELECT n, CASE n % 2 WHEN 0 THEN 'small' ELSE 'large' END::size, n, jsonb_build_object('n', n)
  FROM generate_series(1, ROWS) n;
INSERT INTO visits SELECT date '2025-06-01' + n % 500, n FROM generate_series(1, ROWS) n;
INSERT INTO without_key SELECT md5(n::text) FROM generate_series(1, ROWS) n;
SELECT lo_from_bytea(0, 'a large object');
GRANT SELECT ON customers TO reporter;
ALTER DATABASE depot SET statement_timeout TO '1h';
"""
#: A digest of each table's rows, of the sequences, of what is granted, and of the large objects.
_DIGEST = """
SELECT 'customers', md5(string_agg(t::text, ',' ORDER BY id)) FROM customers t
UNION ALL SELECT 'items', md5(string_agg(t::text, ',' ORDER BY id)) FROM "Order Items" t
UNION ALL SELECT 'visits', md5(string_agg(t::text, ',' ORDER BY at, customer)) FROM visits t
UNION ALL SELECT 'words', md5(string_agg(word, ',' ORDER BY word)) FROM without_key
UNION ALL SELECT 'large', count(*)::text FROM large_items
UNION ALL SELECT 'object', string_agg(convert_from(lo_get(oid), 'UTF8'), ',') FROM pg_largeobject_metadata
UNION ALL SELECT 'sequence', last_value::text FROM "Order Items_id_seq"
UNION ALL SELECT 'granted', has_table_privilege('reporter', 'customers', 'SELECT')::text
UNION ALL SELECT 'setting', string_agg(setconfig::text, ',') FROM pg_db_role_setting
  JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()
UNION ALL SELECT 'owner', pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()
"""

#: Waits for a new record with a text in the journal of a stack's work, and kills the process that holds the lease.
_KILL = """
import json, os, pathlib, signal, sys, time
state = pathlib.Path(sys.argv[1]) / "state"
journal = state / sys.argv[3]
start = journal.stat().st_size if journal.exists() else 0
for _ in range(12000):
    if sys.argv[2] in (journal.read_text()[start:] if journal.exists() else ""):
        os.kill(json.loads((state / "lease").read_text())["pid"], signal.SIGKILL)
        break
    time.sleep(0.01)
"""


@dataclass(frozen=True)
class Depot:
    """What the tests do to the data of the stack."""

    stack: Stack

    def _run(self, *argv: str) -> str:
        quoted = " ".join(["%s"] * len(argv))
        return str(self.stack.host.check_output(quoted, *argv))

    def sql(self, text: str, database: str = "") -> str:
        """Return what the database server answers. The database is by default the one of the stack's name."""
        psql = ("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", self.stack.name, "-d", database or self.stack.name)
        return self._run("docker", "exec", self.stack.containers("db")[0], *psql, "-c", text)

    def run(self, sql: str) -> list[str]:
        """Run a script of SQL, and return the lines that it prints."""
        psql = f"psql -XAtq -v ON_ERROR_STOP=1 -U {self.stack.name} -d {self.stack.name}"
        encoded = base64.b64encode(sql.encode()).decode()
        container = self.stack.containers("db")[0]
        script = f"echo {encoded} | base64 -d | docker exec --interactive {container} {psql}"
        return self._run("sh", "-ec", script).splitlines()

    def fill(self, rows: int) -> None:
        """Make the tables, a key of Redis, and a file, with values that only this run has."""
        self.sql("CREATE ROLE reporter LOGIN PASSWORD '" + secrets.token_hex() + "'")
        for statement in _SCHEMA.replace("ROWS", str(rows)).split(";\n"):
            if statement.strip():
                self.sql(statement)
        self.redis(f"SET word {secrets.token_hex()}")
        self.file("write")

    def redis(self, command: str) -> str:
        """Return what Redis answers."""
        script = f'REDISCLI_AUTH="$(cat /run/secrets/queue_password)" redis-cli {command}'
        return self._run("docker", "exec", self.stack.containers("queue")[0], "sh", "-ec", script)

    def file(self, verb: str) -> str:
        """Write a file with a new content, or return the content."""
        script = {
            "write": f"echo {secrets.token_hex()} >/var/lib/postgresql/data/a",
            "read": "cd /var/lib/postgresql/data; cat a; ls -ln",
        }[verb]
        return self._run("docker", "exec", self.stack.containers("app")[0], "sh", "-ec", script)

    def content(self, database: str = "") -> dict[str, str]:
        """Return all that must be the same after a restore."""
        return dict(line.split("|", 1) for line in self.sql(_DIGEST, database).splitlines())

    def everything(self) -> dict[str, str]:
        """Return the content of the database, of Redis and of the volume."""
        return {**self.content(), "redis": self.redis("GET word"), "file": self.file("read")}

    def change(self) -> None:
        """Change all of it, as a mistake would."""
        self.sql('DELETE FROM "Order Items" WHERE id % 3 = 0')
        self.sql("DROP VIEW large_items; CREATE VIEW large_items AS SELECT 1")
        self.sql("UPDATE customers SET name = 'x' || id")
        self.redis(f"SET word {secrets.token_hex()}")
        self.file("write")

    def databases(self) -> set[str]:
        """Return the names of all databases but those of the server."""
        return set(self.sql("SELECT datname FROM pg_database WHERE NOT datistemplate").split()) - {"postgres"}

    def backups(self) -> list[str]:
        """Return the ids of the backups, oldest first, and what else is in their directory."""
        return self._run("sudo", "sh", "-c", f"ls -A {self.stack.home}/backups 2>/dev/null || :").split()

    def manifest(self, backup: str) -> dict[str, Any]:
        """Return the manifest of a backup."""
        parsed: dict[str, Any] = json.loads(
            self._run("sudo", "cat", f"{self.stack.home}/backups/{backup}/manifest.json")
        )
        return parsed

    def results(self) -> list[dict[str, Any]]:
        """Return how the work ended, oldest first."""
        text = self._run("sudo", "cat", f"{self.stack.home}/state/backups.jsonl")
        return [json.loads(line) for line in text.splitlines()]

    def journal(self) -> list[dict[str, Any]]:
        """Return the records of the work."""
        text = self._run("sudo", "sh", "-c", f"cat {self.stack.home}/state/backup-journal.jsonl 2>/dev/null || :")
        return [json.loads(line) for line in text.splitlines()]

    def kill_at(self, text: str, journal: str = "backup-journal.jsonl") -> None:
        """Let the server kill the next work as soon as its journal has *text*, within two minutes."""
        script = ("python3", "-c", _KILL, self.stack.home, text, journal)
        self._run("sudo", "systemd-run", "--quiet", "--collect", *script)
