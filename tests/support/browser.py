"""Pages in a real browser, on a telephone and a screen, in light and dark: a container of the image with Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed import engine, images, shell
from tests.contracts.checkout import ROOT

IMAGE = "slipway/chromium"
PROGRAM = ROOT / "tests/support/seen_page.py"
#: How often each page is looked at.
VIEWS = 4


def ready(screenshots: Path) -> None:
    """Have the image, and an empty directory for screenshots."""
    with shell.locked("images"):
        engine.require()
        images.ensure([IMAGE])
    shutil.rmtree(screenshots, ignore_errors=True)
    screenshots.mkdir(parents=True)


def seen(
    pages: Mapping[str, str], screenshots: Path, address: str = "", network: str = "none", folder: Path | None = None
) -> list[dict[str, Any]]:
    """Return what there was to see of each page, see ``seen_page.py``.

    :param pages: by name, the URL.
    :param address: where the host of these URLs is; empty for files.
    :param network: the network that the browser is in.
    :param folder: is ``/pages`` for the browser.
    """
    wanted = {"folder": "/screenshots", "address": address, "pages": dict(pages)}
    where = ["run", "--rm", "--init", "--shm-size=256m", f"--network={network}"]
    where += [f"--volume={PROGRAM}:/program.py:ro", f"--volume={screenshots}:/screenshots"]
    where += [f"--volume={folder}:/pages:ro"] if folder else []
    command = ["docker", *where, IMAGE, "/program.py", json.dumps(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) == VIEWS * len(pages)
    return found
