"""Which release jobs run where, and what an older image is asked on the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout import release_jobs
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

RUN = ["compose", "run", "--rm", "--no-deps", "-T"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(arguments: list[str], cwd: str) -> str:
        assert cwd == "/releases/r2"
        commands.append(arguments)
        return ""

    monkeypatch.setattr(docker, "run", run)
    return commands


def _services(**changes: Any) -> dict[str, dict[str, Any]]:
    job = {"release": "backend-release", "release_once": False, "release_check": ["alembic", "current"], "image": "b:1"}
    return {"backend": {**job, **changes}, "worker": {**job, "release": None, "release_check": None}}


def _forward(folder: Path, services: dict[str, dict[str, Any]], first_host: bool = True, changes: bool = True) -> None:
    release_jobs.run_jobs(services, lambda _: changes, "/releases/r2", Journal(folder / "j", "r2"), first_host)


def test_a_job_runs_where_its_service_changes(tmp_path: Path, ran: list[list[str]]) -> None:
    _forward(tmp_path, _services(), changes=False)
    assert ran == []
    _forward(tmp_path, _services())
    assert ran == [[*RUN, "backend-release"]]


@pytest.mark.parametrize(
    ("once", "first_host", "count"), [(True, True, 1), (True, False, 0), (False, True, 1), (False, False, 1)]
)
def test_a_job_for_all_hosts_runs_on_the_first(
    tmp_path: Path, ran: list[list[str]], once: bool, first_host: bool, count: int
) -> None:
    _forward(tmp_path, _services(release_once=once), first_host)
    assert len(ran) == count
    texts = [record["text"] for record in journal.read(tmp_path / "j", 0)[0]]
    assert texts[-1] == ("release job completed" if count else "release job left to the first host")


def test_a_job_that_fails_tells_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> str:
        raise DockerError("no such table", ("reading", "no such table"))

    monkeypatch.setattr(docker, "run", run)
    with pytest.raises(RolloutFailed, match="service 'backend': its release job failed: no such table") as caught:
        _forward(tmp_path, _services())
    assert caught.value.detail == ("reading", "no such table")


def test_on_the_way_back_the_image_is_asked_and_no_job_runs(tmp_path: Path, ran: list[list[str]]) -> None:
    release_jobs.run_checks(_services(), lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))
    assert ran == [[*RUN, "backend-release", "alembic", "current"]]


def test_an_image_that_does_not_know_the_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> str:
        raise DockerError("Can't locate revision identified by '0003'")

    monkeypatch.setattr(docker, "run", run)
    with pytest.raises(RolloutFailed, match=r"service 'backend': b:1 does not know .*'0003'.*rollback_compatible=true"):
        release_jobs.run_checks(_services(), lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))


def test_a_release_that_was_recorded_without_a_check_is_not_asked(tmp_path: Path, ran: list[list[str]]) -> None:
    services = _services()
    del services["backend"]["release_check"]
    release_jobs.run_checks(services, lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))
    assert ran == []
