"""Where a rollback goes on each host: hosts have had no part in some releases."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.rollback import release_for

#: Release 2 was for the application only, release 3 for the data only.
SPREAD = {
    "app": {"release": "r2", "proven": ["r2", "r1"]},
    "data": {"release": "r3", "proven": ["r3", "r1"]},
    "edge": {"release": "r1", "proven": ["r1"]},
}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("previous", {"app": "", "data": "previous", "edge": ""}),
        ("r1", {"app": "r1", "data": "r1", "edge": ""}),
        ("r2", {"app": "", "data": "r1", "edge": ""}),
        ("r3", {"app": "", "data": "", "edge": ""}),
    ],
)
def test_each_host_goes_to_what_it_had_then(named: str, expected: dict[str, str]) -> None:
    assert {host: release_for(SPREAD, host, named) for host in SPREAD} == expected


def test_a_release_that_no_host_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rollback_release is r0, which was live on no host .* there are r3, r2, r1"):
        release_for(SPREAD, "app", "r0")


def test_a_host_that_is_newer_than_the_release_has_nothing_to_go_to() -> None:
    hosts = {**SPREAD, "app2": {"release": "r3", "proven": ["r3"]}}
    assert release_for(hosts, "app2", "r2") == "r2"


@pytest.mark.parametrize("own", [{}, {"skipped": True}, {"release": None, "proven": []}])
def test_a_host_that_was_not_asked_or_has_no_stack_gets_what_was_named(own: dict[str, object]) -> None:
    assert release_for({"one": own}, "one", "previous") == "previous"
    assert release_for({"one": own}, "one", "r1") == "r1"
