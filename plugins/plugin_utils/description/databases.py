"""Databases and who may share them: what migrates one must not find another's tables and versions there.

Place in the pipeline: model, with ``wiring``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.stack.plugins.plugin_utils.policy import parts, vocabulary

if TYPE_CHECKING:
    from ansible_collections.slipway.stack.plugins.plugin_utils.description.connections import Draft
    from ansible_collections.slipway.stack.plugins.plugin_utils.description.kinds import Kind


def provided(draft: Draft) -> bool:
    """Return whether a service is a database to those that need it."""
    return bool(draft.body["provides"] and draft.body["provides"]["database"])


def server(needs: Iterable[str], services: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return ``name`` and ``port`` of the first of *needs* that is a database server, both empty where none is.

    :param services: as they are described; a one-shot that makes a database in a server is none itself.
    """
    for name in needs:
        given = services.get(name) or {}
        kind = kinds.get(str(given.get("kind")))
        provides = kind.body["provides"] if kind else None
        if kind and provides and provides["database"] and kind.service_class != "oneshot":
            return {"name": name, "port": given.get("port") or kind.body["port"]}
    return {"name": "", "port": ""}


def migrated(draft: Draft) -> bool:
    """Return whether a release job may change what a service holds, as far as its kind or its image tells."""
    if provided(draft):
        return True
    keeps = draft.service_class == "stateful" and not draft.body["cache"]
    return keeps and parts.image(draft.values["image"]).base not in vocabulary.BROKERS


def check(drafts: Mapping[str, Draft]) -> None:
    """Look at who has which database.

    :raises ValueError: for two that are the same or have one role between them; for one without a server; for a
        service whose kind wants a database of its own and that has none, several, or one that somebody else migrates.
    """
    _check_servers([draft for draft in drafts.values() if provided(draft)], drafts)
    _check_twins([draft for draft in drafts.values() if provided(draft)])
    for draft in drafts.values():
        variable = draft.body["database_url"]
        if not variable:
            continue
        needed = _needed(draft, drafts)
        if len(needed) != 1:
            found = ", ".join(other.name for other in needed) or "none"
            raise ValueError(
                f"{draft.where}: key 'needs': kind {draft.kind.name!r} wants exactly one database, for its {variable}; "
                f"found {found}. Describe {draft.name}-db: {{kind: postgres_database, needs: [NAME]}}, NAME being the "
                f"Postgres, and need that"
            )
        _check_alone(draft, needed[0], drafts)


def _check_alone(draft: Draft, database: Draft, drafts: Mapping[str, Draft]) -> None:
    for other in drafts.values():
        migrates = other.values["release"] is not None or other.body["database_url"]
        if other is not draft and migrates and database in _needed(other, drafts):
            advice = f"{draft.name}-db: {{kind: postgres_database, needs: [{_server(database)}]}}"
            raise ValueError(
                f"{draft.where}: key 'needs': {other.name!r} migrates the database {database.name!r} too, and at "
                f"its start {draft.kind.name} drops the alembic_version of others; need one of its own: {advice}"
            )


def _needed(draft: Draft, drafts: Mapping[str, Draft]) -> list[Draft]:
    """Return the databases that a service uses as such; one that makes another database does not."""
    if provided(draft):
        return []
    needed = [drafts[need.service] for need in draft.needs if need.service in drafts]
    return [other for other in needed if provided(other)]


def _check_servers(databases: list[Draft], drafts: Mapping[str, Draft]) -> None:
    """Look for a database whose server is not named; what is no service at all is complained of elsewhere."""
    for draft in databases:
        if draft.body["provides"]["environment"].get("HOST") == "" and all(
            need.service in drafts for need in draft.needs
        ):
            raise ValueError(
                f"{draft.where}: key 'needs': no server is among them for the database to be made in; "
                f"name the Postgres in 'needs'"
            )


def _check_twins(databases: list[Draft]) -> None:
    """Look for two databases, or two roles, of one name in one server."""
    seen: dict[tuple[str, str, str], Draft] = {}
    for draft in databases:
        told = draft.body["provides"]["environment"]
        for key, option in (("DB", "database"), ("USER", "username")):
            twin = seen.setdefault((str(told.get("HOST")), key, str(told.get(key))), draft)
            if twin is not draft:
                raise ValueError(
                    f"{draft.where}: key {option!r}: {told.get(key)!r} is the {option} of service {twin.name!r} on the "
                    f"same server already; choose another"
                )


def _server(database: Draft) -> str:
    return str(database.body["provides"]["environment"].get("HOST", database.name))
