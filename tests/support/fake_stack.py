"""A stack on a fake engine with a fake proxy: complete rollouts in milliseconds, on a real directory.

The containers of a release have its id as their image, so a test sees which release each of them is from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import Canary
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check, images
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss, preflight
from ansible_collections.slipway.stack.plugins.module_utils.rollout import boot_unit, proxy_switch
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings, RolloutOptions

from tests.support.fake_host import container, spec, write_release

#: A service of each way of replacement. All except the database and the edge change with every release.
SERVICES: dict[str, dict[str, Any]] = {
    "db": spec(**{"class": "stateful"}),
    "seed": spec(**{"class": "oneshot"}),
    "mail": spec(ports=["127.0.0.1:25:25"]),
    "web": spec(replicas=2, release="web-release", release_once=False),
    "clock": spec(**{"class": "singleton"}),
    "edge-pod": spec(**{"class": "pod", "ports": ["127.0.0.1:80:8080"]}),
    "edge": spec(edge=True, proxy="nginx", pod="edge-pod", drain_seconds=0.0),
}
_UNCHANGED = ("db", "edge-pod", "edge")


class FakeStack:
    """The engine and the proxy of one stack in *home*. Release ``r1`` is live."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.containers: list[Container] = []
        self.commands: list[list[str]] = []
        #: The configuration that the proxy has loaded: the release, and the names of the containers by service.
        self.loaded: dict[str, Any] = {}
        self._number = 0
        monkeypatch.setattr(docker, "run", self._run)
        monkeypatch.setattr(docker, "containers", self._find)
        monkeypatch.setattr(docker, "unused_networks", lambda _project: [])
        monkeypatch.setattr(health_check, "last_lines", lambda *_: [])
        monkeypatch.setattr(docker, "declared_volumes", lambda _reference: set())
        monkeypatch.setattr(images, "pull_missing", lambda *_: None)
        monkeypatch.setattr(images, "prune", lambda *_, **__: ([], 0))
        monkeypatch.setattr(preflight, "check_data", lambda *_: [])
        monkeypatch.setattr(data_loss, "refusals", lambda *_: [])
        monkeypatch.setattr(boot_unit, "ensure_enabled", lambda _journal: None)
        monkeypatch.setitem(proxies.PROXIES, "nginx", self)  # type: ignore[arg-type]
        monkeypatch.setattr(configuration, "confirm", self._confirm)
        monkeypatch.setattr(proxy_switch, "confirm", self._confirm)
        self.write("r1")
        for name, service in SERVICES.items():
            self._create(name, service["replicas"], "r1", "exited" if name == "seed" else "running")
        self.point_edge_to("r1")
        link(home.current, "releases/r1")
        write_text(home.audit, json.dumps({"release": "r1", "outcome": "ok"}) + "\n")

    def write(self, release: str) -> None:
        """Write a release in which all services that change have another image."""
        services = {
            name: service if name in _UNCHANGED else {**service, "pinned": release}
            for name, service in SERVICES.items()
        }
        upstreams = [{"service": "web", "port": 80}, {"service": "mail", "port": 80}]
        write_release(
            self.home, release, stack="shop", domain="", version="1", commit="", probes=[], assets=[], digest=release,
            upstreams=upstreams, services=services, files={},
        )  # fmt: skip
        write_text(self.home.release(release) / "edge/nginx.conf", release)

    def point_edge_to(self, release: str) -> None:
        """Make the proxy send requests to the running containers of all services."""
        manifest = self.home.manifest(release)
        assert manifest is not None
        names: dict[str, list[str]] = {}
        for one in self.containers:
            names.setdefault(one.service, []).append(one.name)
        version = configuration.write_version(self.home, configuration.render(self.home, manifest, names))
        configuration.set_live(self.home, version)
        self.reload()

    def roll_out(self, release: str, canary: CanarySettings | None = None) -> bool:
        """Run a rollout in this process, and return whether it ended with an exception."""
        try:
            Rollout(self.home, RolloutOptions(release, 5, "ada@laptop", canary=canary)).run()
        except Exception:
            return True
        return False

    def running(self) -> dict[str, set[str]]:
        """Return the releases of the running containers by service."""
        result: dict[str, set[str]] = {}
        for one in self.containers:
            if one.state == "running":
                result.setdefault(one.service, set()).add(one.image)
        return result

    def serving(self) -> set[str]:
        """Return the releases of the containers that get requests; ``dead`` for one that does not run."""
        targets = {name for names in self.loaded["targets"].values() for name in names}
        by_name = {one.name: one for one in self.containers}
        return {
            by_name[name].image if name in by_name and by_name[name].state == "running" else "dead" for name in targets
        }

    # The engine

    def _find(self, _project: str, services: Iterable[str] | None = None) -> list[Container]:
        return [one for one in self.containers if services is None or one.service in services]

    def _create(self, service: str, count: int, release: str, state: str) -> None:
        for _ in range(count):
            self._number += 1
            name = f"shop-{service}-{self._number}"
            one = container(service, self._number, name=name, image=release, state=state)
            self.containers.append(one)

    def _run(self, arguments: list[str], cwd: str | None = None, timeout: float | None = None) -> str:
        self.commands.append(arguments)
        release = cwd.rpartition("/")[2] if cwd else ""
        if arguments[:2] == ["compose", "up"]:
            named = [one for one in arguments if one in SERVICES]
            if "--no-start" in arguments:
                counts = [one[len("--scale=") :].split("=") for one in arguments if one.startswith("--scale=")]
                for name, count in counts:
                    self._create(name, int(count) - len(self._find("", [name])), release, "created")
            else:
                for name in named:
                    self._replace(name, release)
        elif arguments[0] == "start":
            self._set_state(arguments[1:], "running")
        elif arguments[0] == "stop":
            self._set_state(arguments[1:], "exited")
        elif arguments[0] == "rm":
            self.containers = [one for one in self.containers if one.id not in arguments]
        return ""

    def _replace(self, name: str, release: str) -> None:
        """Replace the containers of a service in place, as Compose does: only if their definition differs."""
        old = self._find("", [name])
        if {one.image for one in old} != {release}:
            self.containers = [one for one in self.containers if one.service != name]
            self._create(name, SERVICES[name]["replicas"], release, "created")
            names = {new.id: before.name for new, before in zip(self._find("", [name]), old, strict=False)}
            self.containers = [replace(one, name=names.get(one.id, one.name)) for one in self.containers]
        ids = [one.id for one in self._find("", [name])]
        self._set_state(ids, "exited" if SERVICES[name]["class"] == "oneshot" else "running")

    def _set_state(self, ids: Iterable[str], state: str) -> None:
        self.containers = [replace(one, state=state) if one.id in ids else one for one in self.containers]

    # The proxy

    NAME_LOOKUP_SECONDS = 0.0

    def host_files(self, manifest: Any, targets: dict[str, Any], _certificate: Any, _away: Any) -> dict[str, str]:
        """Return the targets as a file."""
        sorted_targets = {name: list(names) for name, names in targets.items()}
        return {"targets.json": json.dumps({"release": manifest["release"], "targets": sorted_targets})}

    def canary_files(self, _manifest: Any, files: dict[str, str], canary: Canary) -> dict[str, str]:
        """Return the targets, and those of a canary with its weight."""
        trial = {"weight": canary.weight, "targets": {name: list(names) for name, names in canary.targets.items()}}
        return {"targets.json": json.dumps({**json.loads(files["targets.json"]), "canary": trial})}

    def door(self, _balancers: Any, _maintenance: Any, _is_drained: bool) -> dict[str, str]:
        """Return nothing: nobody asks this proxy."""
        return {}

    def test(self, *_arguments: Any) -> None:
        """Accept every configuration."""

    def reload(self, *_arguments: Any) -> None:
        """Load the live configuration."""
        self.loaded = json.loads((self.home.edge / "current/targets.json").read_text())

    def has_old_connections(self, *_arguments: Any) -> bool:
        """Return that no connection is open."""
        return False

    hold_port = stop_accepting = resume_accepting = test

    def _confirm(self, manifest: dict[str, Any], _spread_seconds: float = 0.0) -> None:
        assert self.loaded["release"] == manifest["release"]
