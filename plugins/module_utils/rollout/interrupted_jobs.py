"""Jobs that still run although the rollout that started them was killed: wait for them, and stop them at their limit.

Place in the pipeline: target, before an interrupted rollout is reverted. The engine runs the container of a job, so it
goes on without the rollout. A migration that is stopped halfway can leave a database that fits neither release, so it
gets the time that it would have had. Nobody removes it while it runs.
"""

from __future__ import annotations

import time

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

_INTERVAL = 0.5


def wait(home: Home, tx: Transaction, containers: ProjectContainers, journal: Journal) -> None:
    """Wait until the release jobs and one-shots of the interrupted rollout *tx* have ended.

    The journal names each of them. One that takes longer than its ``job_seconds`` is stopped, with its grace period.
    """
    services = (home.manifest(tx.release) or {"services": {}})["services"]
    limits = {str(spec["release"]): health_check.job_seconds(spec) for spec in services.values() if spec["release"]}
    one_shots = {name: spec for name, spec in services.items() if spec["class"] == "oneshot"}
    limits.update({name: health_check.job_seconds(spec) for name, spec in one_shots.items()})
    for job in _running(tx, containers, limits):
        _wait_for(job, max(0.0, limits[job.service] - job.uptime), journal)


def _running(tx: Transaction, containers: ProjectContainers, limits: dict[str, float]) -> list[Container]:
    group = [one for found in containers.find().values() for one in found]
    started = [*containers.find_one_off(), *(one for one in group if not tx.existed_before(one.service, one.id))]
    return [one for one in started if one.service in limits and one.state == "running"]


def _wait_for(job: Container, seconds: float, journal: Journal) -> None:
    text = f"the job {job.name} of the interrupted rollout still runs (docker stop ends it); waiting for it"
    with journal.part("recover", "job", job.service, start_text=text, end_text="it has ended", limit=seconds):
        deadline = time.monotonic() + seconds
        while (found := docker.inspect(job.id)) and found.state == "running":
            if time.monotonic() > deadline:
                journal.write("recover", "started", f"stopping {job.name}, whose time is over", job.service)
                replicas.stop([found])
                return
            time.sleep(_INTERVAL)
