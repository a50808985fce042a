"""Which commit a directory's files are at, asked of git.

Place in the pipeline: beside bake.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import DIRTY


def revision(folder: Path) -> str:
    """Return the last commit that changed something in *folder*, as 12 digits, with ``-dirty`` where that is not all.

    Not the newest commit of the working copy: with that, a commit elsewhere in it would give each image another digest
    and each service a restart. Empty where *folder* is in no working copy, or git is missing.
    """
    commit = _git(folder, "log", "-1", "--format=%H", "--", ".")[:12]
    if commit and _git(folder, "status", "--porcelain", "--", "."):
        return f"{commit}{DIRTY}"
    return commit


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
