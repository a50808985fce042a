"""A value of any type, in any place of a Compose file, is translated or refused: nothing else is raised."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import KEYS

from tests.support import compose_projects

VALUES: list[Any] = [None, True, 5, 1.5, "abc", "5", "", [], ["abc"], [5], [None], [{}], {}, {"k": "v"}, {"k": None}]
PLACES = [(*place, key) for place, keys in KEYS.items() for key in keys if place]


def _document(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = [value] if key == "[]" else {"web" if key == "*" else key: value}
    found = dict(value)
    services = found.setdefault("services", {})
    web = services.setdefault("web", {})
    if "image" not in web and "build" not in web:
        web["image"] = "a:1"
    return found


@pytest.mark.parametrize("place", sorted({place[:3] for place in PLACES}), ids=".".join)
def test_a_value_of_any_type_is_translated_or_refused(place: tuple[str, ...], tmp_path: Path) -> None:
    for path in (path for path in PLACES if path[:3] == place):
        for value in VALUES:
            (tmp_path / "docker-compose.yml").write_text(json.dumps(_document(path, value)))
            with contextlib.suppress(ValueError):
                compose_projects.parcel(tmp_path)
