"""What was found on the host of a stack that has something of everything, for the tests of its metrics."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.monitoring.measuring import Measured

from tests.support.fake_host import container, spec

#: 2026-11-27 03:15.
NOW = 1795749300.0
_ROLLOUT: dict[str, Any] = {"at": "2026-11-27T10:00:00Z", "outcome": "failed", "seconds": 12.5}


def measured() -> Measured:
    """Return a stack with two services, of which one has a container too few."""
    services = {"web": spec(replicas=2), "seed": spec(**{"class": "oneshot"})}
    completed = container("seed", state="exited", health=None)
    return Measured(
        stack="shop",
        status={"drift": [{}], "damage": [], "under_way": None},
        manifest={"release": "r1", "version": "1.4", "commit": "abc", "services": services},
        containers={"web": [container("web")], "seed": [completed]},
        certificate={"not_after": NOW + 86400, "missing": ["www.example.com"], "problem": "no answer"},
        backups={
            "services": ["db"],
            "newest": "20261127T021500Z",
            "age": 3600.0,
            "size": 2048,
            "last": {"take": {"outcome": "ok"}, "drill": {"outcome": "failed"}},
        },
        rollouts=[_ROLLOUT],
        since=NOW - 60,
        is_drained=False,
        is_closed=False,
        at=NOW,
    )
