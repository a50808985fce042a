"""Print what came of a project, or without arguments of every value of every key.

``PYTHONPATH=.collections python3 -m tests.support.differential [FOLDER [FILE...]]``
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.support.differential import every_value
from tests.support.differential.comparison import compare


def main(folder: str, *files: str) -> int:
    """Compare the project in *folder*, and print the outcome, the defects and all refusals."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory, "shop")
        shutil.copytree(folder, project, symlinks=True)
        found = compare(project, *(files or ("docker-compose.yml",)))
    lines = [found.outcome, *found.defects()]
    lines += [f"Compose ({suite}): {text}" for suite, text in found.refusals.items()]
    lines += [f"ours: {line}" for line in (found.refusal or "").splitlines()]
    print("\n".join(dict.fromkeys(lines)))
    return 1 if found.defects() else 0


def every() -> int:
    """Print each value that differs, or is refused by ours only."""
    with tempfile.TemporaryDirectory() as directory:
        found = every_value.report(Path(directory))
    print(
        "\n".join(["Different, or refused without a place:", *found.defects, "Refused by ours only:", *found.refused])
    )
    return 1 if found.defects else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if sys.argv[1:] else every())
