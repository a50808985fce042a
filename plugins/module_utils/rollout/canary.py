"""A canary: the new containers get a part of the requests for a while, and all of them only if they answer well.

Place in the pipeline: target, at the end of prepare. The edge keeps the configuration of the live release and divides
the requests of each service that has new containers. Its access log says how each side answers. If the new side is
worse, the rollout fails here and is reverted like any other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import access_log, configuration, proxies
from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import GROUP_SUFFIX, Canary, group_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, log_stream
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout.canary_verdict import Tally, problems
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed, duration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings

#: Seconds between two looks at the log, and between two lines for a person.
_LOOK_SECONDS, _TELL_SECONDS = 2.0, 30.0
#: Seconds until the log of the proxy has the last request.
_LOG_SECONDS = 1.5
#: Limits of one look: bytes of all logs, and seconds for it.
_MAX_READ, _READ_SECONDS = 64 * 1024**2, 10.0


def divisible(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """Return the services of this host that both releases send requests to in the same way."""
    before, after = _ways(old), _ways(new)
    return {service for service, ways in before.items() if ways <= after.get(service, set())}


def _ways(manifest: Mapping[str, Any]) -> dict[str, set[tuple[int, str]]]:
    result: dict[str, set[tuple[int, str]]] = {}
    for upstream in manifest["upstreams"]:
        if not upstream.get("servers"):
            way = (int(upstream["port"]), str(upstream.get("protocol") or upstream.get("scheme") or "http"))
            result.setdefault(str(upstream["service"]), set()).add(way)
    return result


class CanaryRun:
    """One canary. ``manifest``: that of the live release. ``old`` and ``new``: running containers by service.

    ``new`` has those services only whose requests are divided.
    """

    def __init__(
        self,
        home: Home,
        manifest: Mapping[str, Any],
        release: str,
        containers: tuple[Mapping[str, list[Container]], Mapping[str, list[Container]]],
        settings: CanarySettings,
        journal: Journal,
    ) -> None:
        """:param release: the new one. :param containers: the old and the new ones."""
        self._home, self._manifest, self._release = home, manifest, release
        self._old, self._new = containers
        self._settings, self._journal = settings, journal
        self._edges = self._old.get(str(edge_of(manifest)), [])
        #: The service and the side of each name and address in the log.
        self._sides = dict(self._group_names())
        self._tallies = {(name, is_new): Tally() for name in self._new for is_new in (False, True)}

    def begin(self) -> None:
        """Divide the requests.

        :raises EdgeError: if the proxy refuses the configuration, or its port does not answer.
        """
        proxy = proxies.proxy(self._manifest)
        # Where a new name must be looked up first, nobody is sent there before.
        weights = [0.0, self._settings.weight] if proxy.NAME_LOOKUP_SECONDS else [self._settings.weight]
        versions = [self._write_version(weight) for weight in weights]
        proxy.test(self._home, self._manifest, versions, self._edges)
        for version in versions:
            configuration.activate(self._home, self._manifest, self._edges, version, proxy.NAME_LOOKUP_SECONDS)

    def _write_version(self, weight: float) -> str:
        targets = {service: [one.name for one in group] for service, group in self._new.items()}
        canary = Canary(self._release, self._manifest["release"], weight, self._settings.cookie, targets)
        served = {service: [one.name for one in group] for service, group in self._old.items()}
        return configuration.write_version(self._home, configuration.render(self._home, self._manifest, served, canary))

    def watch(self) -> None:
        """Compare the answers of both sides until the time is over.

        :raises RolloutFailed: if the new side is worse than permitted, or the rollout is aborted.
        """
        since, now = time.time(), time.monotonic()
        end, tell = now + self._settings.seconds, now + _TELL_SECONDS
        while now < end:
            watch.check()
            time.sleep(min(_LOOK_SECONDS, max(0.0, end - now)))
            since, now = self._look(since, at_end=False), time.monotonic()
            if now >= tell:
                self._tell("started", f"; {duration(round(end - now))} to go")
                tell += _TELL_SECONDS
        time.sleep(_LOG_SECONDS)
        self._look(since, at_end=True)
        self._tell("done", "")
        for service in self._new:
            if (asked := self._tallies[service, True].requests) < self._settings.min_requests:
                text = f"its new containers got {asked} requests, too few to judge it (min_requests)"
                self._journal.write("canary", "done", text, service)

    def _look(self, since: float, at_end: bool) -> float:
        """Count what the log has since the last look, judge it, and return when that was.

        :raises RolloutFailed: if the new side is worse than permitted.
        """
        until = time.time()
        self._learn_addresses()
        limit = log_stream.Limit(_MAX_READ, time.monotonic() + _READ_SECONDS)
        try:
            for line in self._lines(since, until, limit):
                self._count(line)
        except DockerError:
            # An engine that restarts has the lines afterwards.
            if at_end:
                raise
            return since
        if found := [text for name in self._new for text in self._problems(name, at_end)]:
            raise RolloutFailed("; ".join(found))
        return until

    def _lines(self, since: float, until: float, limit: log_stream.Limit) -> Iterator[str]:
        for edge in self._edges:
            yield from [text for _at, text in log_stream.read(edge.id, since, until, 0, limit)]

    def _count(self, line: str) -> None:
        answer = access_log.parse(line)
        side = self._sides.get(answer.upstream.rpartition(":")[0] or answer.upstream) if answer else None
        if answer and side:
            self._tallies[side].count(answer.status, answer.seconds)

    def _problems(self, service: str, at_end: bool) -> Iterator[str]:
        new, old = self._tallies[service, True], self._tallies[service, False]
        return problems(service, new, old, self._settings, at_end)

    def _tell(self, state: str, end: str) -> None:
        for service in self._new:
            new, old = self._tallies[service, True], self._tallies[service, False]
            self._journal.write("canary", state, f"new containers: {new}; old ones: {old}{end}", service)

    def _group_names(self) -> Iterator[tuple[str, tuple[str, bool]]]:
        """Yield the names of groups of servers, each with its service and whether it is of the new containers."""
        for upstream in self._manifest["upstreams"]:
            if upstream["service"] in self._new:
                for suffix, is_new in (("", False), (GROUP_SUFFIX, True)):
                    yield f"{group_of(upstream)}{suffix}", (upstream["service"], is_new)

    def _learn_addresses(self) -> None:
        """Note which names and addresses are whose. A container that starts again may have another address."""
        for is_new, groups in ((False, self._old), (True, self._new)):
            for service in self._new:
                for one in groups.get(service, []):
                    names = (one.name, *all_containers.addresses(one))
                    self._sides.update(dict.fromkeys(names, (service, is_new)))
