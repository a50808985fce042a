"""Every container of a rendered stack is hardened: each kind, and each example stack in each environment."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import lay_over
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.host_paths import has_socket, is_socket
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import examples
from tests.support.descriptions import KINDS, parcel
from tests.support.examples import ENVIRONMENTS, STACKS

#: What a kind needs to be described at all.
NEEDED: dict[str, dict[str, Any]] = {
    "nginx": {"routes": [{"path": "/", "to": "behind"}]},
    "traefik": {"routes": [{"path": "/", "to": "behind"}]},
    "langflow": {"needs": ["own"]},
    "postgres_database": {"needs": ["db"]},
    "custom": {"health": {"test": ["CMD", "true"]}},
}
#: By the kind of a service or the class of its container: what it lacks, and why it has to. Capabilities are named.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("custom", "user"): "runs any image, and only the image knows its users; SLP091 of the policy asks for one",
    ("minio", "user"): "its image has a directory for objects that belongs to root, and no other user",
    ("opensearch", "read_only"): "its image writes configuration and keystore next to the files that it brings",
    ("pod", "pids"): "its definition must not change, which would be downtime; it runs `sleep` and nothing else",
}
#: Kinds that add nothing, so that a Compose file means what it says. `stack_compose_hardening` hardens them.
PLAIN = {"compose"}


def _socket(keys: Mapping[str, Any]) -> bool:
    """Return whether a service has the socket of an engine, or a directory that it is in."""
    sources = [
        str(mount.get("source", "")) if isinstance(mount, Mapping) else str(mount).partition(":")[0]
        for mount in keys.get("volumes") or []
    ]
    return bool(keys.get("use_api_socket")) or any(is_socket(source) or has_socket(source) for source in sources)


def _pids(keys: Mapping[str, Any]) -> bool:
    limit = keys.get("pids_limit")
    return isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit <= 4096


#: By the word for a protection: whether a service has it.
PROTECTIONS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "user": lambda keys: str(keys.get("user") or "").split(":")[0] not in ("", "0", "root"),
    "no-new-privileges": lambda keys: "no-new-privileges:true" in (keys.get("security_opt") or []),
    "cap_drop": lambda keys: keys.get("cap_drop") == ["ALL"],
    "read_only": lambda keys: keys.get("read_only") is True,
    "pids": _pids,
    "no socket": lambda keys: not _socket(keys),
    "not privileged": lambda keys: not keys.get("privileged"),
    "confined": lambda keys: "unconfined" not in str(keys.get("security_opt")),
    "own namespaces": lambda keys: "host" not in {keys.get(key) for key in ("pid", "ipc", "uts", "network_mode")},
    "no devices": lambda keys: not keys.get("devices"),
}


def _lacking(keys: Mapping[str, Any]) -> set[str]:
    """Return what a service lacks, and the capabilities that it has."""
    lacking = {word for word, has in PROTECTIONS.items() if not has(keys)}
    return lacking | {f"capability {name}" for name in keys.get("cap_add") or []}


def _services(release: Bundle) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each service of a release, jobs included, with its base and its overlay merged."""
    base, overlay = (
        yaml.safe_load(release.files[name]) for name in ("compose.yaml", f"compose.{release.environment}.yaml")
    )
    for name, keys in base["services"].items():
        over = (overlay.get("services") or {}).get(name) or {}
        # Compose appends to a list. An overlay of ours has lists of ports, volumes and networks only.
        volumes = [*(keys.get("volumes") or []), *(over.get("volumes") or [])]
        yield name, {**lay_over(keys, over), "volumes": volumes}


def _findings(release: Bundle) -> dict[str, set[str]]:
    """Return by service what it lacks without an exception."""
    found = {}
    for name, keys in _services(release):
        labels = keys.get("labels", {})
        words = {labels.get("slipway.class"), labels.get("slipway.kind")}
        if words & PLAIN:
            continue
        excused = {protection for word, protection in EXCEPTIONS if word in words}
        if _lacking(keys) - excused:
            found[name] = _lacking(keys) - excused
    return found


@functools.cache
def _of_kind(kind: str, environment: str) -> Bundle:
    """Return a release with a service of a kind, which has a release job if it can have one."""
    keys = {"kind": kind, **NEEDED.get(kind, {})}
    if not KINDS[kind].body["image"]:
        keys["image"] = "app:1"
    if KINDS[kind].service_class == "rolling" and not KINDS[kind].edge:
        keys["release"] = "migrate"
    described = {
        "db": {"kind": "postgres", "debug_port": 5433},
        "own": {"kind": "postgres_database", "needs": ["db"]},
        "behind": {"kind": "fastapi", "image": "app:1", "debug_port": 8001},
        "it": keys,
    }
    return parcel(described, {}, environment=environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("kind", sorted(set(KINDS) - PLAIN))
def test_every_kind_is_hardened(kind: str, environment: str) -> None:
    assert _findings(_of_kind(kind, environment)) == {}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("stack", STACKS)
def test_every_service_of_every_example_is_hardened(stack: str, environment: str) -> None:
    release = examples.release(stack, environment)
    assert len(list(_services(release))) > 3
    assert _findings(release) == {}


@pytest.mark.parametrize(("word", "protection"), EXCEPTIONS)
def test_an_exception_is_still_necessary(word: str, protection: str) -> None:
    releases = [_of_kind(kind, "production") for kind in KINDS if kind not in PLAIN]
    lacking = [
        _lacking(keys)
        for release in releases
        for _name, keys in _services(release)
        if word in (keys["labels"].get("slipway.class"), keys["labels"].get("slipway.kind"))
    ]
    assert any(protection in found for found in lacking)


def test_plain_kinds_are_those_that_add_nothing() -> None:
    assert {name for name, kind in KINDS.items() if kind.plain} == PLAIN


@pytest.mark.parametrize(
    ("keys", "lacks"),
    [
        ({"user": "0:0"}, "user"),
        ({"user": None}, "user"),
        ({"security_opt": ["apparmor:unconfined"]}, "no-new-privileges"),
        ({"cap_drop": ["NET_RAW"]}, "cap_drop"),
        ({"cap_add": ["NET_ADMIN"]}, "capability NET_ADMIN"),
        ({"read_only": False}, "read_only"),
        ({"pids_limit": -1}, "pids"),
        ({"volumes": ["/var/run/docker.sock:/x.sock:ro"]}, "no socket"),
        ({"volumes": ["/run:/host/run"]}, "no socket"),
        ({"privileged": True}, "not privileged"),
        ({"pid": "host"}, "own namespaces"),
        ({"devices": ["/dev/sda"]}, "no devices"),
    ],
)
def test_what_a_service_lacks_is_found(keys: dict[str, Any], lacks: str) -> None:
    whole = dict(_services(_of_kind("fastapi", "production")))["it"]
    assert _lacking(whole) == set()
    assert lacks in _lacking({**whole, **keys})
