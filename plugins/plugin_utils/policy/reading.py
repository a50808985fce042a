"""From files to one document: merged as ``docker compose -f … -f …`` does, with ``include``, ``extends`` and profiles.

The one place of the package that reads files. All of it is bounded: bytes, values, files, depth of ``extends``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import interpolation, merging, notation, relative
from .marked import Map, Mark, Override, Seq
from .source import MAX_BYTES, Budget, Unreadable, parse

MAX_FILES = 100
MAX_EXTENDS = 20
#: What Compose takes where no file is named: the first of each line that is there.
DEFAULTS = (
    ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"),
    ("compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml"),
)
_TOP = ("networks", "volumes", "secrets", "configs")


@dataclass
class Document:
    """What the files say together. ``services`` are in long notation; ``settings`` by service, from its env files."""

    files: list[str] = field(default_factory=list)
    services: Map = field(default_factory=Map)
    top: Map = field(default_factory=Map)
    told: dict[str, Map] = field(default_factory=dict)
    #: Services with an env file that is not there: what they are told is not known.
    untold: set[str] = field(default_factory=set)
    #: What interpolation took its values from.
    variables: dict[str, str] = field(default_factory=dict)


def defaults(folder: Path) -> list[Path]:
    """Return the files that Compose would read in *folder*. :raises Unreadable: where there is none."""
    found = [next((folder / name for name in names if (folder / name).is_file()), None) for names in DEFAULTS]
    if found[0] is None:
        raise Unreadable(f"{folder}: no Compose file here; {', '.join(DEFAULTS[0])} are looked for")
    return [path for path in found if path]


def read(
    files: Iterable[Path],
    variables: Mapping[str, str] | None = None,
    profiles: Iterable[str] | None = None,
    project: Path | None = None,
    unset: interpolation.Unset = interpolation.kept,
) -> Document:
    """Return what *files* say together, in their order.

    :param variables: for interpolation, before those in ``.env`` beside the first file.
    :param profiles: the active ones; every service where ``None``.
    :param project: the directory that relative paths start at; that of the first file where ``None``.
    :param unset: what stands in the text in place of a variable without a value.
    :raises Unreadable: with one sentence for the first thing that cannot be read.
    """
    paths = list(files)
    reader = _Reader(unset)
    folder = project or (paths[0].parent if paths else Path())
    known = {**reader.dotenv(folder / ".env", variables), **(variables or {})}
    document = reader.stack(paths, known, ())
    document.variables = known
    for name, service in document.services.items():
        document.services[name] = merging.settled(service)
    document.top = merging.settled(document.top)
    if profiles is not None:
        _select(document, set(profiles))
    for name, service in document.services.items():
        reader.env_files(document, name, service, folder)
    return document


def _select(document: Document, active: set[str]) -> None:
    for name, service in list(document.services.items()):
        wanted = service.get("profiles") or ()
        if wanted and "*" not in active and not active & {str(one) for one in wanted}:
            del document.services[name]


class _Reader:
    def __init__(self, unset: interpolation.Unset) -> None:
        self.unset = unset
        self.budget = Budget()
        self.files = 0
        self.variables: dict[Path, dict[str, tuple[str, int]]] = {}

    def stack(self, paths: list[Path], variables: Mapping[str, str], within: tuple[Path, ...]) -> Document:
        result = Document()
        for path in paths:
            for content in self.documents(path, variables):
                self.merge(result, path, content, variables, within)
        return result

    def documents(self, path: Path, variables: Mapping[str, str]) -> list[Map]:
        """Return the documents of a file, interpolated."""
        self.files += 1
        if self.files > MAX_FILES:
            raise Unreadable(f"{path}: more than {MAX_FILES} files are read for one stack")
        found = []
        for content in parse(self.text(path), str(path), self.budget):
            if not isinstance(content, Map):
                raise Unreadable(f"{path}:1: not a Compose file: a mapping with the key 'services' is expected")
            found.append(interpolation.resolve(content, variables, self.unset))
        if not found:
            raise Unreadable(f"{path}:1: the file is empty; a mapping with the key 'services' is expected")
        return found

    def text(self, path: Path) -> str:
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                raise Unreadable(f"{path}: a Compose file of more than {MAX_BYTES // 1024**2} MB is not read")
            return content.decode("utf-8-sig")
        except OSError as error:
            raise Unreadable(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise Unreadable(f"{path}: not UTF-8 text, at byte {error.start}") from None

    def merge(
        self, result: Document, path: Path, content: Map, variables: Mapping[str, str], within: tuple[Path, ...]
    ) -> None:
        result.files.append(str(path))
        self.include(result, path, content, variables, (*within, path.resolve()))
        given = content.get("services")
        if given is not None and not isinstance(given, Map):
            raise Unreadable(f"{path}:{_line(content, 'services')}: 'services' is not a mapping of names to services")
        own = given if isinstance(given, Map) else Map()
        for name, raw in own.items():
            service = self.extended(path, own, name, raw, variables, ())
            mark = own.marks.get(name)
            if name in result.services:
                service = merging.services(result.services[name], service)
            elif mark:
                result.services.marks[name] = mark
            result.services[name] = service
        result.top = merging.mappings(result.top, _top_level(content))

    def include(
        self, result: Document, path: Path, content: Map, variables: Mapping[str, str], within: tuple[Path, ...]
    ) -> None:
        given = content.get("include")
        for index, entry in enumerate(given if isinstance(given, Seq) else ()):
            mark = notation.mark_of(given, index)
            where = f"{path}:{mark.line if mark else 1}"
            one = entry if isinstance(entry, Map) else Map({"path": entry})
            names = [name for name in _words(one.get("path")) if "${" not in name]
            paths = [path.parent / name for name in names]
            for included in paths:
                if included.resolve() in within:
                    raise Unreadable(f"{where}: 'include' goes in a circle, through {included.name}")
                if not included.is_file():
                    raise Unreadable(f"{where}: 'include' names {included}, which is not there")
            if not paths:
                continue
            folder = path.parent / one["project_directory"] if one.get("project_directory") else paths[0].parent
            settings: dict[str, str] = {} if one.get("env_file") else self.dotenv(folder / ".env", variables)
            for name in _words(one.get("env_file")):
                settings.update(self.dotenv(path.parent / name, variables))
            found = self.stack(paths, {**settings, **variables}, within)
            result.files += found.files
            for name, service in found.services.items():
                result.services.setdefault(name, relative.service(service, folder))
                if name in found.services.marks:
                    result.services.marks.setdefault(name, found.services.marks[name])
            result.top = merging.mappings(relative.top_level(found.top, folder), result.top)

    def extended(
        self, path: Path, services: Map, name: str, raw: Any, variables: Mapping[str, str], seen: tuple[Any, ...]
    ) -> Map:
        """Return a service with what it ``extends`` merged under it."""
        service = notation.service(raw.value if isinstance(raw, Override) else raw)
        extends = service.pop("extends", None)
        if not isinstance(extends, Map):
            return service
        line = service.marks[name].line if name in service.marks else _line(services, name)
        where = f"{path}:{line}: service {name!r}"
        if (path.resolve(), name) in seen:
            raise Unreadable(f"{where}: 'extends' goes in a circle")
        if len(seen) >= MAX_EXTENDS:
            raise Unreadable(f"{where}: 'extends' goes through more than {MAX_EXTENDS} services")
        base_name = str(extends.get("service"))
        base_path, base_services = path, services
        if isinstance(extends.get("file"), str):
            base_path = path.parent / extends["file"]
            content = self.documents(base_path, variables)[0]
            found = content.get("services")
            base_services = found if isinstance(found, Map) else Map()
        if base_name not in base_services:
            raise Unreadable(f"{where}: 'extends' names {base_name!r}, which is no service of {base_path.name}")
        base = self.extended(
            base_path, base_services, base_name, base_services[base_name], variables, (*seen, (path.resolve(), name))
        )
        if base_path is not path:
            base = relative.service(base, base_path.parent)
        self.budget.spend(len(base) + 1, str(path), line)
        return merging.services(base, service)

    def dotenv(self, path: Path, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        if not path.is_file():
            return {}
        return {name: value for name, (value, _line) in interpolation.dotenv(self.text(path), variables).items()}

    def env_files(self, document: Document, name: str, service: Map, folder: Path) -> None:
        told = Map()
        given = service.get("env_file")
        for entry in given if isinstance(given, Seq) else ():
            file = entry.get("path") if isinstance(entry, dict) else entry
            path = folder / str(file)
            if not isinstance(file, str) or "${" in file or not path.is_file():
                document.untold.add(name)
                continue
            if path not in self.variables:
                self.variables[path] = interpolation.dotenv(self.text(path), document.variables)
            for variable, (value, line) in self.variables[path].items():
                told[variable] = value
                told.marks[variable] = Mark(str(path), line)
            self.budget.spend(len(told), str(path), 1)
        document.told[name] = told


def _top_level(content: Map) -> Map:
    """Return what stands beside the services: ``networks`` and so on as mappings, the rest as it is."""
    result = Map({}, {})
    for key, value in content.items():
        if key in ("services", "include"):
            continue
        result[key] = Map({}, {}) if key in _TOP and not isinstance(value, (Map, Override)) else value
        if key in content.marks:
            result.marks[key] = content.marks[key]
    return result


def _words(value: Any) -> list[str]:
    return (
        [value]
        if isinstance(value, str)
        else [one for one in value if isinstance(one, str)]
        if isinstance(value, Seq)
        else []
    )


def _line(value: Map, key: str) -> int:
    mark = value.marks.get(key)
    return mark.line if mark else 1
