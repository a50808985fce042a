"""Jobs that go on after their rollout was killed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout import interrupted_jobs
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec, write_release

SERVICES = {
    "web": spec(release="web-release", job_seconds=60.0),
    "seed": spec(**{"class": "oneshot"}, job_seconds=60.0),
}
MIGRATION = container("web-release", 7, oneoff=True, uptime=10.0, name="shop-web-release-run-1")


def _wait(
    folder: Path, monkeypatch: pytest.MonkeyPatch, existing: list[Container], looks: int
) -> tuple[list[list[str]], list[str]]:
    """Wait for containers that run for some *looks* at each, and return the commands and the texts of the journal."""
    home = Home(str(folder))
    home.state.mkdir()
    write_release(home, "r2", services=SERVICES)
    commands: list[list[str]] = []
    seen: dict[str, int] = {}

    def inspect(one: str) -> Container | None:
        seen[one] = seen.get(one, 0) + 1
        found = next(job for job in existing if job.id == one)
        return found if seen[one] <= looks else None

    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: existing)
    monkeypatch.setattr(docker, "inspect", inspect)
    monkeypatch.setattr(docker, "run", lambda arguments, **_: commands.append(arguments))
    monkeypatch.setattr(interrupted_jobs, "_INTERVAL", 0.001)
    journal = Journal(home.journal, "r3")
    tx = Transaction("r2", "r1", "ada@laptop", old={"web": ["web1"], "seed": ["seed1"]})
    interrupted_jobs.wait(home, tx, ProjectContainers("shop", journal), journal)
    lines = home.journal.read_text().splitlines() if home.journal.exists() else []
    return commands, [record["text"] for record in map(json.loads, lines) if record["text"]]


def test_a_migration_may_end_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands, texts = _wait(tmp_path, monkeypatch, [MIGRATION], looks=3)
    assert commands == []
    first, last = texts
    still_runs = "the job shop-web-release-run-1 of the interrupted rollout still runs (docker stop ends it)"
    assert first == f"{still_runs}; waiting for it, for at most 50 s"
    assert last == "it has ended"


def test_a_job_whose_time_is_over_is_stopped_with_its_grace_period(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands, texts = _wait(tmp_path, monkeypatch, [replace(MIGRATION, uptime=61.0)], looks=1000)
    # It is not removed by force.
    assert commands == [["stop", "web-release7"]]
    assert "stopping shop-web-release-run-1, whose time is over" in texts


def test_only_running_jobs_of_the_interrupted_rollout_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        replace(MIGRATION, state="exited"),
        container("web", 2, oneoff=True),
        container("web", 3),
        container("seed", 1),
    ]
    assert _wait(tmp_path, monkeypatch, others, looks=1000) == ([], [])
    (tmp_path / "again").mkdir()
    assert len(_wait(tmp_path / "again", monkeypatch, [container("seed", 2, uptime=1.0)], looks=2)[1]) == 2
