"""The commands by which containers are made."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.replicas import create_arguments

from tests.support.on_host import spec

SERVICES = {
    "db": spec(),
    "web": spec(depends_on=["db"]),
    "worker": spec(depends_on=["db"]),
    "edge": spec(depends_on=["web"]),
}


@pytest.mark.parametrize(
    ("wanted", "there", "scale"),
    [
        # What it depends on stays as many as it is, whatever its definition says; others are none of its business.
        ({"web": 2}, {"db": 1, "web": 2, "worker": 3}, ["--scale=web=4", "--scale=db=1"]),
        ({"edge": 1}, {"db": 1, "web": 4}, ["--scale=edge=1", "--scale=web=4", "--scale=db=1"]),
        ({"web": 1, "worker": 1}, {}, ["--scale=web=1", "--scale=worker=1"]),
    ],
)
def test_further_containers_beside_those_that_are_there(wanted: Any, there: Any, scale: list[str]) -> None:
    command = ["compose", "up", "--no-build", "--pull", "never", "--no-start", "--no-recreate"]
    assert create_arguments(wanted, there, SERVICES) == [*command, *scale, *wanted]
