"""The variables of ``.env`` and of a service's env files, from several files that see each other.

Place in the pipeline: check, while files are read. The reader of Compose files opens the files.
"""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import env_file
from .env_file import Statement, Surroundings, Unset, Variable
from .scalars import scalar_text
from .source_positions import Map, Mark, Refusal, Seq, mark_of
from .yaml_parser import Budget

#: Returns the text of a file, from its path and the place that names it.
#: :raises Unreadable: if it cannot be read.
Text = Callable[[Path, str], str]
FORMATS = ("", "raw")


@dataclass
class ServiceFiles:
    """What the env files of a service say. ``incomplete``: a file does not exist, or its path is not known."""

    variables: Map = field(default_factory=Map)
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False


@dataclass(frozen=True)
class _File:
    """An env file of a service: its path, and its path as messages show it."""

    path: Path
    shown: str
    statements: list[Statement]


class EnvFiles:
    """Reads env files, each once. :param refusals: gets what Compose refuses in them."""

    def __init__(self, text: Text, refusals: list[Refusal], budget: Budget) -> None:
        self._text = text
        self._refusals = refusals
        self._budget = budget
        self._statements: dict[tuple[Path, str], list[Statement]] = {}

    def project(self, paths: list[Path], variables: Mapping[str, str], where: str = "") -> dict[str, str]:
        """Return the variables of ``.env``, or of the files that take its place; later ones see earlier ones.

        :param variables: those of the process, which take precedence for references in the files.
        :param where: the place that names the files.
        """
        found: dict[str, Variable] = {}
        for path in paths:
            statements = self._read(path, "", where or str(path))
            found = env_file.evaluate(statements, self._surroundings(variables, path), found)
        return {name: variable.value for name, variable in found.items()}

    def service(self, name: str, service: Map, folder: Path, variables: Mapping[str, str]) -> ServiceFiles:
        """Return what the env files of a service say.

        A reference in a file means a variable of the project, else of the service's ``environment``, else of the file
        or one before it. This is the order of Compose 2.35 and later.

        :param folder: the directory that relative paths start from. :param variables: those of the project.
        """
        result = ServiceFiles()
        files = list(self._files(name, service, folder, result))
        own = service.get("environment")
        texts = {key: scalar_text(value) for key, value in own.items() if value is not None} if own else {}
        found: dict[str, Variable] = {}
        for file in files:
            unset = _noting(file.shown, result.notes)
            found, before = self._evaluate(file, ChainMap(dict(variables), texts), found, unset), found
            for variable, value in found.items():
                if value is not before.get(variable):
                    result.variables[variable] = value.value
                    result.variables.marks[variable] = Mark(str(file.path), value.line, value.source or None)
        result.notes += self._read_otherwise(files, variables, {**found, **dict.fromkeys(texts)})
        return result

    def _files(self, name: str, service: Map, folder: Path, result: ServiceFiles) -> Iterator[_File]:
        entries = service.get("env_file")
        for index, entry in enumerate(entries if isinstance(entries, Seq) else ()):
            file = entry.get("path") if isinstance(entry, dict) else entry
            form = str(entry.get("format") or "") if isinstance(entry, dict) else ""
            path = folder / str(file)
            if not isinstance(file, str) or "${" in file or not path.exists() or form not in FORMATS:
                result.incomplete = True
                continue
            mark = mark_of(entries, index) or mark_of(service, "env_file")
            place = f"{mark.file}:{mark.line}: " if mark else ""
            statements = self._read(path, form, f"{place}service {name!r}: key 'env_file'")
            yield _File(path, os.path.relpath(path, folder), statements)

    def _evaluate(
        self, file: _File, outside: Mapping[str, str], earlier: Mapping[str, Variable], unset: Unset
    ) -> dict[str, Variable]:
        return env_file.evaluate(file.statements, self._surroundings(outside, file.path, unset), earlier)

    def _read_otherwise(
        self, files: list[_File], variables: Mapping[str, str], found: Mapping[str, Variable | None]
    ) -> list[str]:
        """Return a note for each variable that Compose before 2.35 reads otherwise.

        There, earlier files take precedence over the project, and a file does not see ``environment``.
        """
        if not any("$" in (statement.value or "") for file in files for statement in file.statements):
            return []
        notes: dict[str, str] = {}
        earlier: dict[str, Variable] = {}
        for file in files:
            outside = ChainMap({name: variable.value for name, variable in earlier.items()}, dict(variables))
            read = self._evaluate(file, outside, {}, env_file.empty)
            for name, variable in read.items():
                now = found.get(name)
                notes[name] = (
                    f"gets 'environment.{name}' of {file.shown}:{variable.line} as Compose 2.35 and later read it; "
                    "earlier ones let env files before it take precedence over .env, and do not see 'environment'"
                    if now is not None and now.value != variable.value
                    else ""
                )
            earlier.update(read)
        return [note for note in notes.values() if note]

    def _read(self, path: Path, form: str, where: str) -> list[Statement]:
        if (path, form) not in self._statements:
            self._statements[path, form] = env_file.statements(self._text(path, where), form)
        return self._statements[path, form]

    def _surroundings(self, variables: Mapping[str, str], path: Path, unset: Unset = env_file.empty) -> Surroundings:
        def refuse(line: int, name: str, problem: str) -> None:
            found = Refusal(Mark(str(path), line), f"variable {name!r}" if name else "env file", problem)
            if found not in self._refusals:
                self._refusals.append(found)

        return Surroundings(variables, unset, refuse, str(path), self._budget)


def _noting(file: str, notes: list[str]) -> Any:
    """Return a function that gives a variable without a value an empty text, as Compose does, and adds a note."""

    def unset(line: int, name: str, reference: str) -> str:
        note = (
            f"gets 'environment.{name}' of {file}:{line} with an empty text in place of {reference}, which has no "
            "value; write $$ for a dollar sign"
        )
        if note not in notes:
            notes.append(note)
        return ""

    return unset
