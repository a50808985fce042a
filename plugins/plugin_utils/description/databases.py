"""Databases and who may share them: a migration of one service must not find the tables of another.

Place in the pipeline: description, under ``completion``, ``checks`` and ``connections``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import image_reference
from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind, Need
from ansible_collections.slipway.stack.plugins.plugin_utils.description.reading import Written
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_datastores


def server(needs: Iterable[str], services: Mapping[str, Written], kind: Kind) -> dict[str, Any]:
    """Return ``name`` and ``port`` of the first of *needs* that is a database server, both empty if none is.

    A one-shot that creates a database in a server is not a server.

    :param kind: that of the service. If it provides a database itself, its server has variables of the same prefix: a
        database of Postgres is not made in a MariaDB.
    """
    own = kind.body["provides"]
    for name in needs:
        written = services.get(name)
        provides = written.kind.body["provides"] if written else None
        if own and own["database"] and provides and provides["prefix"] != own["prefix"]:
            continue
        if written and provides and provides["database"] and written.kind.service_class != "oneshot":
            return {"name": name, "port": written.values["port"] or written.kind.body["port"]}
    return {"name": "", "port": ""}


def provided(draft: Draft) -> bool:
    """Return whether a service is a database for those that need it."""
    return bool(draft.body["provides"] and draft.body["provides"]["database"])


def url_variable(draft: Draft, need: Need, other: Draft) -> str | None:
    """Return the variable of a service that gets the URL of *other*, by its need or its kind; ``None`` without one."""
    return need.url or (draft.body["database_url"] if provided(other) else None)


def migrated(draft: Draft) -> bool:
    """Return whether a release job may change what a service holds, judged by its kind or its image."""
    if provided(draft):
        return True
    keeps_data = draft.service.service_class == "stateful" and not draft.body["cache"]
    image = image_reference.parse(draft.service.image)
    return keeps_data and not {image.base, known_datastores.name_of(image)} & known_datastores.BROKERS


def check(drafts: Mapping[str, Draft]) -> None:
    """Check that each database has one server and one owner.

    :raises ValueError: for two databases or roles of one name in one server; for a database without a server; for a
        service whose kind wants a database of its own and that has none, several, or one that another service migrates.
    """
    databases = [draft for draft in drafts.values() if provided(draft)]
    for database in databases:
        _check_server(database)
    _check_unique(databases)
    for draft in drafts.values():
        if draft.body["database_url"]:
            _check_owner(draft, drafts)


def _check_server(database: Draft) -> None:
    if database.body["provides"]["environment"].get("HOST") == "":
        raise ValueError(
            f"{database.where}: key 'needs': it names no server to create the database in; name the Postgres there"
        )


def _check_unique(databases: list[Draft]) -> None:
    seen: dict[tuple[str, str, str], Draft] = {}
    for draft in databases:
        environment = draft.body["provides"]["environment"]
        for key, option in (("DB", "database"), ("USER", "username")):
            name = environment.get(key)
            first = seen.setdefault((str(environment.get("HOST")), key, str(name)), draft)
            if first is not draft:
                raise ValueError(
                    f"{draft.where}: key {option!r}: {name!r} is the {option} of service {first.name!r} on the same "
                    f"server already; choose another"
                )


def _check_owner(draft: Draft, drafts: Mapping[str, Draft]) -> None:
    """Check that a service whose kind migrates its database has exactly one, for itself alone."""
    needed = _needed(draft, drafts)
    if len(needed) != 1:
        found = ", ".join(other.name for other in needed) or "none"
        raise ValueError(
            f"{draft.where}: key 'needs': kind {draft.kind.name!r} wants exactly one database, for its "
            f"{draft.body['database_url']}; found {found}. Describe {draft.name}-db: {{kind: postgres_database, needs: "
            f"[NAME]}}, with NAME being the Postgres, and need that"
        )
    for other in drafts.values():
        migrates = other.service.release is not None or other.body["database_url"]
        if other is not draft and migrates and needed[0] in _needed(other, drafts):
            server_name = str(needed[0].body["provides"]["environment"].get("HOST", needed[0].name))
            advice = f"{draft.name}-db: {{kind: postgres_database, needs: [{server_name}]}}"
            raise ValueError(
                f"{draft.where}: key 'needs': {other.name!r} migrates the database {needed[0].name!r} as well, and "
                f"{draft.kind.name} drops another service's alembic_version when it starts; need a database of its "
                f"own: {advice}"
            )


def _needed(draft: Draft, drafts: Mapping[str, Draft]) -> list[Draft]:
    """Return the databases that a service uses; a service that creates another database uses none."""
    if provided(draft):
        return []
    needed = [drafts[need.service] for need in draft.needs]
    return [other for other in needed if provided(other)]
