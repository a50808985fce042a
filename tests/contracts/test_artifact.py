from __future__ import annotations

import tarfile
from pathlib import Path

from scripts.artefact import pack
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
    with tarfile.open(pack(ROOT, tmp_path)) as artefact:
        names = artefact.getnames()
    assert {name.split("/")[0] for name in names} - SHIPPED == set()
    assert [name for name in names if name.startswith("examples/apps") or "__pycache__" in name] == []
    assert "README.md" in names
