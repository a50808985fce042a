"""A service says that it is saved continuously, and its kind says how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import backups, kinds

_KIND = kinds.load([Path(__file__).parents[4] / "kinds"])["postgres"].body["backup"]
_VOLUMES = ["db-data:/var/lib/postgresql/data"]


def _method(given: Any, of_kind: Any = _KIND) -> Any:
    return backups.method("service 'db'", given, of_kind, _VOLUMES)


@pytest.mark.parametrize("given", [None, True, {}, {"continuous": False}, {"volumes": {"db-data": "none"}}])
def test_it_is_off_by_default(given: Any) -> None:
    assert "continuous" not in _method(given)


def test_each_script_starts_with_the_lines_of_its_kind() -> None:
    scripts = _method({"continuous": True})["continuous"]
    assert set(scripts) == set(backups.CONTINUOUS_FIELDS) - {"before"}
    assert all(text.startswith("PGUSER=") for text in scripts.values())
    assert "pg_receivewal" in scripts["receive"]


def test_a_kind_that_does_not_say_how_is_refused() -> None:
    method = {**_KIND, "continuous": None}
    with pytest.raises(ValueError, match="service 'db': key 'backup': 'continuous' is true, and its kind does not say"):
        _method({"continuous": True}, method)


def test_a_value_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(ValueError, match="continuous"):
        _method({"continuous": "hourly"})


def test_a_kind_needs_each_script() -> None:
    scripts = {name: "true" for name in backups.CONTINUOUS_FIELDS if name != "mark"}
    with pytest.raises(ValueError, match="'mark'"):
        backups.parse("kind 'own', key 'backup'", {"continuous": scripts})
    scripts["mark"] = "true"
    assert backups.parse("kind 'own', key 'backup'", {"continuous": scripts})["continuous"]["before"] == "true"
