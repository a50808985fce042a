"""Work of a refresh from its first record in the journal to the last one, which says how it ended.

Place in the pipeline: source and destination, in the process of the work.
"""

from __future__ import annotations

from typing import Callable

from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import journaled_work
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

_FAILURES = (RolloutFailed, DockerError, StreamError, OSError)


def run(
    records: Journal, work: Callable[[], str], unchanged: str, record: Callable[[str], str] = lambda _reason: ""
) -> None:
    """Do work, and write what it returns, or why it failed and what holds then.

    :param work: returns what was done, as a text. :param unchanged: what holds if it fails, as a sentence.
    :param record: as of :func:`journaled_work.run`.
    """
    journaled_work.run(
        records, lambda: f"{work()} done: {records.time_summary()}", lambda: unchanged, _FAILURES, record
    )
