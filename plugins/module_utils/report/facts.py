"""Everything that a report says about one host.

Place in the pipeline: target, read-only.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of, is_inner
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, log_stream
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.report import requests, timeline, topology
from ansible_collections.slipway.stack.plugins.module_utils.report.requests import Window
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, is_release_id

#: Limits for reading the logs of the edge: bytes and seconds.
_MAX_READ, _SECONDS = 256 * 1024**2, 60.0


def facts(home: Home, rollouts: int) -> dict[str, Any]:
    """Return what a report says about the live release and the last rollouts of a stack.

    ``environment``, ``version`` and ``commit`` of the live release; ``services``: see ``topology.services``;
    ``findings``: those of the policy when the release was uploaded; ``timelines``: see ``timeline.Timeline.data``.

    :param rollouts: how many rollouts, the newest first.
    """
    manifest = home.manifest(home.current_id()) or {}
    return {
        "environment": manifest.get("environment", ""),
        "version": manifest.get("version", ""),
        "commit": manifest.get("commit", ""),
        "services": topology.services(manifest) if manifest else [],
        "findings": manifest.get("findings", []),
        "timelines": timeline.timelines(_records(home), rollouts),
    }


def _records(home: Home) -> list[dict[str, Any]]:
    """Return the records of rollouts in the journal and in the one before it, oldest first."""
    before = home.journal.with_name(f"{home.journal.name}.1")
    records = [*journal.read(before, 0)[0], *journal.read(home.journal, 0)[0]]
    # Other work, such as a drain, has a name of another form.
    return [record for record in records if is_release_id(record["release"])]


def requests_around(home: Home, project: str, times: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    """Return the requests around rollouts, see ``requests.Window.data``; each log is read once.

    Empty if this host has no edge that clients send requests to. With services on several hosts, the rollouts of other
    hosts count, too.

    :param project: the name of the stack.
    :param times: ``[start, end]`` of each, in seconds of the epoch.
    :raises DockerError: if the engine does not answer.
    """
    manifest = home.manifest(home.current_id())
    edge = edge_of(manifest) if manifest else None
    if manifest is None or edge is None or is_inner(manifest) or not times:
        return []
    windows = [Window.around(start, end) for start, end in times]
    since, limit = min(window.start for window in windows), log_stream.Limit(_MAX_READ, time.monotonic() + _SECONDS)
    for container in docker.containers(project):
        if container.service == edge:
            # One whose log cannot be read has no requests.
            with contextlib.suppress(DockerError):
                read = log_stream.read(container.id, since, time.time(), 0, limit)
                requests.count((text for _at, text in read), windows)
    return [window.data() for window in windows]
