"""Step 3 of a description: check the services against each other.

Place in the pipeline: description, between ``completion`` and ``connections``, which relies on every reference that was
checked here. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    databases,
    dependency_order,
    hooks,
    names,
    published_ports,
    secret_sources,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion


def check(drafts: Mapping[str, Draft], given: Mapping[str, Secret]) -> None:
    """Check that the services fit together.

    :param given: the secrets of ``stack_secrets``.
    :raises ValueError: for the first reference to nothing, name or port that is taken, circle of dependencies, database
        without a server or with two owners, or second edge. The message names the service and the key.
    """
    _check_one_edge(drafts)
    names.check_free(drafts)
    for draft in drafts.values():
        _check_needs(draft, drafts)
        _check_routes(draft, drafts)
    databases.check(drafts)
    secret_sources.check_given(given, drafts)
    services = {name: draft.service for name, draft in drafts.items()}
    dependency_order.check(services)
    published_ports.check(services)


def _check_one_edge(drafts: Mapping[str, Draft]) -> None:
    edges = [name for name, draft in drafts.items() if draft.kind.edge]
    for name in edges:
        for key in hooks.KEYS:
            if drafts[name].service.compose.get(key) or drafts[name].service.overlay.get(key):
                raise ValueError(f"service {name!r}: key 'compose.{key}': an edge has no hooks; remove the key")
    if len(edges) > 1:
        raise ValueError(f"service {edges[1]!r}: the stack has an edge already, service {edges[0]!r}")


def _check_needs(draft: Draft, drafts: Mapping[str, Draft]) -> None:
    for need in draft.needs:
        if need.service not in drafts or need.service == draft.name:
            hint = suggestion(need.service, [name for name in drafts if name != draft.name])
            raise ValueError(f"{draft.where}: key 'needs': there is no other service {need.service!r}{hint}")
        other = drafts[need.service]
        provides = other.body["provides"]
        if not provides and (need.prefix or need.url):
            raise ValueError(
                f"{draft.where}: key 'needs': kind {other.kind.name!r} of {other.name!r} provides no variables"
            )
        url = databases.url_variable(draft, need, other)
        if provides and url and not provides["url"]:
            raise ValueError(f"{draft.where}: key 'needs': kind {other.kind.name!r} of {other.name!r} provides no URL")


def _check_routes(draft: Draft, drafts: Mapping[str, Draft]) -> None:
    seen = set()
    for route in draft.service.routes:
        for path in [route.path, *([f"{route.path}{route.immutable}/"] if route.static else [])]:
            for host in route.hosts or [""]:
                if (host, path) in seen:
                    named = f" for {host}" if host else ""
                    raise ValueError(f"{draft.where}: key 'routes': path {path!r} is there twice{named}")
                seen.add((host, path))
        if route.to is None:
            continue
        if route.to not in drafts or route.to == draft.name:
            hint = suggestion(route.to, [name for name in drafts if name != draft.name])
            raise ValueError(
                f"{draft.where}: key 'routes': path {route.path!r} goes to {route.to!r}, which is no service{hint}"
            )
        if not (route.port or drafts[route.to].service.port):
            raise ValueError(
                f"{draft.where}: key 'routes': service {route.to!r} has no port; set its 'port', or one for the route"
            )
