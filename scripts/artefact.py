"""Build the collection's artefact from the files under version control and unpack it.

Without the detour over a copy, whatever lies in the checkout and matches no `build_ignore` would be in it.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def copy(target: Path, *patterns: str) -> None:
    """Copy the files that git knows, and new ones that it does not ignore, to the directory *target*. Links stay links.

    :param patterns: git's path patterns; all files without any.
    """
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        source = ROOT / name
        if source.exists() or source.is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)


def build(folder: Path) -> Path:
    """Build the artefact in the directory *folder*, which is emptied, and return its path.

    :raises subprocess.CalledProcessError: where `ansible-galaxy` refuses to.
    """
    shutil.rmtree(folder, ignore_errors=True)
    copy(folder / "sources")
    return pack(folder / "sources", folder)


def pack(sources: Path, folder: Path) -> Path:
    """Write the artefact of the collection in the directory *sources* to the directory *folder*, and return its path.

    :raises subprocess.CalledProcessError: where `ansible-galaxy` refuses to.
    """
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(folder)]
    subprocess.run(command, cwd=sources, stdout=subprocess.DEVNULL, check=True)
    about = yaml.safe_load((sources / "galaxy.yml").read_text())
    return folder / "{namespace}-{name}-{version}.tar.gz".format(**about)


def unpack(artefact: Path, target: Path) -> None:
    """Unpack *artefact* into the directory *target*, which is emptied."""
    shutil.rmtree(target, ignore_errors=True)
    with tarfile.open(artefact) as files:
        files.extractall(target, filter="data")
