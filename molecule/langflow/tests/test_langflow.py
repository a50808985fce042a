"""Langflow and an application, each with its own migrations, in one Postgres server; volumes and demo data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]


@pytest.fixture
def stack(host: Any) -> Stack:
    return Stack(host, "langflow", 8425)


@pytest.fixture
def compose(host: Any, stack: Stack) -> Callable[[str], str]:
    return lambda command: host.check_output(f"cd {stack.home}/current && sudo docker compose {command}")


@pytest.fixture
def query(compose: Callable[[str], str]) -> Callable[..., str]:
    def ask(sql: str, database: str = "langflow") -> str:
        return compose(f'exec -T db psql -U langflow -d {database} -Atc "{sql}"')

    return ask


def test_each_database_has_the_version_of_its_own_migrations(query: Callable[..., str]) -> None:
    """At its start Langflow drops every version that it does not know. It cannot reach the application's version."""
    assert query("SELECT version_num FROM alembic_version", "langflow_own") == "langflow"
    assert query("SELECT version_num FROM alembic_version") not in ("", "langflow")


def test_the_role_of_langflow_has_no_rights_in_other_databases(query: Callable[..., str]) -> None:
    assert query("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'langflow_own'") == "langflow_own"
    assert query("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'langflow_own'") == "f"
    assert query("SELECT has_table_privilege('langflow_own', 'items', 'SELECT')") == "f"
    assert query("SELECT has_database_privilege('analyst', 'langflow_own', 'CONNECT')") == "f"


def test_the_scripts_ran_in_the_order_of_their_names(query: Callable[..., str]) -> None:
    """The second script needs what the first one creates. If it fails, the database does not start."""
    assert query("SELECT has_schema_privilege('analyst', 'reporting', 'CREATE')") == "t"
    assert query("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == "1"
    assert query("SELECT has_table_privilege('analyst', 'items', 'SELECT')") == "t"


def test_the_page_is_rendered_with_the_demo_data(stack: Stack) -> None:
    answer = stack.get("/")
    assert answer.status == 200
    assert "A lamp" in answer.body
    assert stack.get("/api/health").status == 200


def test_volumes_belong_to_the_users_that_write_to_them(stack: Stack, compose: Callable[[str], str]) -> None:
    assert stack.send("PUT", "/api/uploads/report.pdf", "content").status == 201
    # Both replicas share the volume.
    assert {stack.get("/api/uploads/report.pdf").body for _ in range(6)} == {"content"}
    assert compose("exec -T backend stat -c %u /var/lib/shop/uploads") == "10001"
    assert compose("exec -T langflow stat -c %u:%g /app/langflow /app/logs").split() == ["1000:0"] * 2
    assert compose("exec -T langflow cat /app/langflow/secret_key") == "kept"
    assert "started" in compose("exec -T langflow cat /app/logs/langflow.log")


def test_creating_the_database_again_keeps_the_data_and_repairs_the_password(
    query: Callable[..., str], compose: Callable[[str], str]
) -> None:
    query("ALTER ROLE langflow_own PASSWORD 'lost'")
    compose("run --rm langflow-db")
    compose("restart langflow")
    compose("up --wait --no-deps --no-recreate langflow")
    assert query("SELECT count(*) FROM flow", "langflow_own") == "0"


def test_langflow_in_the_database_of_the_application_is_refused(playbook: Playbook, stack: Stack) -> None:
    before = stack.live()
    run = playbook(
        "deploy",
        stack_services={
            "db": {"kind": "postgres"},
            "langflow": {"kind": "langflow", "needs": ["db"]},
            "backend": {
                "kind": "fastapi",
                "image": "registry:5000/shop/backend:1.0.0",
                "needs": ["db"],
                "release": "alembic upgrade head",
            },
        },
    )
    assert run.code != 0
    assert (
        "'backend' migrates the database 'db' as well, and langflow drops another service's alembic_version"
        in run.output
    )
    assert stack.live() == before
