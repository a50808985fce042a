"""The cleanup after a verified release: which containers are removed, and what is recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout.cleanup import remove_replaced
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec, write_release

SERVICES = {"web": spec(replicas=2), "db": spec(**{"class": "stateful"}), "api": spec()}
PLAN = {"web": "roll", "db": "recreate", "api": "unchanged"}
OLD = {"web": ["web1", "web2"], "db": ["db1"], "api": ["api1"], "removed": ["removed1"]}


def test_only_replaced_and_undescribed_containers_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(str(tmp_path))
    write_release(home, "r2", services=SERVICES)
    tx = Transaction("r2", "r1", "ada@laptop", phase="switched", plan=PLAN, old=OLD)
    tx.save(home.transaction)
    existing = [container("web", number) for number in (1, 2, 3, 4)]
    # Compose replaced the database in place. Its new container was not there before.
    existing += [container("db", 2), container("api", 1), container("removed", 1)]
    commands: list[list[str]] = []
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: existing)
    monkeypatch.setattr(docker, "run", lambda arguments, **_: commands.append(arguments))
    journal = Journal(home.journal, "r2")
    remove_replaced(home, tx, ProjectContainers("shop", journal), journal)
    ids = ["web1", "web2", "removed1"]
    assert commands == [["stop", *ids], ["rm", "--force", "--volumes", *ids]]
    assert (home.current_id(), home.transaction.exists()) == ("r2", False)
    records = [json.loads(line) for line in home.journal.read_text().splitlines()]
    assert [(record["service"], record["text"]) for record in records if record["text"]] == [
        ("web", "stopping 2 containers of the previous release, for at most 70 s"),
        ("removed", "stopping 1 container of the previous release, for at most 70 s"),
    ]
