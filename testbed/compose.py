"""Fetch the Compose plugins that releases are tested against, without installing them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from testbed import machine, shell

STEP = "compose"
PLUGIN = Path("usr/libexec/docker/cli-plugins/docker-compose")
#: Debian 13's Compose is the oldest that is supported (2.26), the next Debian's the newest (2.40 or later).
SUITES = ("trixie", "forky")


def ensure() -> dict[str, Path]:
    """Return the plugin's path by Debian suite, after downloading those that are not there yet. Raises StepError."""
    found = {suite: shell.STATE / "compose" / suite / PLUGIN.name for suite in SUITES}
    for suite, path in found.items():
        if not path.is_file():
            _download(suite, path)
    return found


def version(path: Path) -> str:
    """Return the version that a plugin says it is."""
    answer = shell.answer([str(path), "version", "--short"])
    if answer is None:
        raise shell.StepError(f"{STEP}: {path} does not run; remove it and run again")
    return answer


def _download(suite: str, path: Path) -> None:
    """Take the plugin out of the suite's package; apt works in a directory of its own and leaves the machine's be."""
    # A frozen mirror's index may be older than its own expiry date.
    source = machine.apt_source().for_suite(suite, check_valid_until="no")
    shell.say(STEP, f"downloading Compose from Debian {suite} (about 5 s)")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        (folder / "sources.list").write_text("\n".join(source.one_line()) + "\n")
        for needed in ("lists/partial", "cache/archives/partial"):
            (folder / needed).mkdir(parents=True)
        settings = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            **dict.fromkeys(
                ("Dir::Etc::sourceparts", "Dir::Etc::preferences", "Dir::Etc::preferencesparts"), "/dev/null"
            ),
            "Dir::State::lists": folder / "lists",
            "Dir::Cache": folder / "cache",
            "Acquire::Languages": "none",
            # Its own user may not enter here.
            "APT::Sandbox::User": "root",
        }
        options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
        shell.run(STEP, ["apt-get", *options, "update"])
        shell.run(STEP, ["apt-get", *options, "download", "docker-compose"], cwd=folder)
        package = next(folder.glob("docker-compose_*.deb"))
        shell.run(STEP, ["dpkg-deb", "--extract", str(package), str(folder / "package")])
        shutil.move(folder / "package" / PLUGIN, path)
