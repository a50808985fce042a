"""A team's own Compose files: deployed, updated under load, refused if wrong. The tests depend on their order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack, Visitor

Playbook = Callable[..., Any]
OLD, NEW = "1.0.0", "1.1.0"


@pytest.fixture
def own(host: Any) -> Stack:
    return Stack(host, "own", 8427)


@pytest.fixture
def theirs(host: Any) -> Stack:
    return Stack(host, "theirs", 8428)


@pytest.fixture(scope="session")
def scenario() -> Path:
    return Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "molecule/own"


@contextmanager
def visited(stack: Stack, *paths: str) -> Iterator[list[Visitor]]:
    """Request the paths with almost no pause during the block, and for two seconds after it."""
    with ExitStack() as visitors:
        yield [visitors.enter_context(Visitor(stack, path, pause=0.01)) for path in paths]
        time.sleep(2)


def test_the_files_are_live_through_our_edge(own: Stack) -> None:
    assert own.get("/api/version").headers["x-app-version"] == OLD
    assert '<div id="root">' in own.get("/").body
    assert own.host.check_output("docker volume ls --quiet --filter name=own_pgdata") == "own_pgdata"
    # adminer needs a profile.
    assert own.containers("adminer") == []
    [database] = own.containers("db")
    query = "SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'"
    found = own.host.check_output(f'docker exec {database} psql --username app --dbname app -tAc "{query}"')
    assert found == "pg_trgm"


def test_secrets_are_not_in_files_of_the_release(own: Stack) -> None:
    secrets = own.host.check_output("sudo sh -c %s", f"cat {own.home}/secrets/generated/*")
    assert len(secrets) == 32 + 32 + 50
    with own.host.sudo():
        for name in ("db_password", "redis_password", "secret_key"):
            value = own.host.file(f"{own.home}/secrets/generated/{name}").content_string
            found = own.host.run(f"grep -rlF {value} {own.home}/releases {own.home}/files {own.home}/state")
            assert (found.rc, found.stdout) == (1, "")


def test_a_plan_says_why_and_changes_nothing(own: Stack, playbook: Playbook) -> None:
    before = own.tree(), own.containers()
    run = playbook("deploy", "--check", app_version=NEW)
    assert run.code == 0, run.output
    assert "db is stateful, because its image, postgres, holds data" in run.output
    assert "worker is drain, because its command starts a worker" in run.output
    assert "proxy is described in the inventory, which replaces the entry of the file" in run.output
    assert "backend roll image" in run.output
    assert (own.tree(), own.containers()) == before


def test_a_new_version_fails_no_request(own: Stack, playbook: Playbook) -> None:
    with visited(own, "/api/version", "/") as (api, page):
        run = playbook("deploy", app_version=NEW)
    assert run.code == 0, run.output
    assert {seen[0] for seen in api.seen | page.seen} == {200}
    assert {seen[1] for seen in api.seen} == {OLD, NEW}
    assert api.count > 300
    assert playbook("deploy", app_version=NEW).changed == 0


def test_wrong_files_are_refused_with_file_and_line(own: Stack, playbook: Playbook, tmp_path: Path) -> None:
    before = own.tree(), own.containers()
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n  web:\n    image: web:${TAG}\n    comand: x\n    volumes: [../conf:/conf]\n  job: {build: .}\n"
    )
    files = [str(tmp_path / "docker-compose.yml")]
    run = playbook("deploy", stack_compose_files=files, stack_services={})
    assert run.code == 2
    for sentence in (
        "docker-compose.yml:3: service 'web': key 'image': the variable TAG has no value",
        "docker-compose.yml:4: service 'web': key 'comand': is not a key of a service; did you mean 'command'?",
        "docker-compose.yml:5: service 'web': key 'volumes': ../conf is outside the project",
        "docker-compose.yml:6: service 'job': key 'build': the built image has no name",
    ):
        assert sentence in run.output
    assert (own.tree(), own.containers()) == before


def test_a_teams_own_proxy_follows_replaced_containers(theirs: Stack, playbook: Playbook, scenario: Path) -> None:
    given = {
        "stack_name": "theirs",
        "stack_compose_files": [str(scenario / "theirs/docker-compose.yml")],
        "stack_services": {},
        "stack_secrets": {},
    }
    first = playbook("deploy", app_version=OLD, **given)
    assert first.code == 0, first.output
    assert "is replaced in place, with downtime, because it publishes port 8428 of the host" in first.output
    [proxy] = theirs.containers("proxy")
    with visited(theirs, "/", "/", "/") as pages:
        run = playbook("deploy", app_version=NEW, **given)
    assert run.code == 0, run.output
    assert "proxy reload replacement of web" in run.output
    assert {seen[0] for page in pages for seen in page.seen} == {200}
    assert theirs.containers("proxy") == [proxy]
    # It knows no address of a removed container.
    assert all(theirs.get("/").status == 200 for _ in range(20))
