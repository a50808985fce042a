"""Files that others ``include``: read as a project of their own, then added to the file that includes them.

Place in the pipeline: compose_reader. The source of the rules is the Compose specification, "Include", and
what Compose does: it refuses a name that both files declare, unless they declare the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import long_syntax, relative_paths
from .extending import Part
from .source_positions import Map, Pairs, Seq, mark_of
from .yaml_parser import Unreadable

#: The sections of a file that an include adds to.
SECTIONS = ("volumes", "networks", "secrets", "configs", "models")
#: The key of a secret or a config with the value of its variable, which may have another value in the including file.
VALUE = "x-#value"


@dataclass(frozen=True)
class Entry:
    """An entry of ``include``. ``where``: the place in the file. ``folder``: the directory that its paths start from.

    ``env_files``: the files of variables, in their order, if the entry names some.
    """

    where: str
    paths: list[Path]
    folder: Path
    env_files: list[Path]


def entries(part: Part, including: tuple[Path, ...]) -> Iterator[Entry]:
    """Yield the entries of ``include`` in a file, without those whose path is not known.

    :param including: the files that include this one, without links, and itself.
    :raises Unreadable: for a cycle, and for a file that does not exist.
    """
    found = part.content.get("include")
    for index, raw in enumerate(found if isinstance(found, Seq) else ()):
        mark = mark_of(found, index)
        where = f"{part.path}:{mark.line if mark else 1}: 'include'"
        keys = raw if isinstance(raw, Map) else Map({"path": raw})
        paths = [part.folder / name for name in _texts(keys.get("path")) if "${" not in name]
        env_files = [part.folder / name for name in _texts(keys.get("env_file"))]
        for path in paths:
            if Path(os.path.realpath(path)) in including:
                raise Unreadable(f"{where} has a cycle through {path.name}")
        for path in (*paths, *env_files):
            if not os.path.lexists(path):
                raise Unreadable(f"{where} names {path}, which does not exist")
        if paths:
            directory = keys.get("project_directory")
            yield Entry(where, paths, part.folder / str(directory) if directory else paths[0].parent, env_files)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, Seq) else []


def own_service(service: Map, folder: Path, variables: Mapping[str, str]) -> Map:
    """Return a service of an included project with its paths, and its variables without a value, as it means them."""
    result = Map(service)
    build, environment = service.get("build"), service.get("environment")
    if isinstance(build, Map) and "context" not in build:
        result["build"] = Map({"context": ".", **build}, build.marks)
    if isinstance(environment, Pairs):
        values = {key: variables.get(key) if value is None else value for key, value in environment.items()}
        result["environment"] = Pairs(values, environment.marks)
    return relative_paths.service(result, folder)


def own_top_level(top: Map, folder: Path, variables: Mapping[str, str]) -> Map:
    """Return the other keys of an included project with its paths, and the values of secrets that name a variable."""
    result = relative_paths.top_level(top, folder)
    for section in ("secrets", "configs"):
        declared: Any = result.get(section)
        for name, spec in declared.items() if isinstance(declared, Map) else ():
            if isinstance(spec, Map) and spec.get("environment") in variables:
                declared[name] = Map({**spec, VALUE: variables[spec["environment"]]}, spec.marks)
    return result


def add_services(services: Map, included: Map, written: Map, where: str) -> None:
    """Add the services of an included project to those of the file that includes it.

    :param written: the services of that file as they are written.
    :raises Unreadable: for a service that both have.
    """
    for name, service in included.items():
        if name in services and not _is_same(services[name], service, written.get(name)):
            raise Unreadable(_conflict(where, f"service {name!r}"))
        services[name] = service
        if name in included.marks:
            services.marks.setdefault(name, included.marks[name])


def add_top_level(top: Map, included: Map, where: str) -> None:
    """Add the other keys of an included project. :raises Unreadable: for one that both declare, with other values."""
    for section in SECTIONS:
        if not isinstance(included.get(section), Map):
            continue
        found: Any = top.get(section)
        declared = found if isinstance(found, Map) else Map()
        result = Map(declared, dict(declared.marks))
        for name, spec in included[section].items():
            if name in declared and declared[name] != spec:
                raise Unreadable(_conflict(where, f"key '{section}.{name}'"))
            result[name] = spec
            if name in included[section].marks:
                result.marks.setdefault(name, included[section].marks[name])
        top[section] = result


def _is_same(service: Map, included: Map, written: Any) -> bool:
    """Return whether two services are the same to Compose, which compares the included one with what is written."""
    return service == included and (written is None or dict(long_syntax.service(written)) == dict(written))


def _conflict(where: str, name: str) -> str:
    return (
        f"{where}: {name} is also in the file that includes it, or in another included file, and Compose refuses "
        "that; give it another name, or merge the file with 'path: [FILE, OTHER_FILE]'"
    )
