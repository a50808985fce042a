"""Damaged state files of a stack: what is wrong with each of them, and what to do about it.

Place in the pipeline: target, in the status and before a rollout. A rollout does not start if it would lose something,
or if it could not write its own files. Lines that are damaged in the journal and the audit log are skipped: both are
for people.
"""

from __future__ import annotations

import stat
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import (
    away,
    drain,
    maintenance,
    permission,
    stopped,
    transaction,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def problems(home: Home) -> list[str]:
    """Return a sentence for each damaged state file."""
    found = [*blocking(home), permission.read(home.barrier).problem, _irregular(home.audit)]
    return list(dict.fromkeys(problem for problem in found if problem))


def blocking(home: Home) -> list[str]:
    """Return a sentence for each damaged state file that a rollout needs or must write."""
    found = [home.live_problem(), transaction.read(home.transaction).problem]
    found += [module.read(home).problem for module in (maintenance, drain, stopped, away)]
    written = (home.lease, home.barrier, home.abort, home.journal, home.reserve, home.upload_lock)
    found += [_irregular(path) for path in written]
    return [problem for problem in found if problem]


def _irregular(path: Path) -> str:
    """Return a sentence if something else than a regular file is in the place of a file; empty otherwise."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}. Repair its directory"
    return "" if stat.S_ISREG(mode) else f"{path} is not a regular file. Remove it and run the playbook again"
