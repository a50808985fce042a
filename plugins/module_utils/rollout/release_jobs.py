"""Release jobs: what a new version does once before it may start, such as migrating a database.

Place in the pipeline: target, prepare. A job runs from the image of the release to come, as a one-off container. On
the way back no job runs; the older image is asked whether it knows the database as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

_RUN = ("compose", "run", "--rm", "--no-deps", "-T")


def run_jobs(
    services: Mapping[str, Mapping[str, Any]],
    changes: Callable[[str], bool],
    folder: str,
    journal: Journal,
    first_host: bool,
) -> None:
    """Run the release jobs of the services that change.

    :param services: entries of the manifest, by name.
    :param first_host: whether this is the host that runs what is to run once for all hosts.
    :raises RolloutFailed: when one fails, with its last lines.
    """
    for name, spec in services.items():
        if not spec["release"] or not changes(name):
            continue
        if spec["release_once"] and not first_host:
            journal.write("release", "done", "release job left to the first host", name)
            continue
        try:
            with journal.part(
                "release", "job", name, start_text="release job running", end_text="release job completed"
            ):
                docker.run([*_RUN, spec["release"]], cwd=folder)
        except DockerError as error:
            lines = error.detail[-health_check.LAST_LINES :]
            raise RolloutFailed(f"service '{name}': its release job failed: {error}", lines) from None


def run_checks(
    services: Mapping[str, Mapping[str, Any]], changes: Callable[[str], bool], folder: str, journal: Journal
) -> None:
    """Ask the images of an older release whether they know the database as the newer one has left it.

    :raises RolloutFailed: when one does not.
    """
    for name, spec in services.items():
        # A release of an older version of this collection has no such entry.
        if not spec.get("release_check") or not changes(name):
            continue
        asking = "asking the older image whether it knows the database"
        try:
            with journal.part("release", "job", name, start_text=asking, end_text="the older image knows the database"):
                docker.run([*_RUN, spec["release"], *spec["release_check"]], cwd=folder)
        except DockerError as error:
            raise RolloutFailed(
                f"service '{name}': {spec['image']} does not know the database as it is ({error}); migrate it back "
                "first, or say that this version works with it: rollback_compatible=true",
                error.detail[-health_check.LAST_LINES :],
            ) from None
