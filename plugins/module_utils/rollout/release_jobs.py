"""Release jobs: commands of a new version that run once before it starts, such as a database migration.

Place in the pipeline: target, begin. A job runs as a one-off container from the image of the new release. At a rollback
no job runs. Instead, the older image checks whether it knows the current database schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import RUN_ONCE, replacement
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

_RUN = ("compose", "run", "--rm", "--no-deps", "-T")
#: Seconds that a check may take. It reads the revision of a database.
_CHECK_SECONDS = 300.0


def run_jobs(
    services: Mapping[str, Mapping[str, Any]],
    changes: Callable[[str], bool],
    folder: str,
    journal: Journal,
    options: RolloutOptions,
) -> None:
    """Run the release jobs of the services that change. A restart runs none: the version stays.

    :param services: the services of the manifest.
    :param changes: returns whether a service changes.
    :param folder: the directory of the new release.
    :raises RolloutFailed: if a job fails or takes longer than its ``job_seconds``. ``detail`` has its last lines.
    """
    for name, spec in services.items():
        if options.restart or not spec["release"] or not changes(name):
            continue
        if spec["release_once"] and not options.first_host:
            journal.write("release", "done", "the release job runs on the first host", name)
            continue
        try:
            limit = health_check.job_seconds(spec)
            with journal.part(
                "release", "job", name, start_text="release job running", end_text="release job completed", limit=limit
            ):
                docker.run([*_RUN, spec["release"]], cwd=folder, timeout=limit)
        except DockerError as error:
            lines = error.detail[-health_check.LAST_LINES :]
            raise RolloutFailed(f"service '{name}': its release job failed: {error}", lines) from None


def go_back(
    services: Mapping[str, Mapping[str, Any]],
    changes: Callable[[str], bool],
    folder: str,
    journal: Journal,
    options: RolloutOptions,
) -> None:
    """On the way back to an older release, run no job. Let the older images check the database instead.

    The arguments are as for :func:`run_jobs`. :raises RolloutFailed: if an image does not know it.
    """
    for name, spec in services.items():
        if replacement(spec) == RUN_ONCE and changes(name):
            journal.write("release", "done", "does not run on the way back to an older release", name)
    if not options.compatible:
        run_checks(services, changes, folder, journal)


def run_checks(
    services: Mapping[str, Mapping[str, Any]], changes: Callable[[str], bool], folder: str, journal: Journal
) -> None:
    """Let the images of an older release check whether they know the current database schema.

    Both release jobs and one-shots have such a check. A one-shot of an older release does not run: it may migrate.

    :param services: the services of the older manifest.
    :param changes: returns whether a service changes.
    :param folder: the directory of the older release.
    :raises RolloutFailed: if an image does not know it.
    """
    for name, spec in services.items():
        # Manifests of older versions of this collection do not have this key.
        if not spec.get("release_check") or not changes(name):
            continue
        text = "checking whether the older image knows the current database schema"
        try:
            with journal.part(
                "release",
                "job",
                name,
                start_text=text,
                end_text="the older image knows the current database schema",
                limit=_CHECK_SECONDS,
            ):
                command = [*_RUN, spec["release"] or name, *spec["release_check"]]
                docker.run(command, cwd=folder, timeout=_CHECK_SECONDS)
        except DockerError as error:
            raise RolloutFailed(
                f"service '{name}': {spec['image']} does not know the current database schema ({error}); migrate the "
                "database back first, or declare this version compatible with rollback_compatible=true",
                error.detail[-health_check.LAST_LINES :],
            ) from None
