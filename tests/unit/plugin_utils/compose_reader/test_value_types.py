"""Values of a type that Compose refuses are found as they are written, with what would be right."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import (
    compose_schema,
    resets,
    scalar_types,
    value_types,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import parse

#: A service with one key, and what is said about it.
CASES = [
    ("image: 5", "image", "found the number 5; a text is needed, so put it in quotes"),
    ("hostname: true", "hostname", "found true; a text is needed, so put it in quotes"),
    ("command: {a: b}", "command", "found a mapping; a text or a list of texts is needed"),
    ("command: [sleep, 5]", "command", "found the number 5; a text is needed, so put it in quotes"),
    ("environment: A=1", "environment", "found a text; a list of texts or a mapping is needed"),
    ("environment: {A: [x]}", "environment.A", "found a list; a text, a number or true or false is needed"),
    ("ports: 80:80", "ports", 'found a text; a list of ports such as "8080:80" or mappings is needed'),
    (
        "ports: ['80:80:80:80']",
        "ports",
        """found '80:80:80:80'; a port such as "8080:80" or "127.0.0.1:8080:80/udp" or a mapping is needed""",
    ),
    ("privileged: maybe", "privileged", "found 'maybe'; true or false is needed"),
    ("scale: two", "scale", "found 'two'; a whole number is needed"),
    ("cpus: 1.5.1", "cpus", "found '1.5.1'; a number is needed"),
    ("oom_score_adj: 2000", "oom_score_adj", "found the number 2000; a whole number from -1000 to 1000 is needed"),
    ("cgroup: own", "cgroup", "found 'own'; 'host' or 'private' is needed"),
    ("stop_grace_period: 30", "stop_grace_period", "found the number 30; a duration such as 1m30s is needed"),
    ("shm_size: 64 mega", "shm_size", "found '64 mega'; a size such as 64m is needed"),
    ("healthcheck: {interval: 5 minutes}", "healthcheck.interval", "found '5 minutes'; a duration such as 1m30s is"),
    ("volumes: [{source: v, target: /v}]", "volumes.type", "is missing; 'bind' or 'volume' or 'tmpfs' or 'cluster' or"),
    (
        "volumes: ['data:']",
        "volumes",
        "found 'data:'; a mount such as \"data:/var/lib/data:ro\" or a mapping is needed",
    ),
    ("depends_on: {b: {}}", "depends_on.b.condition", "is missing; 'service_started' or 'service_healthy' or"),
    ("depends_on: [b, b]", "depends_on", "found 'b' twice; each item may occur once"),
    ("ulimits: {nofile: {soft: 5}}", "ulimits.nofile.hard", "is missing; a whole number is needed"),
    ("extra_hosts: [a=192.0.2.1, a=192.0.2.1]", "extra_hosts", "found 'a=192.0.2.1' twice; each item may occur once"),
    ("extra_hosts: [db]", "extra_hosts", "found 'db'; a host such as db.example.com=192.0.2.7 is needed"),
    ("labels:", "labels", "has no value; a list of texts or a mapping is needed"),
    ("pre_start: [{command: x}]", "pre_start", "is too new: Compose 2.40 does not know it; remove it"),
    ("deploy: {resources: {limits: {memory: 64}}}", "deploy.resources.limits.memory", "found the number 64; a size"),
]


def _found(text: str) -> list[tuple[str, str]]:
    [content] = parse(text, "compose.yaml")
    return [(value_types.shown(one.path), one.message) for one in value_types.mistakes(resets.take(content)[0])]


@pytest.mark.parametrize(("text", "key", "message"), CASES, ids=[case[0] for case in CASES])
def test_a_value_of_a_wrong_type_is_found_with_what_would_be_right(text: str, key: str, message: str) -> None:
    [(where, found)] = _found(f"services:\n  a:\n    {text}\n")
    assert where == f"services.a.{key}"
    assert found.startswith(message)


VALID = """
name: shop
include:
services:
  a:
    image: a:1
    command:
    privileged: "yes"
    cpus: "0.5"
    scale: "2"
    init: ${INIT}
    stop_grace_period: 1m30s
    stop_signal: ${SIGNAL:-SIGTERM}
    shm_size: 64m
    mem_limit: 67108864
    memswap_limit: -1
    ports: [80, "8080:80/udp", "127.0.0.1::80", "[::1]:8080-8081:80-81", "${PORT}:80", {target: "80", published: 8080}]
    volumes: [/anonymous, d:/d, "data:/data:ro,z", "./x:/x", {type: tmpfs, target: /t, tmpfs: {size: 1m}}]
    environment: [A, B=1]
    labels: {a: 1, b: true, c: , d: 1.5}
    depends_on: {b: {condition: service_healthy, restart: "true"}}
    deploy:
    ulimits: {nofile: "1024", nproc: {soft: 1, hard: 2}}
    extra_hosts: {db: 192.0.2.1, e: [192.0.2.2, "::1"]}
    networks: {default: }
    healthcheck: {test: [CMD, x], interval: 5s, retries: "3", disable: false}
    x-own: [1, {a: 2}]
  b: {image: "b:1", ports: !reset [], command: !override [x]}
volumes: {data: }
networks: {default: }
x-own: 5
"""


def test_what_compose_accepts_is_not_found() -> None:
    assert _found(VALID) == []


def test_a_name_with_a_blank_is_found() -> None:
    assert _found("services: {'a b': {image: x}}") == [
        ("services.a b", "a name has letters, digits and the signs . _ - only")
    ]


def test_a_text_that_may_be_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(_found("services: {a: {environment: PASSWORD=hidden, labels: hidden}}"))


def _notations() -> list[tuple[tuple[str, ...], str]]:
    return [((*place, key), spec.notation) for place, keys in value_types.KEYS.items() for key, spec in keys.items()]


def _parts(place: tuple[str, ...], notation: str) -> list[tuple[tuple[str, ...], str]]:
    """Return every notation inside a notation, with its place."""
    result: list[tuple[tuple[str, ...], str]] = []
    for one in value_types.alternatives(notation):
        result.append((place, one))
        inner = one[1 : one.rindex("]")] if one[0] == "[" else one[1:-1] if one[0] in "{<" else ""
        if inner:
            result += _parts((*place, "[]" if one[0] == "[" else "*"), inner)
    return result


PARTS: list[Any] = [part for place, notation in _notations() for part in _parts(place, notation)]


def test_every_notation_of_the_table_is_known() -> None:
    names = {one for _place, one in PARTS if one[0] not in "[{<("}
    assert names == set(scalar_types.SCALARS)


def test_every_mapping_with_own_keys_has_them_in_the_table() -> None:
    assert {place for place, one in PARTS if one in ("{}", "<>")} == set(value_types.KEYS) - {()}


def test_the_newer_keys_are_in_the_table() -> None:
    assert {place[:-1] for place in compose_schema.NEWER_KEYS} <= set(value_types.KEYS)
    assert all(place[-1] in value_types.KEYS[place[:-1]] for place in compose_schema.NEWER_KEYS)
