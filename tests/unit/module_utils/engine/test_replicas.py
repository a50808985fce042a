"""The arguments that create containers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.replicas import create_arguments

from tests.support.fake_host import spec

SERVICES = {
    "db": spec(),
    "web": spec(depends_on=["db"]),
    "worker": spec(depends_on=["db"]),
    "edge": spec(depends_on=["web"]),
}


@pytest.mark.parametrize(
    ("additional", "existing", "scale"),
    [
        # Dependencies keep their number of containers. Other services are not named.
        ({"web": 2}, {"db": 1, "web": 2, "worker": 3}, ["--scale=web=4", "--scale=db=1"]),
        ({"edge": 1}, {"db": 1, "web": 4}, ["--scale=edge=1", "--scale=web=4", "--scale=db=1"]),
        # Compose would create a dependency without a container, such as a one-shot whose container was removed.
        ({"web": 1, "worker": 1}, {}, ["--scale=web=1", "--scale=worker=1", "--scale=db=0"]),
    ],
)
def test_new_containers_are_created_next_to_existing_ones(additional: Any, existing: Any, scale: list[str]) -> None:
    command = ["compose", "up", "--no-build", "--pull", "never", "--no-start", "--no-recreate"]
    assert create_arguments(additional, existing, SERVICES) == [*command, *scale, *additional]
