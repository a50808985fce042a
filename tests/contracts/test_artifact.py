from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from tests.contracts.checkout import ROOT

SHIPPED = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "examples",
    "inventories",
    "kinds",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}


def test_the_artefact_has_only_the_collection(tmp_path: Path) -> None:
    """Other files of the checkout (environment, testbed, keys, reports) are not in the artefact."""
    build = ["ansible-galaxy", "collection", "build", "--output-path", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with tarfile.open(next(tmp_path.glob("slipway-stack-*.tar.gz"))) as artefact:
        names = artefact.getnames()
    assert {name.split("/")[0] for name in names} - SHIPPED == set()
    assert [name for name in names if name.startswith("examples/apps") or "__pycache__" in name] == []
    assert "README.md" in names
