"""From a description in the inventory to the model of a stack, in four steps: read, complete, check, connect.

Place in the pipeline: description -> rendering. Pure: kinds come loaded, contents of files come read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    attachments,
    checks,
    completion,
    connections,
    names,
    notations,
    reading,
    secret_sources,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind, Source, Stack


def describe(
    *,
    name: str,
    environment: str,
    domain: str,
    root: str,
    services: object,
    secrets: object,
    kinds: Mapping[str, Kind],
    sources: Mapping[str, Source] | None = None,
    top: Mapping[str, Mapping[str, Any]] | None = None,
    notes: Mapping[str, list[str]] | None = None,
) -> Stack:
    """Return the checked model of a stack.

    :param root: directory of the host that has the stack's own directory in it.
    :param services: ``stack_services`` as written, every file's ``src`` already replaced by its ``content``.
    :param secrets: ``stack_secrets`` as written: a text, ``{value: …}`` or ``{generate: LENGTH}`` by name.
    :param sources: only for a developer's checkout: each build context, by how the description writes it.
    :param top: Compose keys of networks and volumes, from the inventory and a team's own Compose files.
    :param notes: by service, what the translation of a team's own Compose files decided.
    :raises ValueError: with one sentence for the first thing that is wrong.
    """
    names.check(name, "stack_name")
    names.check(environment, "stack_environment")
    names.check_domain(domain)
    directory = notations.stack_root(root)
    given = secret_sources.read(secrets)

    written = reading.read(services, environment, kinds)
    drafts = completion.complete(written, completion.Surroundings(name, environment, domain, kinds, sources))
    drafts = attachments.attach(drafts)
    checks.check(drafts, given)
    known = {**secret_sources.of_kinds(drafts), **secret_sources.of_files(drafts), **given}
    known |= secret_sources.previous(drafts, known)
    connected = connections.connect(drafts, known)
    secret_sources.check_variables(connected.values(), known)

    return Stack(
        name=name,
        environment=environment,
        domain=domain,
        home=f"{directory}/{name}",
        services=connected,
        secrets=secret_sources.used(connected.values(), known),
        known_secrets=known,
        top=top or {},
        notes=notes or {},
    )
