"""Load a masked snapshot into the database of a checkout, on the machine of a developer.

Place in the pipeline: controller, instead of :mod:`refreshing`. A checkout has no releases and no lease. Its database
is the one that Compose runs for the directory.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import containers, swapping
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.refresh import loading, snapshot_reader
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, first_of
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

#: What the database of the checkout was before. There is one.
ASIDE = "slipway_before"
_NEW = "slipway_new"
#: Seconds for one part of the snapshot.
_PART_SECONDS = 3600.0
_START_SECONDS = 300.0


def load(root: Path, path: Path, service: str, archive: Mapping[str, str], journal: Journal) -> None:
    """Load a snapshot next to the database, and swap both. Connections to the database end then.

    :param root: the directory that Compose runs in. :param archive: the scripts ``swap`` and ``drop`` of the kind.
    :raises RolloutFailed: if the snapshot is damaged, was never masked, or does not fit. Then nothing has changed.
    :raises DockerError: if the service does not start.
    """
    if shutil.which("zstd") is None:
        raise RolloutFailed("this machine does not have the program zstd, which decompresses a snapshot; install it")
    snapshot = snapshot_reader.read(path)
    container = _started(root, service)
    live = first_of(container, _PART_SECONDS)
    loading.check(live, snapshot)
    new = Database(container, _NEW, _PART_SECONDS)
    # A killed run may have left it.
    _run(container, archive["drop"], live, new.name)
    try:
        loading.load(live, new, snapshot, Settings(service, {}, (), (), _PART_SECONDS), journal)
        _run(container, archive["drop"], live, ASIDE)
        _run(container, archive["swap"], live, new.name)
    except BaseException:
        _run(container, archive["drop"], live, new.name)
        raise
    text = f"database {live.name} has snapshot {snapshot.id}, and {ASIDE} has what it had"
    journal.write(loading.STEP, "done", f"{text}; docker compose up --watch runs the release jobs on it", service)


def _started(root: Path, service: str) -> Container:
    """Start the service of the checkout, and return its container.

    :raises RolloutFailed: if Compose runs this project in another directory, such as a stack on a server.
    """
    project = json.loads(docker.run(["compose", "config", "--format", "json"], cwd=str(root)))["name"]
    for other in docker.containers(project, [service]):
        folder = docker.folder_of(other.id)
        if os.path.realpath(folder) != os.path.realpath(root):
            raise RolloutFailed(
                f"the project {project} runs in {folder} and not in this checkout; set COMPOSE_PROJECT_NAME in .env"
            )
    words = ["compose", "up", "--detach", "--wait", "--wait-timeout", str(int(_START_SECONDS)), service]
    docker.run(words, cwd=str(root), timeout=_START_SECONDS + 60.0)
    return containers.running(project, service)


def _run(container: Container, script: str, live: Database, into: str) -> None:
    swapping.run_script(container, script, {"ITEM": live.name, "INTO": into, "ASIDE": ASIDE})
