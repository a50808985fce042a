"""Projects as data that can lose services and still be one, and what comes of them."""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support import compose_projects
from tests.support.differential import comparison, examples
from tests.support.differential.comparison import Comparison

_NUMBER = re.compile("@([0-9])")
_SERVICE = re.compile(r"service '([^']+)'")

#: How often services are left out. The description is checked service by service, so it refuses one at a time.
_ATTEMPTS = 12

#: The keys of a service, each with the text of its value.
Keys = Mapping[str, str]


@dataclass(frozen=True)
class File:
    """One Compose file: its services, and its other keys."""

    services: Mapping[str, Keys]
    top: Keys = field(default_factory=dict)

    def text(self) -> str:
        """Return the text of the file. Each service has its own numbers."""
        lines = [f"{key}: {value}" for key, value in self.top.items()]
        lines += ["services:"] if self.services else ["services: {}"]
        for name, keys in self.services.items():
            lines += [f"  {name}:"] if keys else [f"  {name}: {{}}"]
            lines += [f"    {key}: {_numbered(value, name)}".rstrip() for key, value in keys.items()]
        return "\n".join(lines) + "\n"


def _numbered(value: str, service: str) -> str:
    """Return a value with the numbers of a service, which are the same in all files."""
    # The names that end with a number are those of `every_value`.
    digits = re.search("[0-9]+$", service)
    first = 10 * int(digits[0]) if digits else 10_000 + 10 * (zlib.crc32(service.encode()) % 4000)
    return _NUMBER.sub(lambda match: str(first + int(match[1])), value)


@dataclass(frozen=True)
class Project:
    """A team's project. ``files``: the Compose files in their order. ``others``: further files by path."""

    files: tuple[File, ...]
    others: Mapping[str, str] = field(default_factory=lambda: examples.FILES)

    def texts(self) -> dict[str, str]:
        """Return the text of each file by its path."""
        return {**self.others, **{self._name(index): file.text() for index, file in enumerate(self.files)}}

    def compare(self, folder: Path) -> Comparison:
        """Write the project below *folder*, and return what came of it."""
        return comparison.compare(self._write(folder), *self._names(), compose_host_paths=list(examples.HOST_PATHS))

    def refusal(self, folder: Path) -> str | None:
        """Write the project below *folder*, and return why there is no release of it, without asking Compose."""
        return comparison.refusal(self._write(folder), *self._names(), compose_host_paths=list(examples.HOST_PATHS))

    def _write(self, folder: Path) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        return compose_projects.write(folder / "shop", self.texts())

    def _names(self) -> list[str]:
        return [self._name(index) for index in range(len(self.files))]

    def without(self, names: Collection[str]) -> Project:
        """Return the project without some of its services."""
        return replace(
            self,
            files=tuple(
                replace(file, services={name: keys for name, keys in file.services.items() if name not in names})
                for file in self.files
            ),
        )

    @staticmethod
    def _name(index: int) -> str:
        return f"f{index + 1}.yml"


def outcome(project: Project, folder: Path) -> tuple[Comparison, list[str]]:
    """Return what came of a project without the services that we refuse, and the lines that refuse them.

    So one refused service does not hide what differs in the others.
    """
    refused: list[str] = []
    for _attempt in range(_ATTEMPTS):
        lines = (project.refusal(folder) or "").splitlines()
        names = {match[1] for match in map(_SERVICE.search, lines) if match}
        if not names & {name for file in project.files for name in file.services}:
            break
        refused += lines
        project = project.without(names)
    return project.compare(folder), refused
