from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import (
    ProjectContainers,
    start_groups,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal


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


def test_a_network_that_cannot_be_removed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(arguments: list[str]) -> str:
        if arguments[-1] == "shop_back":
            raise DockerError("network shop_back has active endpoints")
        return ""

    monkeypatch.setattr(docker, "unused_networks", lambda project: [f"{project}_back", f"{project}_old"])
    monkeypatch.setattr(docker, "run", run)
    ProjectContainers("shop", Journal(tmp_path / "journal.jsonl", "r1")).remove_unused_networks()
    records = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [(record["step"], record["state"]) for record in records] == [("recover", "failed"), ("recover", "done")]
    assert "has active endpoints" in records[0]["text"]
    assert "shop_old" in records[1]["text"]
