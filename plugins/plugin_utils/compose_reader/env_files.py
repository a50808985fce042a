"""The variables of ``.env`` and of a service's env files, from several files that see each other.

Place in the pipeline: compose_reader. The reader of Compose files opens the files.
"""

from __future__ import annotations

import os
import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
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
#: A variable or a secret whose value is not known, in a path.
_UNKNOWN = re.compile("\\$\\{|[\ue000-\ue003]")
#: What Go reads as a boolean.
_TRUE = ("1", "t", "T", "true", "True", "TRUE")
_FALSE = ("0", "f", "F", "false", "False", "FALSE")


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

    def of_folder(self, folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of ``.env`` in a folder.

        :param variables: those of the process; with ``COMPOSE_DISABLE_ENV_FILE`` the file is not read.
        """
        if variables.get("COMPOSE_DISABLE_ENV_FILE") in _TRUE:
            return {}
        found = self._project(dotenv(folder), variables)
        disabling = found.get("COMPOSE_DISABLE_ENV_FILE")
        if disabling and disabling.value not in _FALSE:
            message = "Compose 2.26 reads this file nevertheless, and 2.40 does not; remove the line"
            mark = Mark(str(folder / ".env"), disabling.line)
            self._refusals.append(Refusal(mark, "variable 'COMPOSE_DISABLE_ENV_FILE'", message))
        return {name: variable.value for name, variable in found.items()}

    def project(self, paths: list[Path], variables: Mapping[str, str], where: str = "") -> dict[str, str]:
        """Return the variables of ``.env``, or of the files that take its place; later ones see earlier ones.

        :param variables: those of the process, which take precedence for references in the files.
        :param where: the place that names the files.
        """
        return {name: variable.value for name, variable in self._project(paths, variables, where).items()}

    def _project(self, paths: list[Path], variables: Mapping[str, str], where: str = "") -> dict[str, Variable]:
        found: dict[str, Variable] = {}
        for path in paths:
            statements = self._read(path, "", where or str(path))
            found = env_file.evaluate(statements, self._surroundings(variables, path), found)
        return found

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

    def labels(self, name: str, service: Map, folder: Path) -> Map:
        """Return the labels of a service that has label files. Each file sees the files before, and nothing else.

        :param folder: the directory that relative paths start from.
        """
        result = Map()
        entries = service.get("label_file")
        for index, file in enumerate(entries if isinstance(entries, Seq) else ()):
            if not isinstance(file, str) or _UNKNOWN.search(file):
                continue
            path = folder / file
            mark = mark_of(entries, index) or mark_of(service, "label_file")
            if not path.exists():
                where = f"service {name!r}: key 'label_file'"
                self._refusals.append(Refusal(mark, where, f"{file} does not exist; create it, or remove the key"))
                continue
            statements = self._read(path, "", _place(mark, name, "label_file"))
            for label, found in env_file.evaluate(statements, self._surroundings(result, path)).items():
                result[label] = found.value
                result.marks[label] = Mark(str(path), found.line, found.source or None)
        own = service.get("labels")
        return Map({**result, **own}, {**result.marks, **own.marks}) if isinstance(own, Map) else result

    def _files(self, name: str, service: Map, folder: Path, result: ServiceFiles) -> Iterator[_File]:
        entries = service.get("env_file")
        for index, entry in _unique(entries if isinstance(entries, Seq) else ()):
            file = entry.get("path") if isinstance(entry, dict) else entry
            form = str(entry.get("format") or "") if isinstance(entry, dict) else ""
            path = folder / str(file)
            if not isinstance(file, str) or _UNKNOWN.search(file) or not path.exists() or form not in FORMATS:
                result.incomplete = True
                continue
            mark = mark_of(entries, index) or mark_of(service, "env_file")
            statements = self._read(path, form, _place(mark, name, "env_file"))
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


def _unique(entries: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the number and the content of each entry. Of two with one path, the later one is in the earlier's place."""
    found: dict[str, tuple[int, Any]] = {}
    for index, entry in enumerate(entries):
        found[str(entry.get("path") if isinstance(entry, dict) else entry)] = index, entry
    yield from found.values()


def _place(mark: Mark | None, name: str, key: str) -> str:
    position = f"{mark.file}:{mark.line}: " if mark else ""
    return f"{position}service {name!r}: key {key!r}"


def dotenv(folder: Path) -> list[Path]:
    """Return the path of ``.env`` in a folder, nothing if there is none. Compose ignores a directory of this name."""
    path = folder / ".env"
    return [path] if os.path.lexists(path) and not path.is_dir() else []


def _noting(file: str, notes: list[str]) -> Any:
    """Return a function that gives a variable without a value an empty text, as Compose does, and adds a note."""

    def unset(line: int, name: str, reference: str) -> str:
        note = (
            f"gets {name} of {file}:{line} with an empty text in place of {reference}, which has no "
            "value; write $$ for a dollar sign"
        )
        if note not in notes:
            notes.append(note)
        return ""

    return unset
