"""Which release jobs run on which host, and the check of an older image at a rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout import release_jobs
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

RUN = ["compose", "run", "--rm", "--no-deps", "-T"]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    recorded: list[list[str]] = []

    def run(arguments: list[str], cwd: str, timeout: float) -> str:
        assert (cwd, timeout) == ("/releases/r2", 300.0 if "current" in arguments else 600.0)
        recorded.append(arguments)
        return ""

    monkeypatch.setattr(docker, "run", run)
    return recorded


def _services(**changes: Any) -> dict[str, dict[str, Any]]:
    job = {"release": "backend-release", "release_once": False, "release_check": ["alembic", "current"], "image": "b:1"}
    job["job_seconds"] = 600.0
    return {"backend": {**job, **changes}, "worker": {**job, "release": None, "release_check": None}}


def _run_jobs(folder: Path, services: dict[str, dict[str, Any]], first_host: bool = True, changes: bool = True) -> None:
    options = RolloutOptions("r2", 5, "ada", first_host=first_host)
    release_jobs.run_jobs(services, lambda _: changes, "/releases/r2", Journal(folder / "j", "r2"), options)


def test_a_job_runs_if_its_service_changes(tmp_path: Path, commands: list[list[str]]) -> None:
    _run_jobs(tmp_path, _services(), changes=False)
    assert commands == []
    _run_jobs(tmp_path, _services())
    assert commands == [[*RUN, "backend-release"]]


@pytest.mark.parametrize(
    ("once", "first_host", "count"), [(True, True, 1), (True, False, 0), (False, True, 1), (False, False, 1)]
)
def test_a_job_for_all_hosts_runs_on_the_first_host(
    tmp_path: Path, commands: list[list[str]], once: bool, first_host: bool, count: int
) -> None:
    _run_jobs(tmp_path, _services(release_once=once), first_host)
    assert len(commands) == count
    texts = [record["text"] for record in journal.read(tmp_path / "j", 0)[0]]
    assert texts[-1] == ("release job completed" if count else "the release job runs on the first host")


def test_a_failed_job_is_reported_with_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> str:
        raise DockerError("no such table", ("reading", "no such table"))

    monkeypatch.setattr(docker, "run", run)
    with pytest.raises(RolloutFailed, match="service 'backend': its release job failed: no such table") as caught:
        _run_jobs(tmp_path, _services())
    assert caught.value.detail == ("reading", "no such table")


def test_a_rollback_checks_the_image_and_runs_no_job(tmp_path: Path, commands: list[list[str]]) -> None:
    release_jobs.run_checks(_services(), lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))
    assert commands == [[*RUN, "backend-release", "alembic", "current"]]


def test_an_image_that_does_not_know_the_database_schema_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> str:
        raise DockerError("Can't locate revision identified by '0003'")

    monkeypatch.setattr(docker, "run", run)
    with pytest.raises(
        RolloutFailed, match=r"service 'backend': b:1 does not know the current .*'0003'.*rollback_compatible=true"
    ):
        release_jobs.run_checks(_services(), lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))


def test_the_limit_of_a_job_is_written_when_it_begins(tmp_path: Path, commands: list[list[str]]) -> None:
    _run_jobs(tmp_path, _services())
    first, _last = journal.read(tmp_path / "j", 0)[0]
    assert (first["text"], first["limit"]) == ("release job running, for at most 10 min", 600.0)


def test_a_manifest_without_a_limit_gives_a_job_half_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []
    monkeypatch.setattr(docker, "run", lambda _arguments, cwd, timeout: limits.append(timeout))
    services = _services()
    del services["backend"]["job_seconds"]
    _run_jobs(tmp_path, services)
    assert limits == [1800.0]


def test_a_one_shot_is_asked_for_its_check_as_a_release_job_is(tmp_path: Path, commands: list[list[str]]) -> None:
    services = {"prestart": {**_services()["backend"], "release": None, "class": "oneshot"}}
    release_jobs.run_checks(services, lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))
    assert commands == [[*RUN, "prestart", "alembic", "current"]]


def test_a_manifest_without_a_check_runs_none(tmp_path: Path, commands: list[list[str]]) -> None:
    services = _services()
    del services["backend"]["release_check"]
    release_jobs.run_checks(services, lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"))
    assert commands == []


def test_a_restart_runs_no_job(tmp_path: Path, commands: list[list[str]]) -> None:
    options = RolloutOptions("r2", 5, "ada", restart=("backend",))
    release_jobs.run_jobs(_services(), lambda _: True, "/releases/r2", Journal(tmp_path / "j", "r2"), options)
    assert commands == []
