"""Environments for tools that do not fit into .venv, and the Pythons of this machine to make them with."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
#: Where pyenv keeps its Pythons; its own shims refuse those that are not selected.
_PYENV = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"


@functools.cache
def pythons() -> dict[str, Path]:
    """Return the programs of the Pythons from 3.8 on that this machine has and that can make environments, by version.

    The key is for example ``3.12``.
    """
    code = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    found: dict[str, Path] = {}
    for version in (f"3.{minor}" for minor in range(8, 16)):
        name = f"python{version}"
        for path in (Path(shutil.which(name) or name), *sorted(_PYENV.glob(f"{version}.*/bin/{name}"))):
            if version not in found and _output([str(path), "-c", code]) == version:
                found[version] = path
    return found


def make(folder: Path, python: Path, *packages: str) -> Path:
    """Make *folder* an environment with *packages*, unless it is one, and return the directory of its programs.

    :param packages: pip's arguments, such as ``name==1.2`` or ``-r`` and a file.
    :raises subprocess.CalledProcessError: where a package cannot be had.
    """
    stamp, wanted = folder / "packages.txt", "\n".join([str(python), *packages, *_contents(packages)])
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", str(python), str(folder)], check=True)
        install = ["uv", "pip", "install", "--quiet", "--python", str(folder / "bin/python"), *packages]
        index = _settings().get("index-url")
        known = {"UV_NATIVE_TLS": "true", **({"UV_DEFAULT_INDEX": index} if index else {}), **os.environ}
        subprocess.run(install, env=known, check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def checks() -> Path:
    """Return the directory of the programs of requirements-checks.txt, in an environment below `.cache`.

    :raises subprocess.CalledProcessError: where a package cannot be had.
    """
    pip = ("-r", str(_ROOT / "requirements-checks.txt"), "--require-hashes")
    return make(_ROOT / ".cache/checks", Path(sys.base_prefix, "bin/python3"), *pip)


def pip_settings() -> str:
    """Return a configuration file for pip: what applies to it on this machine, and no word but errors."""
    return "\n".join(["[global]", "quiet = 2", *(f"{key} = {value}" for key, value in _settings().items()), ""])


@functools.cache
def _settings() -> dict[str, str]:
    python = Path(sys.base_prefix, "bin/python3")
    listed = _output([str(python), "-m", "pip", "config", "list"])
    return dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE))


def _contents(packages: tuple[str, ...]) -> list[str]:
    return [Path(one).read_text(encoding="utf-8") for one in packages if one.endswith(".txt")]


def _output(command: list[str]) -> str:
    """Return what a command prints, empty where it fails or is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
