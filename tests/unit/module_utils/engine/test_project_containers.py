from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import start_groups


@pytest.mark.parametrize(
    ("needs", "groups"),
    [
        ({}, []),
        ({"a": [], "b": []}, [["a", "b"]]),
        ({"web": ["db"], "db": []}, [["db"], ["web"]]),
        (
            {"db": [], "redis": [], "backend": ["db", "redis"], "frontend": [], "edge": ["backend", "frontend"]},
            [["db", "redis", "frontend"], ["backend"], ["edge"]],
        ),
        ({"c": ["b"], "b": ["a"], "a": []}, [["a"], ["b"], ["c"]]),
        # What is not to be started is up already.
        ({"web": ["db"]}, [["web"]]),
    ],
)
def test_waves(needs: dict[str, list[str]], groups: list[list[str]]) -> None:
    assert start_groups({name: {"depends_on": others} for name, others in needs.items()}) == groups
