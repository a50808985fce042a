"""Start and stop containers together with the hooks of their services: ``post_start`` and ``pre_stop`` of Compose.

Place in the pipeline: target, every step of a rollout that starts or stops containers of services. Compose carries out
hooks for its own commands only, and only since 2.30. The rollout starts and stops containers itself, so each hook runs
once, with every version of Compose.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import (
    container_exec,
    docker,
    health_check,
    replicas,
    restart,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

POST_START, PRE_STOP = "post_start", "pre_stop"
#: Seconds that one command of a hook may take. Compose has no limit for it.
SECONDS = docker.COMMAND_SECONDS
_INTERVAL = 0.05
#: Fields of the engine's request, by the keys of a hook in the manifest.
_FIELDS = {"user": "User", "privileged": "Privileged", "working_dir": "WorkingDir", "environment": "Env"}

_Hook = Mapping[str, Any]


def start(
    services: Mapping[str, Mapping[str, Any]],
    containers: Iterable[Container],
    journal: Journal,
    step: str,
    fail: bool = True,
) -> None:
    """Start those of *containers* that do not run, and run the ``post_start`` of their services in them, in order.

    :param services: the services of the manifest that the containers belong to.
    :param fail: without it, a failed hook is only written to the journal: a revert goes on.
    :raises RolloutFailed: if a hook fails or takes too long. ``detail`` has its last lines.
    """
    started = [one for one in containers if one.state != "running"]
    replicas.start(started)
    for one in started:
        # Manifests of older versions do not have this key.
        hooks = services.get(one.service, {}).get(POST_START) or []
        if not hooks:
            continue
        limit = SECONDS * len(hooks)
        with journal.part(step, "hook", one.service, start_text=f"post_start in {one.name}", limit=limit):
            failure = _run_all([(one, hooks)])[0]
        if failure is None:
            journal.write(step, "done", f"post_start completed in {one.name}", one.service)
            continue
        error = RolloutFailed(
            f"service '{one.service}': post_start failed in {one.name}: {failure}", _details(one, failure)
        )
        if fail:
            raise error
        journal.write(step, "failed", f"post_start failed in {one.name}: {failure}", one.service, error.detail)


def stop(
    home: Home,
    containers: Sequence[Container],
    journal: Journal,
    step: str,
    services: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Run the ``pre_stop`` of each container that runs, and then stop *containers*, all at once.

    :param services: see :func:`before_stop`.
    """
    before_stop(home, containers, journal, step, services)
    replicas.stop(containers)


def before_stop(
    home: Home,
    containers: Sequence[Container],
    journal: Journal,
    step: str,
    services: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Run the ``pre_stop`` of each container that runs, in all of them at the same time.

    A hook that fails or takes too long is written to the journal. The stop goes on: a rollout cannot keep a container
    that has been replaced.

    :param services: the services for containers of no release, for example those that a person has started.
    """
    specs = _Specs(home, services or {})
    found = [(one, specs.of(one).get(PRE_STOP) or []) for one in containers if one.state == "running"]
    jobs = [(one, hooks) for one, hooks in found if hooks]
    if not jobs:
        return
    limit = SECONDS * max(len(hooks) for _one, hooks in jobs)
    names = list(dict.fromkeys(one.service for one, _hooks in jobs))
    text = f"pre_stop in {', '.join(one.name for one, _hooks in jobs)}"
    with journal.part(step, "hook", names[0] if len(names) == 1 else None, start_text=text, limit=limit):
        failures = _run_all(jobs)
    for (one, _hooks), failure in zip(jobs, failures):
        if failure is None:
            journal.write(step, "done", f"pre_stop completed in {one.name}", one.service)
        else:
            text = f"pre_stop failed in {one.name}, which is stopped all the same: {failure}"
            journal.write(step, "failed", text, one.service, _details(one, failure))


class _Specs:
    """The entries of the manifests that containers belong to, each manifest read once."""

    def __init__(self, home: Home, services: Mapping[str, Mapping[str, Any]]) -> None:
        self._home = home
        self._services = services
        self._read: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    def of(self, container: Container) -> Mapping[str, Any]:
        """Return the entry of a container's service in the release that it was created for; empty for none."""
        release = container.release
        if release not in self._read:
            manifest = self._home.manifest(release)
            self._read[release] = manifest["services"] if manifest else self._services
        return self._read[release].get(container.service, {})


def _run_all(jobs: Sequence[tuple[Container, Sequence[_Hook]]]) -> list[DockerError | None]:
    """Run hooks one after the other in each container, in all containers at the same time.

    Return the first failure for each container; its other hooks do not run then, as with Compose.

    :raises RolloutFailed: if the rollout is aborted meanwhile.
    """
    results: list[DockerError | None] = [None] * len(jobs)

    def run_at(index: int) -> Callable[[], None]:
        return lambda: results.__setitem__(index, _run(*jobs[index]))

    threads = [threading.Thread(target=run_at(index), daemon=True) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        watch.check()
        for thread in threads:
            thread.join(_INTERVAL / len(threads))
    return results


def _run(container: Container, hooks: Sequence[_Hook]) -> DockerError | None:
    try:
        for hook in hooks:
            options = {field: hook[key] for key, field in _FIELDS.items() if hook.get(key)}
            container_exec.execute(container.id, hook["command"], SECONDS, options)
    except DockerError as error:
        return error
    return None


def _details(container: Container, failure: DockerError) -> tuple[str, ...]:
    """Return the last lines of a failed hook, and of the container's log if the container has ended."""
    lines = failure.detail[-health_check.LAST_LINES :]
    try:
        found = restart.outlasting(lambda: docker.inspect(container.id))
    except DockerError:
        return lines
    if found is None or found.state == "running":
        return lines
    verdict = health_check.Verdict("down", "", found)
    return (*lines, f"{found.name} exited with code {found.exit_code}", *health_check.diagnostics(verdict))
