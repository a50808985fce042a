"""Work of a refresh from its first record in the journal to the last one, which says how it ended.

Place in the pipeline: source and destination, in the process of the work.
"""

from __future__ import annotations

from typing import Callable

from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed


def run(records: Journal, work: Callable[[], str], unchanged: str) -> None:
    """Do work, and write what it returns, or why it failed and what holds then.

    :param work: returns what was done, as a text. :param unchanged: what holds if it fails, as a sentence.
    """
    reason, done = "it was interrupted", ""
    detail: tuple[str, ...] = ()
    try:
        done = work()
        reason = ""
    except (RolloutFailed, DockerError) as error:
        reason, detail = str(error), error.detail
    except (StreamError, OSError) as error:
        reason = str(error)
    except Exception as error:
        reason = f"it cannot go on: {error or type(error).__name__}"
        raise
    finally:
        records.tolerate_write_errors()
        if reason:
            records.write("rollout", "failed", reason, detail=detail)
            records.write("end", "failed", unchanged)
        else:
            records.write("end", "done", f"{done} done: {records.time_summary()}")
