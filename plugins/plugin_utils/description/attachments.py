"""What a service uses of another one by its Compose keys: a namespace, volumes, a link. It must be replaced with it.

Place in the pipeline: description, between ``completion`` and ``checks``. Pure. Compose makes a dependency of each of
these keys (Compose specification, ``network_mode``, ``ipc``, ``pid``, ``volumes_from``, ``links``), and so does this
module: for the order, for the plan and for the verification on the host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import merge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion

#: Keys with which a service joins a namespace of another. Two containers in one namespace are replaced together.
NAMESPACE_KEYS = ("network_mode", "ipc", "pid")
#: Keys whose service must exist exactly once when its follower is created: Compose picks any of its containers.
_SINGLE = (*NAMESPACE_KEYS, "volumes_from")


def attach(drafts: Mapping[str, Draft]) -> dict[str, Draft]:
    """Return the drafts with the services that each one follows.

    :raises ValueError: for a reference to a service that does not exist, or that cannot be shared.
    """
    containers = {str(name): draft.name for draft in drafts.values() if (name := _keys(draft).get("container_name"))}
    return {name: _attach(draft, drafts, containers) for name, draft in drafts.items()}


def _attach(draft: Draft, drafts: Mapping[str, Draft], containers: Mapping[str, str]) -> Draft:
    follows: dict[str, list[str]] = {}
    for key, other in _references(_keys(draft), containers):
        _check(draft, key, other, drafts)
        if key not in follows.setdefault(other, []):
            follows[other].append(key)
    service = replace(draft.service, follows={other: tuple(keys) for other, keys in follows.items()})
    return replace(draft, service=service)


def _keys(draft: Draft) -> dict[str, Any]:
    """Return the Compose keys that the description sets itself, for this environment."""
    return merge(draft.service.compose, draft.service.overlay)


def _references(keys: Mapping[str, Any], containers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each key with the service that it names.

    :param containers: services by the names that they give to their containers.
    """
    for key in NAMESPACE_KEYS:
        yield from ((key, name) for name in _named(str(keys.get(key) or ""), containers))
    for entry in keys.get("volumes_from") or []:
        text = str(entry)
        yield from (
            ("volumes_from", name)
            for name in _named(text if text.startswith("container:") else f"service:{text}", containers)
        )
    for entry in keys.get("links") or []:
        yield "links", str(entry).partition(":")[0]
    needs = keys.get("depends_on")
    for name, need in needs.items() if isinstance(needs, Mapping) else ():
        if isinstance(need, Mapping) and need.get("restart") is True:
            yield "depends_on", str(name)


def _named(mode: str, containers: Mapping[str, str]) -> list[str]:
    """Return the service of the stack that a mode such as ``service:vpn`` names, as a list; empty if it names none."""
    kind, _colon, rest = mode.partition(":")
    name = rest.partition(":")[0]
    if kind == "service":
        return [name]
    return [containers[name]] if kind == "container" and name in containers else []


def _check(draft: Draft, key: str, other: str, drafts: Mapping[str, Draft]) -> None:
    if other not in drafts:
        hint = suggestion(other, [name for name in drafts if name != draft.name])
        raise ValueError(f"{draft.where}: key {key!r}: there is no service {other!r}{hint}")
    if key in NAMESPACE_KEYS and draft.kind.edge:
        raise ValueError(f"{draft.where}: key {key!r}: the edge has a network of its own; remove the key")
    if key in _SINGLE and drafts[other].kind.edge:
        raise ValueError(
            f"{draft.where}: key {key!r}: {other!r} is the edge, whose containers are replaced side by side, so "
            f"nothing can share theirs; reach it through its network or its published port"
        )
    if key in NAMESPACE_KEYS and drafts[other].service.service_class == "oneshot":
        raise ValueError(f"{draft.where}: key {key!r}: {other!r} is a one-shot, which ends and takes it along")


def followers(follows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the followers of each service that has some, each with the Compose keys that name the service.

    :param follows: what each service of the stack follows, by its name.
    """
    result: dict[str, dict[str, Any]] = {}
    for follower, leaders in follows.items():
        for leader, keys in leaders.items():
            result.setdefault(leader, {})[follower] = keys
    return result


def sharing_reason(of_service: Mapping[str, Any]) -> str | None:
    """Return why a service cannot run twice at the same time because of its followers, ``None`` if it can.

    :param of_service: the followers of this service, as :func:`followers` has them.
    """
    for follower, keys in of_service.items():
        key = next((key for key in keys if key in _SINGLE), None)
        if key:
            return f"{key} of {follower}"
    return None
