"""The pages that people read, and what they name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contracts.checkout import ROOT

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS]


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def links(page: Path) -> set[str]:
    """Return the targets of the links and pictures that lead to a file."""
    return {target for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()) if "://" not in target}


def anchors(page: Path) -> set[tuple[Path, str]]:
    """Return the headings that links lead to, each with the page that it is on."""
    found = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
    return {((page.parent / target).resolve() if target else page, anchor) for target, anchor in found}


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and GitLab name them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def paths(page: Path) -> set[str]:
    """Return the paths of the checkout that a page names."""
    folders = "changelogs|docs|examples|inventories|kinds|meta|molecule|playbooks|plugins|roles|scripts|testbed|tests"
    found = re.findall(rf"(?<![\w/.-])((?:{folders})/[\w./-]*\w)", page.read_text())
    return set(found)
