"""Read files with real Docker Compose: the oldest supported version, and the newest available one."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.contents import IMAGES
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from testbed import compose, shell

#: The Debian releases of the Compose versions. `python3 -m testbed compose` prints the versions.
SUITES = compose.SUITES


@functools.cache
def _plugins() -> dict[str, Path]:
    with shell.locked("compose"):
        return compose.ensure()


def config(suite: str, folder: Path, *options: str) -> dict[str, Any]:
    """Return the configuration that Compose reads in *folder*. The test fails if Compose fails or warns.

    Variables of this process are not passed on, because they would override those in `.env`.
    """
    done = subprocess.run(
        [_plugins()[suite], *options, "config", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: dict[str, Any] = _literal(json.loads(done.stdout))
    return found


def _literal(value: Any) -> Any:
    """Undo the doubling of dollars. Compose doubles them, because its output is valid input."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {_literal(key): _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def write_release(release: Bundle) -> Path:
    """Write a release and its secrets below its home, as the host does, and return the directory of the release."""
    addresses = SecretStore(Path(release.home)).addresses(list(release.secret_files), release.secrets())
    directory = Path(release.home) / "releases/r1"
    for name, text in {**release.files, IMAGES: "services: {}\n"}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8", newline="")
    with (directory / ".env").open("a", encoding="utf-8") as stream:
        stream.write(dotenv.dump(addresses))
    return directory
