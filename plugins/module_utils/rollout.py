"""From one release to the next on this host: pull, data services, release jobs, the rest, the edge, the record.

Place in the pipeline: target, prepare to record, in a process of its own (``detach``). Every step is in the journal
before and after it. A failure before the end puts the previous release back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils import docker, edge, health
from ansible_collections.slipway.stack.plugins.module_utils.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.edge import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.health import Clock, Verdict
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home, link
from ansible_collections.slipway.stack.plugins.module_utils.release import prune


class RolloutFailed(Exception):
    """A step failed. ``detail`` are the lines that show why."""

    def __init__(self, message: str, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.detail = detail


def waves(services: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return the names of services in groups, each group's needs all in earlier ones."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max(
                (of(other) for other in services[name]["depends_on"] if other in services), default=-1
            )
        return depth[name]

    groups: dict[int, list[str]] = {}
    for name in services:
        groups.setdefault(of(name), []).append(name)
    return [groups[number] for number in sorted(groups)]


class Rollout:
    """One rollout of one release on this host."""

    def __init__(self, home: Home, release_id: str, keep: int, owner: str, clock: Clock | None = None) -> None:
        manifest = home.manifest(release_id)
        if manifest is None:
            raise RolloutFailed(f"release {release_id} is not on this host")
        self._home = home
        self._id = release_id
        self._manifest = manifest
        self._services: dict[str, dict[str, Any]] = manifest["services"]
        self._keep = keep
        self._owner = owner
        self._clock = clock or Clock()
        self._journal = Journal(home.journal, release_id)
        self._previous = home.current_id()

    def run(self) -> None:
        """Take every step; on a failure undo what was done. The journal's last record tells how it ended."""
        begun = time.monotonic()
        try:
            self._pull()
            self._check_edge()
            self._start(self._of_class("stateful"), "data")
            self._release_jobs()
            others = [name for name in self._services if name not in self._of_class("stateful")]
            self._start([name for name in others if not self._services[name]["edge"]], "start")
            self._switch()
            self._remove_leftovers()
        except (RolloutFailed, DockerError, EdgeError) as error:
            self._journal.write("rollout", "failed", str(error), detail=getattr(error, "detail", ()))
            outcome = self._take_back()
            self._audit("failed", time.monotonic() - begun, str(error))
            self._journal.write("end", "failed", f"{error}. {outcome}")
            return
        except Exception as error:
            self._journal.write("end", "failed", f"the rollout broke off: {type(error).__name__}: {error}")
            raise
        self._record(time.monotonic() - begun)
        self._journal.write("end", "done", f"release {self._id} is live")

    def _of_class(self, *classes: str) -> list[str]:
        return [name for name, facts in self._services.items() if facts["class"] in classes]

    def _pull(self) -> None:
        for pinned in dict.fromkeys(facts["pinned"] for facts in self._services.values()):
            if docker.local_image(pinned) is None:
                name = next(facts["image"] for facts in self._services.values() if facts["pinned"] == pinned)
                self._journal.write("pull", "started", f"pulling {name}")
                docker.run(["pull", "--quiet", pinned])
                self._journal.write("pull", "done", f"pulled {name}")

    def _check_edge(self) -> None:
        name = edge.edge_of(self._manifest)
        if name:
            edge.lay_down(self._home, self._id)
            edge.test(self._home, self._id, name, self._look().get(name, []))
            self._journal.write("check", "done", "configuration accepted by nginx", name)

    def _release_jobs(self) -> None:
        for name, facts in self._services.items():
            if facts["release"] and self._previous != self._id:
                self._journal.write("release", "started", "release job running", name)
                once = ["compose", "run", "--rm", "--no-deps", "-T", facts["release"]]
                try:
                    docker.run(once, cwd=str(self._home.release(self._id)))
                except DockerError as error:
                    raise RolloutFailed(
                        f"service '{name}': its release job failed: {error}", error.lines[-health.LAST_LINES :]
                    ) from None
                self._journal.write("release", "done", "release job completed", name)

    def _start(self, names: Iterable[str], step: str) -> None:
        wanted = {name: self._services[name] for name in names}
        for group in waves(wanted):
            self._bring_up(self._home.release(self._id), {name: wanted[name] for name in group}, step)

    def _bring_up(self, folder: Any, services: Mapping[str, Mapping[str, Any]], step: str) -> None:
        """Have Compose start what differs among *services*, and wait until all of them are up.

        :raises RolloutFailed: when one is not, with its last log lines and what its probe said.
        """
        docker.run(
            ["compose", "up", "--detach", "--no-deps", "--no-build", "--pull", "never", *services], cwd=str(folder)
        )

        def report(name: str, verdict: Verdict, seconds: float) -> None:
            if verdict.state == "up":
                self._journal.write(step, "done", verdict.reason, name)

        for name, verdict in health.wait(services, self._look, report, self._clock).items():
            if verdict.state == "down":
                raise RolloutFailed(f"service '{name}': {verdict.reason}", health.explain(verdict))

    def _switch(self) -> None:
        name = edge.edge_of(self._manifest)
        if name is None:
            return
        before = {container.id for container in self._look().get(name, [])}
        edge.switch(self._home, self._id)
        self._bring_up(self._home.release(self._id), {name: self._services[name]}, "start")
        edge.reload([container for container in self._look()[name] if container.id in before])
        edge.confirm(self._services[name], self._id)
        self._journal.write("switch", "done", f"answers with release {self._id}", name)

    def _remove_leftovers(self) -> None:
        for name, containers in self._look().items():
            if name not in self._services:
                for container in containers:
                    docker.run(["stop", container.id])
                    docker.run(["rm", container.id])
                self._journal.write("remove", "done", "removed, the release has it no more", name)

    def _take_back(self) -> str:
        """Put the previous release back and return a sentence on what serves now."""
        previous = self._home.manifest(self._previous)
        self._journal.write("revert", "started", "taking the new release back")
        try:
            if previous is None or self._previous == self._id:
                return self._remove_all()
            name = edge.edge_of(previous)
            if name and (self._home.edge / "versions" / str(self._previous)).is_dir():
                edge.switch(self._home, str(self._previous))
            for group in waves(previous["services"]):
                services = {one: previous["services"][one] for one in group}
                self._bring_up(self._home.release(str(self._previous)), services, "revert")
            if name:
                edge.reload(self._look()[name])
        except (RolloutFailed, DockerError, EdgeError) as error:
            return f"The previous release {self._previous} could not be put back either: {error}"
        return f"The previous release {self._previous} serves on"

    def _remove_all(self) -> str:
        if self._previous == self._id:
            return "There is no other release to go back to; what runs was left as it is"
        for name, containers in self._look().items():
            if name not in self._of_class("stateful"):
                for container in containers:
                    docker.run(["rm", "--force", container.id])
        return "There was no release before; its containers were removed, data was kept"

    def _record(self, seconds: float) -> None:
        link(self._home.current, f"releases/{self._id}")
        self._audit("ok", seconds)
        removed = prune(self._home, self._keep)
        self._journal.write("record", "done", f"{len(removed)} old releases removed" if removed else "recorded")

    def _audit(self, outcome: str, seconds: float, reason: str = "") -> None:
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "release": self._id,
            "previous": self._previous,
            "owner": self._owner,
            "version": self._manifest["version"],
            "commit": self._manifest["commit"],
            "images": sorted({facts["pinned"] for facts in self._services.values()}),
            "seconds": round(seconds, 1),
            "outcome": outcome,
            "reason": reason,
        }
        with open(self._home.audit, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _look(self) -> dict[str, list[docker.Container]]:
        return health.by_service(docker.containers(str(self._manifest["stack"])))
