"""The tables of `docs/support.md`, which say what is tested with what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs/support.md"


def rows(section: str) -> list[dict[str, str]]:
    """Return the rows of a section's table, each as its cells by the name of their column."""
    text = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    head, _, *body = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in head]
    return [dict(zip(names, (cell.strip() for cell in line), strict=True)) for line in body]


def suite(row: dict[str, str]) -> str:
    """Return the codename in a row of the servers."""
    return row["System"].partition("(")[2].rstrip(")")


def code(cell: str) -> list[str]:
    """Return what a cell has in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def promised(host: Any) -> dict[str, str]:
    """Return the versions that the page gives for servers of a server's Debian release."""
    codename = host.check_output(". /etc/os-release && echo $VERSION_CODENAME")
    (row,) = [row for row in rows("Servers") if suite(row) == codename]
    return {name: row[name] for name in ("Engine", "Compose", "containerd", "Python")}


def found(host: Any) -> dict[str, str]:
    """Return the versions that a server has, major and minor numbers alone."""
    asked = {
        "Engine": "docker version --format '{{.Server.Version}}'",
        "Compose": "docker compose version --short",
        "containerd": "containerd --version",
        "Python": "python3 --version",
    }
    return {name: _short(host.check_output(command)) for name, command in asked.items()}


def _short(answer: str) -> str:
    match = re.search(r"(?<![\d.])\d+\.\d+", answer)
    return match[0] if match else answer
