"""Read files with real Docker Compose: the oldest supported version, and the newest available one."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Read:
    """What Compose reads: the configuration, ``None`` if it refuses the files; and what it prints for the person."""

    config: dict[str, Any] | None
    printed: str


def read(suite: str, folder: Path, *options: str) -> Read:
    """Return what Compose reads in *folder*.

    Variables of this process are not passed on, because they would override those in `.env`.
    """
    done = _run(suite, folder, *options, "config", "--format", "json")
    return Read(_literal(json.loads(done.stdout)) if done.returncode == 0 else None, done.stderr.strip())


def config(suite: str, folder: Path, *options: str) -> dict[str, Any]:
    """Return the configuration that Compose reads in *folder*. The test fails if Compose fails or warns."""
    found = read(suite, folder, *options)
    assert found.config is not None, found.printed
    assert not found.printed, found.printed
    return found.config


def variables(folder: Path, *options: str) -> dict[str, str]:
    """Return the variables that the newest Compose interpolates with. Older versions do not print them."""
    done = _run(SUITES[-1], folder, *options, "config", "--environment")
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def _run(suite: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_plugins()[suite], *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _literal(value: Any) -> Any:
    """Undo the doubling of dollars. Compose doubles them, because its output is valid input."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {_literal(key): _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def write_release(release: Bundle) -> Path:
    """Write a release with its files and secrets, as the host does, and return the directory of the release."""
    addresses = SecretStore(Path(release.home)).addresses(list(release.secret_files), release.secrets())
    directory = Path(release.home) / "releases/r1"
    for name, text in {**release.files, IMAGES: "services: {}\n"}.items():
        _write(directory / name, text)
    for name, text in release.mounted.items():
        path = Path(release.home) / "files" / name
        _write(path, text)
        path.chmod(0o755 if name in release.executable else 0o644)
    with (directory / ".env").open("a", encoding="utf-8") as stream:
        stream.write(dotenv.dump(addresses))
    return directory


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
