"""A key that Compose does not know is found at every level, with what was probably meant; a known one is not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import value_types

from tests.support.policy_review import reviewed

#: Every place of a file that has keys of its own, and one of these keys.
PLACES = [(place, tuple(keys)) for place, keys in value_types.KEYS.items() if place and place[0] != "include"]

_SERVICE = "services:\n  a:\n    image: a:1\n"


def _document(place: tuple[str, ...], content: dict[str, Any]) -> dict[str, Any]:
    """Return a document with *content* at *place*."""
    value: Any = content
    for key in reversed(place):
        value = [value] if key == "[]" else {"any" if key == "*" else key: value}
    return dict(value)


def _unknown(document: dict[str, Any]) -> list[str]:
    found = list(value_types.unknown_keys({k: v for k, v in document.items() if k != "services"}))
    for service in document.get("services", {}).values():
        found += value_types.unknown_keys(service, value_types.SERVICE)
    return [value_types.shown(path) for path, _valid in found]


@pytest.mark.parametrize(("place", "keys"), PLACES, ids=lambda value: ".".join(value[:8]))
def test_a_misspelt_key_is_found_at_every_level(place: tuple[str, ...], keys: tuple[str, ...]) -> None:
    valid = dict.fromkeys(keys, "x")
    assert _unknown(_document(place, {**valid, "x-own": 1})) == []
    [found] = _unknown(_document(place, {**valid, f"{keys[0]}s_": "x"}))
    assert found.endswith(f"{keys[0]}s_")


@pytest.mark.parametrize(
    ("text", "key", "line", "hint"),
    [
        (f"{_SERVICE}    healthcheck:\n      test: x\n      intervall: 5s", "healthcheck.intervall", 6, "interval"),
        (f"{_SERVICE}    ports:\n      - target: 80\n        publised: 8", "ports.publised", 6, "published"),
        ("services: {a: {image: a:1}}\nnetworks:\n  data:\n    internl: true", "networks.data.internl", 4, "internal"),
        (
            "services: {a: {image: a:1}}\nvolumes:\n  data:\n    driver_opt: {}",
            "volumes.data.driver_opt",
            4,
            "driver_opts",
        ),
        ("services: {a: {image: a:1}}\nsecrets:\n  s: {fil: ./s}", "secrets.s.fil", 3, "file"),
        ("services: {a: {image: a:1}}\nconfigs:\n  c: {contents: x}", "configs.c.contents", 3, "content"),
        ("service: {a: {image: a:1}}\nservices: {}", "service", 1, "services"),
    ],
)
def test_the_message_has_the_line_and_what_was_meant(text: str, key: str, line: int, hint: str) -> None:
    [finding] = [one for one in reviewed(text).findings if one.rule == "SLP144"]
    assert finding.line == line
    assert finding.message == f"has the unknown key {key!r}; did you mean {hint!r}?"
