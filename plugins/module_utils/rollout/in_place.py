"""Replace services in place, and those in their namespaces together with them.

Place in the pipeline: target, begin, switch and revert. Compose replaces the containers. It sees that a container is in
the namespace of one that no longer exists. It does not see that the other one was only started again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import replicas, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import job_seconds, left_behind
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import NAMESPACES
from ansible_collections.slipway.stack.plugins.module_utils.release.followers import follows
from ansible_collections.slipway.stack.plugins.module_utils.rollout import lifecycle
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@dataclass(frozen=True)
class Release:
    """A release whose services are brought up in place.

    ``replaces``: whether Compose will replace a container. ``limit``: seconds that each command of Compose may take.
    ``restored``: the release is the previous one, so that a failed hook does not end the work.
    """

    home: Home
    id: str
    journal: Journal
    step: str
    replaces: Callable[[Container], bool]
    limit: float
    restored: bool = False

    @property
    def folder(self) -> str:
        """The directory of the release."""
        return str(self.home.release(self.id))


def members(services: Mapping[str, Mapping[str, Any]], leaders: Collection[str]) -> list[str]:
    """Return those of *services* that are in a namespace of one of *leaders*, also in that of another member.

    The order is that in which they stop: a member of a member is before it.

    :param services: those that are replaced in place, in the order of their start.
    """
    result: list[str] = []
    for name, spec in services.items():
        keys = {key for leader, used in follows(spec).items() if leader in (*leaders, *result) for key in used}
        if keys & set(NAMESPACES):
            result.append(name)
    return result[::-1]


def stop_members(
    services: Mapping[str, Mapping[str, Any]],
    leaders: Collection[str],
    containers: ProjectContainers,
    home: Home,
    journal: Journal,
    step: str,
) -> None:
    """Stop the services in the namespaces of *leaders*: their requests must end before their network does."""
    names = members(services, leaders)
    running = containers.find_running() if names else {}
    for name in names:
        if found := running.get(name):
            text = f"stopping with {', '.join(leaders)}, whose namespace it is in"
            with journal.part(step, "stop", name, start_text=text, limit=replicas.stop_limit(found)):
                lifecycle.stop(home, found, journal, step, services)


def up(
    services: Mapping[str, Mapping[str, Any]], names: Collection[str], containers: ProjectContainers, release: Release
) -> None:
    """Let Compose replace the services *names* in place.

    Where services have a ``post_start``, Compose only creates their containers: since 2.30 it would run the hook itself
    when it starts them.

    :param release: what they are replaced with.
    :raises DockerError: if Compose fails, or takes longer.
    :raises RolloutFailed: if a ``post_start`` fails, unless the release is restored.
    """
    found = containers.find(services=names)
    replaced = [one for name in names for one in found.get(name, []) if release.replaces(one)]
    lifecycle.before_stop(release.home, replaced, release.journal, release.step, services)
    # Where the release replaces itself, Compose sees no change either.
    again = {one.id for one in replaced} if release.home.current_id() == release.id and not release.restored else set()
    lost = [
        name
        for name in names
        if any(one.id in again or left_behind(services[name], one) for one in found.get(name, []))
    ]
    for group in ([name for name in names if name not in lost], lost):
        hooked = [name for name in group if services[name].get(lifecycle.POST_START)]
        for start, some in ((True, [name for name in group if name not in hooked]), (False, hooked)):
            if some:
                arguments = replicas.up_arguments(some, recreate=group is lost, start=start)
                restart.run(arguments, cwd=release.folder, timeout=release.limit)
        if hooked:
            created = containers.find(services=hooked)
            waiting = [one for name in hooked for one in created.get(name, [])]
            lifecycle.start(services, waiting, release.journal, release.step, fail=not release.restored)


def announce_jobs(
    services: Mapping[str, Mapping[str, Any]], names: Collection[str], journal: Journal, step: str
) -> None:
    """Write to the journal which of the services *names* run to completion, and how long each of them may take."""
    for name in names:
        if services[name]["class"] == "oneshot":
            limit = job_seconds(services[name])
            journal.write(step, "started", "running", name, part="job", limit=limit)
