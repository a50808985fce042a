"""Step 1 of a description: read what people wrote for each service.

Place in the pipeline: description, before ``completion``. Pure. After this step every key is known, every value has its
type, and keys that are shared through ``like`` are filled in. The kind only tells which options there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import names, only_in, schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import (
    NEED_FIELDS,
    SERVICE_FIELDS,
    SHARED_FIELDS,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind, Need

#: RFC 3986, section 3.1.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


@dataclass(frozen=True)
class Written:
    """A service as people wrote it.

    ``values``: by key of :data:`fields.SERVICE_FIELDS` and of the kind's options, defaults included.
    ``literal``: the options that the description sets itself; the others have the kind's default, an expression maybe.
    """

    name: str
    kind: Kind
    values: Mapping[str, Any]
    literal: frozenset[str]
    needs: tuple[Need, ...]

    @property
    def where(self) -> str:
        """How messages name the service."""
        return f"service {self.name!r}"


def read(services: object, environment: str, kinds: Mapping[str, Kind]) -> dict[str, Written]:
    """Return the services that *environment* has.

    :param services: ``stack_services`` as written, every file's ``src`` already replaced by its ``content``.
    :raises ValueError: for the first thing that is wrong, naming the service and the key.
    """
    if not isinstance(services, Mapping) or not services:
        raise ValueError("stack_services: name at least one service")
    complete = {str(name): _with_shared(str(name), services, kinds) for name in services}
    return {name: _read(name, given, kinds) for name, given in only_in.present(complete, environment).items()}


def _read(name: str, given: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Written:
    where = f"service {name!r}"
    kind = kinds.get(str(given.get("kind")))
    names.check_service(name, where, kind is not None and kind.plain)
    if kind is None:
        if "kind" not in given:
            raise ValueError(f"{where}: required key 'kind' is missing; valid values: {', '.join(sorted(kinds))}")
        raise ValueError(f"{where}: unknown kind {given['kind']!r}{schema.suggestion(str(given['kind']), list(kinds))}")
    values = schema.read(given, {**SERVICE_FIELDS, **kind.options}, where)
    literal = frozenset(option for option in kind.options if given.get(option) is not None)
    return Written(name, kind, values, literal, tuple(_need(where, need) for need in values["needs"]))


def _need(where: str, given: object) -> Need:
    if isinstance(given, str):
        return Need(given)
    values = schema.read(given, NEED_FIELDS, f"{where}, key 'needs'")
    scheme = values["scheme"]
    if scheme and not _SCHEME.fullmatch(scheme):
        raise ValueError(
            f"{where}, key 'needs': {values['service']!r}: key 'scheme': {scheme!r} is not the scheme of a URL, such "
            f"as postgresql+asyncpg"
        )
    return Need(values["service"], values["prefix"], values["url"], scheme)


def _with_shared(
    name: str, services: Mapping[str, Any], kinds: Mapping[str, Kind], seen: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what is written for a service, with the keys that it shares through ``like`` filled in."""
    given = services[name]
    if not isinstance(given, Mapping):
        raise ValueError(f"service {name!r}: {given!r} is not a mapping of keys to values")
    if given.get("like") is None:
        return dict(given)
    model = str(given["like"])
    if model not in services:
        hint = schema.suggestion(model, [other for other in services if other != name])
        raise ValueError(f"service {name!r}: key 'like': there is no service {model!r}{hint}")
    if model in (*seen, name):
        raise ValueError(f"service {name!r}: key 'like' is a circle: {' -> '.join((*seen, name, model))}")
    shared = _with_shared(model, services, kinds, (*seen, name))
    result = {key: shared[key] for key in SHARED_FIELDS if key in shared}
    if "image" in given:
        # How the other's image is built does not apply to another image.
        result.pop("build", None)
    elif _without_user(kinds.get(str(given.get("kind")))) and str(shared.get("kind")) in kinds:
        # Both run the same image, so both run as its user: only that user can read the secrets that they share.
        result.setdefault("user", kinds[str(shared["kind"])].body["user"])
    result.update(given)
    if "environment" in shared and isinstance(given.get("environment"), Mapping):
        result["environment"] = {**shared["environment"], **given["environment"]}
    return result


def _without_user(kind: Kind | None) -> bool:
    return kind is not None and not kind.plain and kind.body["user"] is None
