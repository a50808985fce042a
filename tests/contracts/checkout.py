"""The checkout, its roles and its tracked files, for the contract tests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Role:
    """A role of the checkout. Both mappings are the parsed YAML of a file."""

    name: str
    defaults: dict[str, Any]
    entry_points: dict[str, Any]

    def options(self) -> dict[str, dict[str, Any]]:
        """Return the options of all entry points by variable name."""
        return {
            name: spec
            for entry_point in self.entry_points.values()
            for name, spec in entry_point.get("options", {}).items()
        }


def load(path: Path) -> Any:
    """Return the content of a YAML file, an empty dict if it is empty or missing."""
    return (yaml.safe_load(path.read_text()) or {}) if path.is_file() else {}


def roles() -> list[Role]:
    """Return the roles, sorted by name."""
    return [
        Role(
            name=directory.name,
            defaults=load(directory / "defaults/main.yml"),
            entry_points=load(directory / "meta/argument_specs.yml").get("argument_specs", {}),
        )
        for directory in sorted((ROOT / "roles").iterdir())
    ]


def tracked(*patterns: str) -> list[Path]:
    """Return the files under version control that match git's path patterns."""
    listing = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split()]
