"""Download the Compose plugins that releases are tested with, without installing them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from testbed import machine, shell

STEP = "compose"
PLUGIN = Path("usr/libexec/docker/cli-plugins/docker-compose")
#: Debian 13 has the oldest supported Compose (2.26), the next Debian has the newest (2.40 or later).
SUITES = ("trixie", "forky")


def ensure() -> dict[str, Path]:
    """Download the plugins that are missing, and return the path of each by its Debian suite.

    :raises StepError: if a download fails.
    """
    found = {suite: shell.STATE / "compose" / suite / PLUGIN.name for suite in SUITES}
    for suite, path in found.items():
        if not path.is_file():
            _download(suite, path)
    return found


def version(path: Path) -> str:
    """Return the version that a plugin prints.

    :raises StepError: if the plugin does not run.
    """
    answer = shell.answer([str(path), "version", "--short"])
    if answer is None:
        raise shell.StepError(f"{STEP}: {path} does not run; remove it and try again")
    return answer


def _download(suite: str, path: Path) -> None:
    """Extract the plugin from the suite's package. apt works in a separate directory, so the machine is not changed."""
    # The index of a frozen mirror may have expired.
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
            # The user _apt has no access to this directory.
            "APT::Sandbox::User": "root",
        }
        options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
        shell.run(STEP, ["apt-get", *options, "update"])
        shell.run(STEP, ["apt-get", *options, "download", "docker-compose"], cwd=folder)
        package = next(folder.glob("docker-compose_*.deb"))
        shell.run(STEP, ["dpkg-deb", "--extract", str(package), str(folder / "package")])
        shutil.move(folder / "package" / PLUGIN, path)
