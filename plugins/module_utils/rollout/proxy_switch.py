"""The edge during a rollout: test its configuration, keep its port, and send requests to the new containers.

Place in the pipeline: target, begin, prepare and switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.certificates import installing
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import Canary
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.proxy_replacement import replace_proxy
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    AT_SWITCH,
    IN_PLACE,
    START_FIRST,
    STOP_FIRST,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout import canary
from ansible_collections.slipway.stack.plugins.module_utils.rollout.commit import enter_phase
from ansible_collections.slipway.stack.plugins.module_utils.rollout.selection import Selection
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, duration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings, Transaction


class EdgeSwitch:
    """Brings the edge from the old release to the new one. For a release without an edge it does nothing."""

    def __init__(
        self,
        home: Home,
        manifest: Mapping[str, Any],
        tx: Transaction,
        selection: Selection,
        containers: ProjectContainers,
        journal: Journal,
        trial: CanarySettings | None = None,
    ) -> None:
        """:param manifest: that of the new release. :param trial: how it is tried first; ``None`` for not at all."""
        self._home = home
        self._manifest = manifest
        self._tx = tx
        self._selection = selection
        self._containers = containers
        self._journal = journal
        self._name = edge_of(manifest)
        self._trial = trial
        #: The versions of the configuration that the proxy has already tested.
        self._tested: set[str] = set()

    def test_configuration(self, existing: Mapping[str, list[Container]]) -> None:
        """Let the proxy test the configuration of the new release before any container is changed.

        :param existing: the containers by service.
        :raises EdgeError: if the proxy refuses it, or cannot try a release. :raises RolloutFailed: if there can be no
            certificate.
        """
        if self._name is None:
            return
        if self._is_tried() and (live := self._comparable()):
            # Whether the edge of the live release can divide requests.
            configuration.render(self._home, live, {}, Canary(self._tx.release, live["release"], 0.0, "", {}))
        installing.ensure(self._home, self._manifest)
        with self._journal.part("prepare", "test", self._name, end_text="configuration accepted"):
            version = configuration.write_version(self._home, configuration.render(self._home, self._manifest, {}))
            stays = self._tx.plan[self._name] not in ("create", "recreate")
            running = existing.get(self._name, []) if stays else []
            proxies.proxy(self._manifest).test(self._home, self._manifest, [version], running)

    def hold_port(self) -> None:
        """Keep all requests on the old edge. A new one that starts next to it cannot serve them yet."""
        if self._name in self._selection.replaced(START_FIRST):
            old = self._containers.find_running().get(str(self._name), [])
            with self._journal.part("prepare", "hold port", self._name):
                proxies.proxy(self._manifest).hold_port(self._manifest, old, old)

    def test_ahead(self) -> None:
        """Let an edge that is not replaced test the configurations of the switch, while other containers start."""
        if self._name not in (None, *self._selection.replaced(START_FIRST, AT_SWITCH)):
            running = self._containers.find_running()
            version = self._write_version(running)
            self._tested = configuration.test_ahead(self._home, self._manifest, running, version)

    def try_out(self) -> None:
        """Send a part of the requests to the new containers for a while, and compare their answers with the old ones'.

        :raises EdgeError: if the proxy refuses the configuration. :raises RolloutFailed: if the new containers are
            worse, or the rollout is aborted.
        """
        if self._trial is None or not self._is_tried():
            return
        live, replaced = self._comparable(), self._selection.replaced(START_FIRST)
        names = sorted(canary.divisible(live, self._manifest) & {*replaced}) if live else []
        if live is None or not names:
            why = "no service that gets requests is replaced" if live else "the live release has no such edge here"
            self._journal.write("canary", "done", f"no canary: {why}")
            return
        running = self._containers.find_running()
        # An edge that has started next to the old one takes requests, too.
        parted = {*replaced} - {self._name}
        before = {
            service: [one for one in group if service not in parted or self._selection.is_old(one)]
            for service, group in running.items()
        }
        after = {name: [one for one in running.get(name, []) if self._selection.is_kept(one)] for name in names}
        run = canary.CanaryRun(self._home, live, self._tx.release, (before, after), self._trial, self._journal)
        text = (
            f"{self._trial.weight:g} % of the requests go to the new containers of {', '.join(names)} for "
            f"{duration(self._trial.seconds)}"
        )
        with self._journal.part("canary", "canary", start_text=text):
            # From here on, a revert restores the configuration of the edge.
            enter_phase(self._home, self._tx, "switching")
            run.begin()
            run.watch()

    def _is_tried(self) -> bool:
        """Return whether the release is new here: a first one has no other beside it, and an older one was live."""
        tx = self._tx
        return self._trial is not None and tx.previous is not None and tx.previous < tx.release and not tx.restart

    def _comparable(self) -> Mapping[str, Any] | None:
        """Return the manifest of the live release if its edge is as the new one's; ``None`` if it is not."""
        live = self._home.manifest(self._tx.previous)
        if self._name is None or live is None or edge_of(live) != self._name:
            return None
        return live if proxies.proxy(live) is proxies.proxy(self._manifest) else None

    def switch(self) -> None:
        """Send requests to the new containers, and confirm that the public port answers with the new release.

        :raises EdgeError: if the proxy refuses the configuration, or the port does not answer with the release.
        """
        if self._name is None:
            return
        running = self._containers.find_running()
        version = self._write_version(running)
        if self._name in self._selection.replaced(AT_SWITCH):
            self._replace(version)
            confirm(self._manifest)
        elif version != configuration.live_version(self._home) or self._name in self._selection.replaced(START_FIRST):
            # An edge that starts next to the old one takes its requests with the same configuration, too.
            self._apply(running, version)
        else:
            confirm(self._manifest)
        self._journal.write("switch", "done", f"answers with release {self._tx.release}", self._name)

    def update_upstreams(self) -> None:
        """Send requests to containers that replaced others after the switch."""
        replaced = self._selection.replaced(STOP_FIRST, IN_PLACE)
        if configuration.routed_services(self._manifest).isdisjoint(replaced):
            return
        running = self._containers.find_running()
        version = self._write_version(running)
        if version != configuration.live_version(self._home):
            configuration.apply(self._home, self._manifest, running, version, self._journal)

    def _replace(self, version: str) -> None:
        old_manifest = self._home.manifest(self._tx.previous)
        removable = self._containers.find(self._selection.is_old)
        replace_proxy(
            self._home,
            old_manifest,
            self._manifest,
            self._tx.plan,
            removable,
            self._containers,
            version,
            self._journal,
        )

    def _apply(self, running: Mapping[str, list[Container]], version: str) -> None:
        starts_first = self._name in self._selection.replaced(START_FIRST)
        edges = running.get(str(self._name), [])
        replaced = [container for container in edges if starts_first and self._selection.is_old(container)]
        configuration.apply(self._home, self._manifest, running, version, self._journal, replaced, self._tested)

    def _write_version(self, running: Mapping[str, list[Container]]) -> str:
        """Write the configuration for the containers that get requests now, and return its name.

        Services that stop first still run in their old containers.
        """
        stop_first = self._selection.replaced(STOP_FIRST)
        targets = {
            service: [one.name for one in group if self._selection.is_kept(one) or service in stop_first]
            for service, group in running.items()
        }
        return configuration.write_version(self._home, configuration.render(self._home, self._manifest, targets))
