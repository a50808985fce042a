"""Which services a rollout replaces, and which containers belong to the new release."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    RUN_ONCE,
    START_FIRST,
    STOP_FIRST,
)
from ansible_collections.slipway.stack.plugins.module_utils.rollout.selection import Selection
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec

SERVICES = {
    "web": spec(),
    "api": spec(),
    "bot": spec(**{"class": "singleton"}),
    "db": spec(**{"class": "stateful"}),
    "seed": spec(**{"class": "oneshot"}),
}
PLAN = {"web": "roll", "api": "unchanged", "bot": "start", "db": "recreate", "seed": "roll", "removed": "remove"}
OLD = {name: [f"{name}1"] for name in (*SERVICES, "removed")}


@pytest.fixture
def selection(tmp_path: Path) -> Selection:
    tx = Transaction("r2", "r1", "ada@laptop", plan=PLAN, old=OLD)
    return Selection(SERVICES, tx, ProjectContainers("shop", Journal(tmp_path / "journal.jsonl", "r2")))


@pytest.mark.parametrize(
    ("replacement", "names"),
    [(START_FIRST, ["web"]), (STOP_FIRST, ["bot"]), (IN_PLACE, ["db"]), (RUN_ONCE, ["seed"])],
)
def test_the_services_that_are_replaced_in_one_way(selection: Selection, replacement: str, names: list[str]) -> None:
    assert selection.replaced(replacement) == names


@pytest.mark.parametrize(
    ("service", "number", "kept"),
    [
        ("web", 1, False),
        ("web", 2, True),
        ("bot", 1, False),
        ("bot", 2, True),
        # These services get no container next to the old one.
        ("api", 1, True),
        ("db", 1, True),
        ("removed", 1, True),
    ],
)
def test_an_old_container_of_a_replaced_service_is_not_kept(
    selection: Selection, service: str, number: int, kept: bool
) -> None:
    assert selection.is_kept(container(service, number)) is kept


def test_only_the_new_containers_of_replaced_services_are_started(
    selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    existing = [container("web", 1), container("web", 2), container("api", 1), container("bot", 2)]
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: existing)
    assert [one.id for one in selection.kept(["bot", "web"])] == ["bot2", "web2"]
