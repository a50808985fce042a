"""Work of its own that takes the lease, and is in the journal from its first record to the one that says how it ended.

Place in the pipeline: target, under ``draining`` and ``upstream_hosts``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout.module_work import Begun
from ansible_collections.slipway.stack.plugins.module_utils.state import journal, journaled_work
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease

_FAILURES = (RolloutFailed, EdgeError, DockerError, OSError)


def begin(
    home: Home, owner: str, word: str, kind: str, work: Callable[[Journal], str], standing: Callable[[], str]
) -> Begun:
    """Take the lease, and return it, the name of the work in the journal, and what does it.

    :param word: what the name begins with. :param kind: of work, as the lease says it.
    :param work: does it, and returns how it ended. :param standing: returns how things are, if it fails.
    :raises LeaseHeld: if other work is under way.
    """
    name = time.strftime(f"{word}-%Y%m%dT%H%M%SZ", time.gmtime())
    held = Lease(home.lease, owner, name, lambda: journal.open_for(home.journal), work=kind)
    return held, name, lambda: _run(home, name, work, standing)


def _run(home: Home, name: str, work: Callable[[Journal], str], standing: Callable[[], str]) -> None:
    records = Journal(home.journal, name, masking(home))
    journaled_work.run(records, lambda: work(records), lambda: f"{standing()}; run the playbook again", _FAILURES)
