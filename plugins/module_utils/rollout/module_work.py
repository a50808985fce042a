"""Work that a module starts as a process of its own, and its failures as the answer of the module.

Place in the pipeline: target, between a module and what it starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.leaving import is_finishing
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.rollout.detach import detach
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import SHORT_WORK, Lease, LeaseHeld

T = TypeVar("T")
#: Seconds that one call of a module waits for the end of a backup.
_POLL_SECONDS = 5.0
#: Work that is about to start: what it holds, its name in the journal, and what does it.
Begun = tuple[Lease, str, Callable[[], None]]
#: The options of a module whose work is followed, as ``doc_fragments/followed.py`` documents them.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "owner": {"type": "str", "default": ""},
    "archive_timeout": {"type": "int", "default": 21600},
    "timeout": {"type": "int", "default": 43200},
    "release": {"type": "str"},
    "offset": {"type": "int"},
}


def start(home: Home, begun: Begun) -> tuple[str, int]:
    """Start the work in a detached process, and return its name and where its records start in the journal."""
    lease, name, function = begun
    detach(lease.hand_over(function), home.log, masking(home))
    lease.close_own_copy()
    return name, lease.journal_offset


def after_short_work(module: AnsibleModule, home: Home, begin: Callable[[], T]) -> T:
    """Return what *begin* returns, which is called as soon as no short work is under way.

    That is a backup, for example, or a rollout that only stops what it has replaced.

    After five seconds it ends the module, whose answer says in ``held_by`` who is at work. The controller calls
    again then: if it goes away, nothing starts that nobody follows.

    :raises LeaseHeld: if other work is under way.
    """
    deadline = time.monotonic() + _POLL_SECONDS
    while True:
        try:
            return begin()
        except LeaseHeld as held:
            if held.work not in SHORT_WORK and not is_finishing(home):
                raise
            # Taking the lease has waited for a moment, so the loop need not.
            if time.monotonic() > deadline:
                module.exit_json(changed=False, records=[], held_by=str(held))


@contextmanager
def failures_answered(module: AnsibleModule, not_done: str) -> Iterator[None]:
    """End the module with a sentence about the stack if its work cannot start, or has died.

    :param not_done: what has not happened if the disk fails, such as ``nothing was started``.
    """
    about = f"stack '{module.params['name']}'"
    try:
        yield
    except LeaseHeld as error:
        module.fail_json(msg=f"{about}: {error}; wait for it, or look with playbooks/status.yml")
    except (RolloutFailed, Refused, DockerError) as error:
        module.fail_json(msg=f"{about}: {error}")
    except OSError as error:
        module.fail_json(msg=f"{about}: {error}; {not_done}")
