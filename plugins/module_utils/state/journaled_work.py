"""Work of its own, from its first record in the journal to the last one, which says how it ended.

Place in the pipeline: target, in the process of the work.
"""

from __future__ import annotations

from typing import Callable

from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal


def run(
    records: Journal,
    work: Callable[[], str],
    standing: Callable[[], str],
    failures: tuple[type[Exception], ...],
    record: Callable[[str], str] = lambda _reason: "",
) -> None:
    """Do work, and write what it returns, or why it failed and what holds then.

    :param work: returns how it ended, as a text. :param standing: returns what holds if it fails, as a text.
    :param failures: what the work raises with a sentence for people, and maybe with ``detail``.
    :param record: writes elsewhere, too, how the work ended: why it failed, or an empty text. It returns a sentence if
        that cannot be written.
    :raises Exception: any other one, when it is written too.
    """
    reason, text = "it was interrupted", ""
    detail: tuple[str, ...] = ()
    try:
        text = work()
        reason = ""
    except failures as error:
        reason, detail = str(error), tuple(getattr(error, "detail", ()))
    except Exception as error:
        reason = f"it cannot go on: {error or type(error).__name__}"
        raise
    finally:
        records.tolerate_write_errors()
        unwritten = record(reason)
        reason = reason or unwritten
        if reason:
            records.write("rollout", "failed", reason, detail=detail)
            records.write("end", "failed", standing())
        else:
            records.write("end", "done", text)
