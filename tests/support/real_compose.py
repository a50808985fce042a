"""What real Docker Compose makes of files: the oldest version that is supported, and the newest that can be had."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from testbed import compose, shell

#: By the Debian release that has it; `python3 -m testbed compose` tells the versions.
SUITES = compose.SUITES


@functools.cache
def _plugins() -> dict[str, Path]:
    with shell.alone("compose"):
        return compose.ensure()


def config(suite: str, folder: Path, *options: str) -> dict[str, Any]:
    """Return what Compose reads in *folder*, as data; the test fails when it refuses or warns.

    No variable of this process is handed on, because those would go before the ones in `.env`.
    """
    done = subprocess.run(
        [_plugins()[suite], *options, "config", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = _literal(json.loads(done.stdout))
    return found


def _literal(value: Any) -> Any:
    """Undo the doubling of dollars: what Compose prints is to be read by Compose again."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value
