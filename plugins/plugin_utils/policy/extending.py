"""Services that extend others, as Compose merges them, each once and within the budget.

Place in the pipeline: check, while files are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import long_syntax, merging, relative_paths
from .source_positions import Map, Override
from .yaml_parser import Budget, Unreadable

MAX_EXTENDS = 20
#: Returns the documents of a file, interpolated, from its path, the variables, and the place that names the file.
Documents = Callable[[Path, Mapping[str, str], str], list[Map]]


@dataclass(frozen=True)
class _Extended:
    """A service with what it extends: the number of its values, 0 if unknown, and through how many services it goes."""

    service: Map
    values: int
    depth: int


class Extending:
    """Reads what services extend. A file and a service are read once, however many services extend them."""

    def __init__(self, documents: Documents, budget: Budget) -> None:
        #: The services of other files that are extended, each as a file with this service alone, as it is written.
        self.extended: list[Map] = []
        self._documents = documents
        self._budget = budget
        # Each key has the id of the variables, which the value keeps alive.
        self._files: dict[tuple[str, int], tuple[Mapping[str, str], Map]] = {}
        self._services: dict[tuple[str, str, int], tuple[Map, _Extended]] = {}

    def service(self, path: Path, services: Map, name: str, variables: Mapping[str, str]) -> Map:
        """Return a service in long syntax, merged over the service that it ``extends``.

        :param path: the file that has the service. :param services: the services of this file.
        :raises Unreadable: for a cycle, a base that does not exist, or more values than the budget has.
        """
        return self._read(path, services, name, variables, ()).service

    def _read(
        self, path: Path, services: Map, name: str, variables: Mapping[str, str], seen: tuple[Any, ...]
    ) -> _Extended:
        """Return a service. :param seen: file and name of the services that extend it."""
        raw = services[name]
        if seen and str(path) != seen[0][0]:
            self._keep(services, name)
        service = long_syntax.service(raw.value if isinstance(raw, Override) else raw)
        extends = service.pop("extends", None)
        if not isinstance(extends, Map):
            return _Extended(service, 0, 0)
        mark = service.marks.get(name) or services.marks.get(name)
        where = f"{path}:{mark.line if mark else 1}: service {name!r}"
        position = (str(path), name)
        key = (*position, id(services))
        if position in seen:
            raise Unreadable(f"{where}: 'extends' has a cycle")
        if len(seen) >= MAX_EXTENDS:
            raise Unreadable(f"{where}: 'extends' goes through more than {MAX_EXTENDS} services")
        if key in self._services:
            return self._services[key][1]
        base_path, base_services = path, services
        if isinstance(extends.get("file"), str):
            # Compared as a text: a link that leads back is another path, and MAX_EXTENDS ends that.
            base_path = path.parent / extends["file"]
            base_services = self._services_of(base_path, variables, f"{where}: 'extends'")
        base_name = str(extends.get("service"))
        if base_name not in base_services:
            raise Unreadable(f"{where}: 'extends' names {base_name!r}, but {base_path.name} has no such service")
        base = self._read(base_path, base_services, base_name, variables, (*seen, position))
        if base.depth >= MAX_EXTENDS:
            raise Unreadable(f"{where}: 'extends' goes through more than {MAX_EXTENDS} services")
        values = base.values or _values(base.service)
        self._budget.spend(values, str(path), mark.line if mark else 1)
        moved = base.service if base_path is path else relative_paths.service(base.service, base_path.parent)
        result = _Extended(merging.services(moved, service), values + _values(service), base.depth + 1)
        self._services[key] = (services, result)
        return result

    def _keep(self, services: Map, name: str) -> None:
        mark = services.marks.get(name)
        self.extended.append(
            Map({"services": Map({name: services[name]}, services.marks)}, {"services": mark} if mark else {})
        )

    def _services_of(self, path: Path, variables: Mapping[str, str], where: str) -> Map:
        key = (str(path), id(variables))
        if key not in self._files:
            found = self._documents(path, variables, where)[0].get("services")
            self._files[key] = (variables, found if isinstance(found, Map) else Map())
        return self._files[key][1]


def _values(value: Any) -> int:
    """Return the number of values in a collection, at every level."""
    if isinstance(value, Override):
        return _values(value.value)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_values(item) if isinstance(item, (dict, list, Override)) else 1 for item in items)
