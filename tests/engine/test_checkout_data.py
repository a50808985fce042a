"""A developer's checkout gets the data of a masked snapshot, by the real playbook and a real Postgres."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT
from tests.support.snapshots import Part, write

GOOD = [
    Part("pre-data", b"CREATE TABLE public.people (id int, mail text);"),
    Part("rows", b"1\tu1@example.com\n2\tu2@example.com\n", "public.people", "public.people (id, mail)", 2),
    Part("post-data", b"ALTER TABLE public.people ADD PRIMARY KEY (id);"),
]


@dataclass(frozen=True)
class Checkout:
    """A checkout with a database and nothing else."""

    root: Path
    name: str

    def playbook(self, *options: str, **variables: object) -> tuple[int, str]:
        """Run the playbook, and return its exit code and what it prints."""
        settings = {
            "stack_name": self.name,
            "stack_environment": "development",
            "stack_services": {"db": {"kind": "postgres", "version": "17"}, "queue": {"kind": "redis"}},
            "stack_hosts": "all",
            "workspace_path": str(self.root),
            **variables,
        }
        argv = ["ansible-playbook", "--inventory=nowhere,", f"--extra-vars={json.dumps(settings)}", *options]
        argv.append(str(ROOT / "playbooks/workspace.yml"))
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(argv, cwd=self.root, env=environment, capture_output=True, text=True)
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)

    def compose(self, *words: str) -> str:
        """Return the output of Compose."""
        return subprocess.run(
            ["docker", "compose", *words], cwd=self.root, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def sql(self, text: str, database: str = "") -> list[str]:
        """Return what the database answers."""
        words = ("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", self.name, "-d", database or self.name, "-c", text)
        return self.compose("exec", "--no-TTY", "db", *words).split()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """Return a checkout whose database has a table of its own."""
    made = Checkout(tmp_path_factory.mktemp("checkout"), f"checkout{secrets.token_hex(4)}")
    code, output = made.playbook()
    assert code == 0, output
    try:
        ports = {"DB_PORT": "0", "QUEUE_PORT": "0"}
        path = made.root / ".env"
        lines = [
            re.sub(r"=.*", f"={ports[line.split('=')[0]]}", line) if line.split("=")[0] in ports else line
            for line in path.read_text().splitlines()
        ]
        path.write_text("\n".join(lines) + "\n")
        made.compose("up", "--detach", "--wait", "db")
        made.sql("CREATE TABLE mine (a int); INSERT INTO mine VALUES (7)")
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "1")


@pytest.fixture
def fails(checkout: Checkout) -> Callable[..., str]:
    """Return a function that runs the playbook, which must fail and change nothing, and returns what it prints."""

    def run(**variables: object) -> str:
        before = checkout.sql("SELECT datname FROM pg_database ORDER BY 1"), checkout.sql("SELECT a FROM mine")
        code, output = checkout.playbook(**variables)
        assert code == 2, output
        assert (
            checkout.sql("SELECT datname FROM pg_database ORDER BY 1"),
            checkout.sql("SELECT a FROM mine"),
        ) == before
        return output

    return run


def test_what_is_not_right_is_refused(tmp_path: Path, fails: Callable[..., str]) -> None:
    good = str(write(tmp_path / "good.tar", GOOD))
    unmasked = Part("rows", b"1\tada@mail.test.de\n", "public.people", "public.people (id, mail)", 1)
    personal = str(write(tmp_path / "personal.tar", [GOOD[0], unmasked, GOOD[2]]))
    newer = str(write(tmp_path / "newer.tar", GOOD, server_version="18.1"))
    short = tmp_path / "short.tar"
    short.write_bytes(Path(good).read_bytes()[:3000])
    assert "public.people.mail: 1 addresses of mail" in fails(workspace_data=personal)
    assert "is of PostgreSQL 18" in fails(workspace_data=newer)
    assert "it is truncated" in fails(workspace_data=str(short)) or "is missing" in fails(workspace_data=str(short))
    assert "cannot be read: No such file" in fails(workspace_data="nothing.tar")
    said = "service 'queue' has no database that a snapshot can be loaded into; valid values: db"
    assert said in fails(workspace_data=good, workspace_data_service="queue")


def test_check_mode_loads_nothing(tmp_path: Path, checkout: Checkout) -> None:
    code, output = checkout.playbook("--check", workspace_data=str(write(tmp_path / "a.tar", GOOD)))
    assert code == 0, output
    assert checkout.sql("SELECT a FROM mine") == ["7"]


def test_a_snapshot_is_loaded_and_what_was_there_is_kept(tmp_path: Path, checkout: Checkout) -> None:
    path = str(write(tmp_path / "a.tar", GOOD))
    code, output = checkout.playbook(workspace_data=path)
    assert code == 0, output
    assert "slipway_before has what it had" in output
    assert checkout.sql("SELECT mail FROM people ORDER BY 1") == ["u1@example.com", "u2@example.com"]
    checkout.sql("ALTER DATABASE slipway_before ALLOW_CONNECTIONS true")
    assert checkout.sql("SELECT a FROM mine", "slipway_before") == ["7"]
    checkout.sql("DELETE FROM people")
    code, output = checkout.playbook(workspace_data=path)
    assert code == 0, output
    assert checkout.sql("SELECT count(*) FROM people") == ["2"]
    assert checkout.sql("SELECT datname FROM pg_database WHERE datname LIKE 'slipway%'") == ["slipway_before"]


def test_a_project_that_runs_elsewhere_is_not_touched(tmp_path: Path, checkout: Checkout) -> None:
    other = Checkout(tmp_path, checkout.name)
    before = checkout.sql("SELECT oid FROM pg_database ORDER BY 1")
    code, output = other.playbook(workspace_data=str(write(tmp_path / "a.tar", GOOD)))
    assert code == 2
    assert f"runs in {checkout.root} and not in this checkout" in output
    assert checkout.sql("SELECT oid FROM pg_database ORDER BY 1") == before
