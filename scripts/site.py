"""Build the documentation site from docs/ in `.cache/site`: `make site`. Any warning is a failure.

python3 -m scripts.site  # prints the path of the first page
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from scripts import environments

ROOT = Path(__file__).resolve().parents[1]


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site in *folder*, and return the ended command; its output has the warnings."""
    # Without --quiet, which hides warnings from --strict, too.
    command = [str(environments.checks() / "mkdocs"), "build", "--strict", "--site-dir", str(folder)]
    known = {**os.environ, "NO_MKDOCS_2_WARNING": "true"}
    return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=False, timeout=300)


def main() -> None:
    """Build the site, and leave with 1 and the warnings where there are any."""
    done = build(ROOT / ".cache/site")
    if done.returncode:
        print(done.stdout + done.stderr, end="")
        sys.exit(1)
    print(ROOT / ".cache/site/index.html")


if __name__ == "__main__":
    main()
