"""The pages that people read, and what they name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contracts.checkout import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def links(page: Path) -> set[str]:
    """Return the targets of the links and pictures that lead to a file."""
    return {target for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()) if "://" not in target}


def paths(page: Path) -> set[str]:
    """Return the paths of the checkout that a page names."""
    folders = "changelogs|docs|examples|inventories|kinds|meta|molecule|playbooks|plugins|roles|scripts|testbed|tests"
    found = re.findall(rf"(?<![\w/.-])((?:{folders})/[\w./-]*\w)", page.read_text())
    return set(found)
