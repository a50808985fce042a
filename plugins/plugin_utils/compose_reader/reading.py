"""Reads Compose files into one document, as ``docker compose -f … -f …`` does, with ``include`` and ``extends``.

Place in the pipeline: compose_reader, its way in. Bytes, values, files and the depth of ``extends`` are limited.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import env_files, including, interpolation, merging, regular_file, resets, value_types
from .env_files import EnvFiles
from .extending import Extending, Part
from .source_positions import KeyPath, Map, Mark, Refusal
from .yaml_parser import MAX_BYTES, Budget, Unreadable, parse

MAX_FILES = 100
MAX_SERVICES = 1000
#: Returns the content of a file, from its path and the number of bytes that are read at most; it may return one more.
#: :raises ValueError: if the file must not be read; the message names the file.
Opener = Callable[[Path, int], bytes]
#: What Compose reads if no file is named: the first existing file of each line.
DEFAULT_FILES = (
    ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"),
    ("compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"),
)
#: Top-level keys that are mappings.
_TOP = ("networks", "volumes", "secrets", "configs")


@dataclass
class Document:
    """The content of all files together. ``services`` are in long syntax."""

    files: list[str] = field(default_factory=list)
    services: Map = field(default_factory=Map)
    top: Map = field(default_factory=Map)
    #: The variables in the env files of each service.
    env_file_variables: dict[str, Map] = field(default_factory=dict)
    #: Services with an env file that does not exist, or whose path is not known.
    missing_env_files: set[str] = field(default_factory=set)
    #: The variables for interpolation.
    variables: dict[str, str] = field(default_factory=dict)
    #: The variables of ``.env``, and the names of all variables in the files.
    dotenv: dict[str, str] = field(default_factory=dict)
    #: Each file as it is written, with its variables replaced, and each service of another file that is extended.
    as_written: list[Map] = field(default_factory=list)
    used_variables: frozenset[str] = frozenset()
    #: What Compose refuses in texts and in env files.
    refusals: list[Refusal] = field(default_factory=list)
    #: By service, what a person should know of its env files.
    env_file_notes: dict[str, list[str]] = field(default_factory=dict)


def project_variables(folder: Path) -> dict[str, str]:
    """Return the variables of ``.env`` in *folder*, none if there is no such file."""
    return _Reader(interpolation.keep_reference, regular_file.read_bytes).env_files.of_folder(folder, {})


def variables_of(files: list[Path]) -> dict[str, str]:
    """Return the variables of files that take the place of ``.env``.

    :raises Unreadable: for the first file that cannot be read.
    """
    return _Reader(interpolation.keep_reference, regular_file.read_bytes).env_files.project(files, {})


def default_files(folder: Path) -> list[Path]:
    """Return the files that Compose would read in *folder*: those of ``COMPOSE_FILE`` in ``.env``, or the usual ones.

    :raises Unreadable: if there is no such file.
    """
    variables = project_variables(folder)
    if variables.get("COMPOSE_FILE"):
        names = variables["COMPOSE_FILE"].split(variables.get("COMPOSE_PATH_SEPARATOR") or ":")
        paths = [folder / name for name in names if name]
        missing = [path for path in paths if not os.path.lexists(path)]
        if missing:
            raise Unreadable(f"{folder / '.env'}: COMPOSE_FILE names {missing[0]}, which does not exist")
        return paths
    found = [next((folder / name for name in names if (folder / name).is_file()), None) for names in DEFAULT_FILES]
    if found[0] is None:
        raise Unreadable(f"{folder}: there is no Compose file; one of these is needed: {', '.join(DEFAULT_FILES[0])}")
    return [path for path in found if path]


def read(
    files: Iterable[Path],
    variables: Mapping[str, str] | None = None,
    profiles: Iterable[str] | None = None,
    project: Path | None = None,
    unset: interpolation.Unset = interpolation.keep_reference,
    opener: Opener = regular_file.read_bytes,
    name: str = "",
) -> Document:
    """Return the content of *files*, merged in their order.

    :param variables: for interpolation; they take precedence over ``.env`` in the directory of the first file.
    :param profiles: the active profiles; ``None`` selects all services.
    :param project: the directory where relative paths start; ``None`` is the directory of the first file.
    :param unset: returns the text for a variable without a value.
    :param opener: reads every file.
    :param name: the name of the project, the value of ``COMPOSE_PROJECT_NAME`` in all files but ``.env``.
    :raises Unreadable: for the first file that cannot be read.
    """
    paths = list(files)
    reader = _Reader(unset, opener)
    folder = project or (paths[0].parent if paths else Path())
    dotenv = reader.env_files.of_folder(folder, variables or {})
    all_variables = {**dotenv, **(variables or {}), **({"COMPOSE_PROJECT_NAME": name} if name else {})}
    document = reader.read_files(paths, folder, all_variables, ())
    document.variables, document.dotenv = all_variables, dotenv
    document.used_variables = frozenset(reader.used_variables)
    document.as_written = [*reader.as_written, *reader.extending.extended]
    document.refusals = reader.refusals
    if profiles is not None:
        _select_profiles(document, set(profiles))
    for name, service in document.services.items():
        found = reader.env_files.service(name, service, folder, all_variables)
        document.env_file_variables[name] = found.variables
        document.env_file_notes[name] = found.notes
        if "label_file" in service:
            service["labels"] = reader.env_files.labels(name, service, folder)
        if found.incomplete:
            document.missing_env_files.add(name)
    return document


def _select_profiles(document: Document, active: set[str]) -> None:
    for name, service in list(document.services.items()):
        profiles = service.get("profiles")
        if (
            isinstance(profiles, list)
            and profiles
            and "*" not in active
            and not active & {str(profile) for profile in profiles}
        ):
            del document.services[name]


class _Reader:
    """Reads the files of one stack within one budget."""

    def __init__(self, unset: interpolation.Unset, opener: Opener) -> None:
        self.unset = unset
        self.opener = opener
        self.budget = Budget()
        self.extending = Extending(self.parts, self.budget)
        self.files = 0
        self.as_written: list[Map] = []
        self.used_variables: set[str] = set()
        self.refusals: list[Refusal] = []
        self.env_files = EnvFiles(self.text, self.refusals, self.budget)

    def read_files(
        self,
        paths: list[Path],
        folder: Path,
        variables: Mapping[str, str],
        above: tuple[Path, ...],
        where: str = "",
    ) -> Document:
        """Return the content of files.

        :param folder: the directory that paths start from. :param above: the files that include these.
        """
        result = Document()
        for path in paths:
            for part in self.parts(path, variables, folder, where):
                self.merge(result, part, variables, (*above, path.resolve()))
        return result

    def parts(self, path: Path, variables: Mapping[str, str], folder: Path, where: str = "") -> list[Part]:
        """Return the YAML documents of a file, interpolated. :param where: the place that names the file."""
        self.files += 1
        if self.files > MAX_FILES:
            raise Unreadable(f"{path}: a stack may have at most {MAX_FILES} files")
        found = []
        text = self.text(path, where)
        self.used_variables |= set(interpolation.names(text))
        for content in parse(text, str(path), self.budget, self.refusals):
            if not isinstance(content, Map):
                raise Unreadable(f"{path}:1: not a Compose file: a mapping with the key 'services' is needed")
            written, paths = resets.take(content)
            resolved = interpolation.resolve(written, variables, self.unset, self.budget, self.report)
            found.append(Part(path, resolved, paths, folder))
        if not found:
            raise Unreadable(f"{path}:1: the file is empty; a mapping with the key 'services' is needed")
        return found

    def report(self, mark: Mark | None, path: KeyPath, problem: str) -> None:
        """Keep what Compose refuses in a text. :param path: the keys that lead from the document to the text."""
        of_service = len(path) > 2 and path[0] == "services"
        key = f"key {value_types.shown(path[2:] if of_service else path)!r}"
        where = f"service {path[1]!r}: {key}" if of_service else key
        self.refusals.append(Refusal(mark, where, problem))

    def text(self, path: Path, where: str = "") -> str:
        """Return the text of a file. :param where: the place that names it; empty if the user names it."""
        shown = f"{where}: {path}" if where else f"{path}:"
        try:
            if where and path.exists() and not path.is_file():
                raise Unreadable(f"{shown} is not a regular file")
            content = self.opener(path, MAX_BYTES)
            if len(content) > MAX_BYTES:
                raise Unreadable(f"{path}: the file has more than {MAX_BYTES // 1024**2} MB, which is the limit")
            self.budget.spend_bytes(len(content), str(path))
            return content.decode("utf-8-sig")
        except OSError as error:
            raise Unreadable(f"{shown} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise Unreadable(f"{path}: the file is not UTF-8 text, at byte {error.start}") from None
        except Unreadable:
            raise
        except ValueError as error:
            raise Unreadable(f"{where}: {error}" if where else str(error)) from None

    def merge(self, result: Document, part: Part, variables: Mapping[str, str], above: tuple[Path, ...]) -> None:
        """Merge one YAML document into *result*. :param above: the files that include this one, and itself."""
        path, written = part.path, part.content.get("services")
        self.as_written.append(part.content)
        result.files.append(str(path))
        if written is not None and not isinstance(written, Map):
            line = _line(part.content, "services")
            raise Unreadable(f"{path}:{line}: 'services' is not a mapping of names to services")
        found = Map({}, dict(part.services.marks))
        for name in part.services:
            found[name] = self.extending.service(part, name, variables)
        top = _top_level(part.content)
        for entry in including.entries(part, above):
            self.include(result, entry, found, part.services, top, variables, above)
        kept = resets.without(Map({**result.top, "services": result.services}, result.top.marks), part.resets)
        result.services = kept.pop("services", Map())
        for name, service in found.items():
            merged = merging.services(result.services[name], service, name) if name in result.services else service
            if name in found.marks:
                result.services.marks.setdefault(name, found.marks[name])
            result.services[name] = merging.unique(merged)
        if len(result.services) > MAX_SERVICES:
            raise Unreadable(f"{path}: a stack may have at most {MAX_SERVICES} services")
        result.top = merging.mappings(kept, top)

    def include(
        self,
        result: Document,
        entry: including.Entry,
        services: Map,
        written: Map,
        top: Map,
        variables: Mapping[str, str],
        above: tuple[Path, ...],
    ) -> None:
        """Add the project that *entry* includes to the *services* and the other keys, *top*, of the including file.

        :param written: the services as they are written.
        """
        own_files = entry.env_files or env_files.dotenv(entry.folder)
        own = self.env_files.project(own_files, variables, entry.where)
        all_variables = {**own, **variables}
        found = self.read_files(entry.paths, entry.folder, all_variables, above, entry.where)
        result.files += found.files
        moved = {
            name: including.own_service(keys, entry.folder, all_variables) for name, keys in found.services.items()
        }
        including.add_services(services, Map(moved, found.services.marks), written, entry.where)
        including.add_top_level(top, including.own_top_level(found.top, entry.folder, all_variables), entry.where)


def _top_level(content: Map) -> Map:
    """Return the top-level keys except the services; ``networks`` and the like are always mappings."""
    result = Map({}, {})
    for key, value in content.items():
        if key == "services":
            continue
        result[key] = Map({}, {}) if key in _TOP and not isinstance(value, Map) else value
        if key in content.marks:
            result.marks[key] = content.marks[key]
    return result


def _line(value: Map, key: str) -> int:
    mark = value.marks.get(key)
    return mark.line if mark else 1
