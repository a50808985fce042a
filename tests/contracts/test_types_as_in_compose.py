"""For values of any type in any place of a file, ours refuses what both real Compose versions refuse, and no more.

``make test`` asks for some of them, always the same. With ``TYPES_LONG=1`` all are asked, which takes half an hour.
"""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import value_types
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.compose_schema import NEWER_KEYS

from tests.support import compose_projects, real_compose
from tests.support.errors import error_of

_SOME = 60
VALUES: list[Any] = [None, True, 5, -1, "abc", "5", "", [], ["abc"], [5], ["abc", "abc"], [{}], {}, {"k": "v"}]
BASE: dict[str, Any] = {
    "services": {"a": {"image": "x:1"}, "b": {"image": "y:1"}},
    "networks": {"n": {}},
    "volumes": {"v": {}},
    "secrets": {"s": {"file": "./f"}},
    "configs": {"c": {"file": "./f"}},
}
#: The name that stands for `*` after these keys, so that it is declared.
_NAMES = {"services": "a", "networks": "n", "volumes": "v", "secrets": "s", "configs": "c", "depends_on": "b"}
#: What a mapping under these keys needs in addition.
_NEEDED: dict[str, dict[str, Any]] = {
    "depends_on.*": {"condition": "service_started"},
    "devices.[]": {"source": "/dev/a", "target": "/dev/a", "capabilities": ["gpu"]},
    "gpus.[]": {"capabilities": ["gpu"]},
    "provider": {"type": "x"},
    "extends": {"service": "b"},
    "env_file.[]": {"path": "./f"},
    "ports.[]": {"target": 80},
    "services.*.volumes.[]": {"type": "volume", "source": "v", "target": "/q"},
    "watch.[]": {"path": "./f", "action": "sync", "target": "/w"},
    "exec": {"command": ["x"]},
    "post_start.[]": {"command": ["x"]},
    "pre_stop.[]": {"command": ["x"]},
    "ulimits.*": {"soft": 1, "hard": 2},
    "secrets.[]": {"source": "s"},
    "configs.[]": {"source": "c"},
    "include.[]": {"path": "./i.yml"},
    "models.*": {"model": "m"},
}
#: Ours refuses more here: Compose drops an unknown key without a word, or 2.26 takes any text and a deploy cannot.
_STRICTER = ("external", "gpus.[]", "include.[]", "volumes.[].type", "include.[].path", "include.[].project_directory")
#: Known to one of the versions only, or described by the inventory: other modules refuse these.
_ELSEWHERE = ("models", "provider", "use_api_socket", "gpus", "develop", "extends")
PLACES = [
    (*place, key)
    for place, keys in value_types.KEYS.items()
    for key in keys
    if (*place, key) not in NEWER_KEYS and "pre_start" not in place
]


def _needed(place: tuple[str, ...]) -> dict[str, Any]:
    text = ".".join(place)
    found = next((value for end, value in _NEEDED.items() if text == end or text.endswith(f".{end}")), {})
    wanted = {**found}
    if place[-2:] == ("devices", "[]"):
        keys = ("capabilities",) if "deploy" in place else ("source", "target")
        wanted = {key: found[key] for key in keys}
    return wanted


def _document(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a file with *value* at a place, and around it what Compose needs there."""
    document: dict[str, Any] = copy.deepcopy(BASE)
    node: Any = document
    for index, key in enumerate(path):
        name: Any = (_NAMES.get(path[index - 1], "k") if index else key) if key == "*" else key
        if index == len(path) - 1:
            node[name] = value
            break
        following = path[index + 1]
        if key == "[]":
            node.append([] if following == "[]" else _needed(path[: index + 1]))
            node = node[0]
            continue
        inner = node.get(name)
        if not isinstance(inner, list if following == "[]" else dict):
            inner = [] if following == "[]" else _needed(path[: index + 1])
        elif isinstance(inner, dict):
            inner = {**_needed(path[: index + 1]), **inner}
        node[name] = inner
        node = inner
    return document


def _cases() -> list[Any]:
    every = [(place, value) for place in PLACES for value in VALUES if place[0] != "models"]
    chosen = every if os.environ.get("TYPES_LONG") else random.Random(20261127).sample(every, _SOME)
    return [pytest.param(place, value, id=f"{'.'.join(place)}={json.dumps(value)}") for place, value in chosen]


@pytest.mark.parametrize(("place", "value"), _cases())
def test_a_value_is_refused_if_both_versions_refuse_it(place: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    document = _document(place, value)
    compose_projects.write(
        tmp_path, {"docker-compose.yml": json.dumps(document), "f": "A=1\n", "i.yml": "services: {}"}
    )
    refused = [suite for suite in real_compose.SUITES if not real_compose.read(suite, tmp_path, "-p", "shop").config]
    mistakes = list(value_types.mistakes(document))
    if mistakes and not ".".join(place).endswith(_STRICTER):
        assert refused == list(real_compose.SUITES), mistakes
    if len(refused) == len(real_compose.SUITES) and not set(_ELSEWHERE) & set(place):
        assert error_of(compose_projects.parcel, tmp_path)
