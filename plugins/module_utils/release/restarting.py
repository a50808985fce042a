"""A restart: which release and which services, checked before anything changes.

Place in the pipeline: target, before a rollout that replaces services with the release that is live already.
"""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import RUN_ONCE, replacement
from ansible_collections.slipway.stack.plugins.module_utils.release.status import NOT_LIVE
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: The name of the live release, where a release is asked for.
LIVE = "live"


def resolve(home: Home, release: str, services: Collection[str]) -> str:
    """Return the id of a release that may be called ``live``, and check that services can be restarted with it.

    :raises RolloutFailed: if no release is live, if another release is rolled out, or for a service that does not exist
        or runs once.
    """
    current = home.current_id()
    if release == LIVE and current is None:
        raise RolloutFailed(home.live_problem() or NOT_LIVE)
    if release == LIVE and current:
        release = current
    if services and release != current:
        raise RolloutFailed(
            f"deploy_restart needs deploy_release: {LIVE}; a rollout of release {release} is no restart"
        )
    known = (home.manifest(release) or {"services": {}})["services"]
    for name in services:
        if name not in known:
            raise RolloutFailed(f"release {release} has no service '{name}'; its services: {', '.join(known)}")
        if replacement(known[name]) == RUN_ONCE:
            raise RolloutFailed(f"service '{name}' runs once at a deploy, so there is nothing to restart")
    return release
