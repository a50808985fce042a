"""The id of a new release: the same in all processes of a run, another one for each task and each run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import release_id


def test_an_id_has_a_time_and_eight_digits() -> None:
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", release_id.new("task"))
    assert release_id.new("task") == release_id.new("task") != release_id.new("other")


def _variables(*ids: str | None) -> dict[str, Any]:
    """Return the variables of the first host, whose hosts have got releases with these ids."""
    results = [{"changed": bool(one), "release": one or "live"} if one != "" else None for one in ids]
    hostvars: dict[str, Any] = {
        f"host{number}": {"stack_release": result} if result else {} for number, result in enumerate(results)
    }
    return {"hostvars": hostvars, "ansible_play_hosts": list(hostvars), **hostvars["host0"]}


@pytest.mark.parametrize(
    ("ids", "common"),
    [
        (("r1",), ""),
        (("r1", "r1", "r1"), ""),
        (("r1", "r3", "r2"), "r3"),
        (("r3", "r1"), "r3"),
        # Something is not known: every host keeps its own id.
        (("r1", ""), ""),
        (("r1", None), ""),
    ],
)
def test_the_latest_id_of_all_hosts_counts(ids: tuple[str | None, ...], common: str) -> None:
    assert release_id.common(_variables(*ids), ids[0]) == common


def test_a_release_that_was_not_uploaded_in_this_play_keeps_its_id() -> None:
    assert release_id.common(_variables("r1", "r2"), "previous") == ""
    assert release_id.common({"ansible_play_hosts": ["one", "two"]}, "r1") == ""
