"""Print the version that the demo serves, or with `--next` the next one: `python3 -m scripts.demo_version [--next]`."""

from __future__ import annotations

import sys

from testbed.load.session import QUICK
from testbed.load.visitor import ask

PORT = 8420


def next_version(version: str) -> str:
    """Return the next minor version, such as 1.1.0 for 1.0.0."""
    major, minor, *_ = version.partition("-")[0].split(".")
    return f"{major}.{int(minor) + 1}.0"


def main() -> int:
    """Print the version. Return 1 if the demo does not answer."""
    answer = ask("127.0.0.1", PORT, QUICK)
    if answer.failed or answer.version is None:
        return 1
    print(next_version(answer.version) if "--next" in sys.argv[1:] else answer.version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
