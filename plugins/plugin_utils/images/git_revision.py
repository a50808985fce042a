"""The git commit of a directory.

Place in the pipeline: next to bake; runs git on the controller.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import DIRTY


def revision(folder: Path) -> str:
    """Return the last commit that changed something in *folder*, as 12 digits; with ``-dirty`` for later changes.

    It is not the newest commit of the working copy: a commit to other directories would give each image another digest
    and restart each service. Empty if *folder* is not in a working copy, or git is missing.
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
