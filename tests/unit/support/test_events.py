from __future__ import annotations

import json

import pytest

from tests.support.events import max_concurrent


def _event(at: int, action: str, container: str, service: str = "beat", oneoff: str = "False") -> str:
    labels = {"com.docker.compose.service": service, "com.docker.compose.oneoff": oneoff}
    return json.dumps({"timeNano": at, "Action": action, "Actor": {"ID": container, "Attributes": labels}})


@pytest.mark.parametrize(
    ("events", "most"),
    [
        ([], 0),
        ([(1, "start", "a"), (2, "die", "a"), (3, "start", "b")], 1),
        ([(1, "start", "a"), (3, "die", "a"), (2, "start", "b")], 2),
        ([(1, "start", "a"), (2, "die", "a"), (3, "start", "a"), (4, "die", "a")], 1),
        ([(1, "start", "a"), (2, "start", "b", "worker"), (3, "start", "c", "beat", "True")], 1),
    ],
)
def test_containers_that_run_at_the_same_time_are_counted(events: list[tuple[int, str, str]], most: int) -> None:
    assert max_concurrent([_event(*event) for event in events], "beat") == most
