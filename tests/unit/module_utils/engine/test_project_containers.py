from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import start_groups


@pytest.mark.parametrize(
    ("dependencies", "groups"),
    [
        ({}, []),
        ({"a": [], "b": []}, [["a", "b"]]),
        ({"web": ["db"], "db": []}, [["db"], ["web"]]),
        (
            {"db": [], "redis": [], "backend": ["db", "redis"], "frontend": [], "edge": ["backend", "frontend"]},
            [["db", "redis", "frontend"], ["backend"], ["edge"]],
        ),
        ({"c": ["b"], "b": ["a"], "a": []}, [["a"], ["b"], ["c"]]),
        # A service that is not in the list runs already.
        ({"web": ["db"]}, [["web"]]),
    ],
)
def test_services_start_in_groups(dependencies: dict[str, list[str]], groups: list[list[str]]) -> None:
    assert start_groups({name: {"depends_on": others} for name, others in dependencies.items()}) == groups
