"""Services that extend others, as Compose merges them, each once and within the budget.

Place in the pipeline: compose_reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import long_syntax, merging, relative_paths, resets
from .source_positions import KeyPath, Map
from .yaml_parser import Budget, Unreadable

MAX_EXTENDS = 20


@dataclass(frozen=True)
class Part:
    """One YAML document of a file, interpolated.

    ``resets``: the paths of the keys whose earlier values it removes. ``folder``: the directory that its paths start
    from. ``is_base``: it is read only for the services in it that others extend.
    """

    path: Path
    content: Map
    resets: list[KeyPath]
    folder: Path
    is_base: bool = False

    @property
    def services(self) -> Map:
        """The services as they are written."""
        found = self.content.get("services")
        return found if isinstance(found, Map) else Map()


#: Returns the parts of a file, from its path, the variables, the directory that paths start from, and the place that
#: names the file.
Parts = Callable[[Path, Mapping[str, str], Path, str], list[Part]]


@dataclass(frozen=True)
class _Extended:
    """A service with what it extends: the number of its values, 0 if unknown, and through how many services it goes."""

    service: Map
    values: int
    depth: int


class Extending:
    """Reads what services extend. A file and a service are read once, however many services extend them."""

    def __init__(self, parts: Parts, budget: Budget) -> None:
        #: The services of other files that are extended, each as a file with this service alone, as it is written.
        self.extended: list[Map] = []
        self._parts = parts
        self._budget = budget
        # Each key has the id of the variables, which the value keeps alive.
        self._files: dict[tuple[str, int], tuple[Mapping[str, str], Part]] = {}
        self._services: dict[tuple[str, str, int], tuple[Part, _Extended]] = {}

    def service(self, part: Part, name: str, variables: Mapping[str, str]) -> Map:
        """Return a service of *part* in long syntax, merged over the service that it ``extends``.

        :raises Unreadable: for a cycle, a base that does not exist, or more values than the budget has.
        """
        return self._read(part, name, variables, ()).service

    def _read(self, part: Part, name: str, variables: Mapping[str, str], seen: tuple[Any, ...]) -> _Extended:
        """Return a service. :param seen: file and name of the services that extend it."""
        raw = part.services[name]
        service = long_syntax.service(raw)
        if part.is_base:
            self._keep(part.services, name)
            service = relative_paths.service(service, part.folder)
        extends = service.pop("extends", None)
        if not isinstance(extends, Map):
            return _Extended(service, 0, 0)
        mark = part.services.marks.get(name)
        where = f"{part.path}:{mark.line if mark else 1}: service {name!r}"
        position = (str(part.path), name)
        key = (*position, id(part))
        if position in seen:
            raise Unreadable(f"{where}: 'extends' has a cycle")
        if len(seen) >= MAX_EXTENDS:
            raise Unreadable(f"{where}: 'extends' goes through more than {MAX_EXTENDS} services")
        if key in self._services:
            return self._services[key][1]
        base_part = self._base_part(part, extends, variables, f"{where}: 'extends'")
        base_name = str(extends.get("service"))
        if base_name not in base_part.services:
            raise Unreadable(f"{where}: 'extends' names {base_name!r}, but {base_part.path.name} has no such service")
        base = self._read(base_part, base_name, variables, (*seen, position))
        if base.depth >= MAX_EXTENDS:
            raise Unreadable(f"{where}: 'extends' goes through more than {MAX_EXTENDS} services")
        values = base.values or _values(base.service)
        self._budget.spend(values, str(part.path), mark.line if mark else 1)
        kept = resets.without(base.service, [path[2:] for path in part.resets if path[:2] == ("services", name)])
        result = _Extended(merging.services(kept, service, name), values + _values(service), base.depth + 1)
        self._services[key] = (part, result)
        return result

    def _keep(self, services: Map, name: str) -> None:
        mark = services.marks.get(name)
        self.extended.append(
            Map({"services": Map({name: services[name]}, services.marks)}, {"services": mark} if mark else {})
        )

    def _base_part(self, part: Part, extends: Map, variables: Mapping[str, str], where: str) -> Part:
        """Return the document with the service that is extended: the first one of its file."""
        if not isinstance(extends.get("file"), str):
            return part
        # Compared as a text: a link that leads back is another path, and MAX_EXTENDS ends that.
        path = part.folder / extends["file"]
        key = (str(path), id(variables))
        if key not in self._files:
            found = self._parts(path, variables, path.parent, where)[0]
            self._files[key] = (variables, replace(found, is_base=True))
        return self._files[key][1]


def _values(value: Any) -> int:
    """Return the number of values in a collection, at every level."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_values(item) if isinstance(item, (dict, list)) else 1 for item in items)
