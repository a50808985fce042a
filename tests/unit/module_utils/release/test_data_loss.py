from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal

from tests.support.fake_host import container, settings, spec


@pytest.mark.parametrize(
    ("class_", "action", "allowed", "refused"),
    [
        ("stateful", "recreate", [], True),
        ("stateful", "recreate", ["redis"], True),
        ("stateful", "recreate", ["db"], False),
        ("stateful", "start", [], False),
        ("singleton", "recreate", [], False),
    ],
)
def test_downtime_of_a_data_service_is_allowed_by_name(
    class_: str, action: str, allowed: list[str], refused: bool
) -> None:
    entry = {"service": "db", "action": action, "downtime": True, "because": ["image", "variable A"]}
    problems = data_loss.refusals([entry], None, {"services": {"db": spec(**{"class": class_})}}, {}, allowed)
    expected = (
        "service 'db': it holds data and would be down while it is replaced (image, variable A changed); "
        "allow this with deploy_allow_downtime: [db]"
    )
    assert problems == ([expected] if refused else [])


MOUNTS = {
    "nothing": {},
    "a named volume elsewhere": {"volumes": ["notes:/notes", "/data:/srv:ro"]},
    "a named volume": {"volumes": ["notes:/data"]},
    "a named volume, read only": {"volumes": ["notes:/data:ro"]},
    "an anonymous volume on purpose": {"volumes": ["/data"]},
    "a mount in Compose's long notation": {"volumes": [{"type": "volume", "source": "notes", "target": "/data/"}]},
    "a tmpfs": {"tmpfs": "/data"},
    "a tmpfs among others": {"tmpfs": ["/tmp", "/data:mode=0700"]},
}


@pytest.mark.parametrize(("mounts", "lost"), [(each, number < 2) for number, each in enumerate(MOUNTS.values())])
@pytest.mark.parametrize("class_", ["singleton", "rolling", "stateful"])
def test_files_in_an_anonymous_volume_are_not_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mounts: dict[str, Any], class_: str, lost: bool
) -> None:
    (tmp_path / "dump.rdb").touch()
    monkeypatch.setattr(docker, "anonymous_volumes", lambda _id: {"/data": str(tmp_path)})
    entry = {"service": "notes", "action": "start", "downtime": False, "because": ["0 of 1 up"]}
    services = {"notes": settings(**mounts) | {"class": class_}}
    running = {"notes": [container("notes"), container("notes", 2)]}
    problems = data_loss.refusals([entry], None, {"services": services}, running, [])
    if not lost or class_ == "stateful":
        # Compose replaces a data service in place and keeps its volumes.
        assert problems == []
        return
    (problem,) = problems
    assert problem.startswith(
        "service 'notes': the data in /data, an anonymous volume that its image declares, would be deleted "
    )
    assert "docker cp shop-notes-2:/data" in problem


@pytest.mark.parametrize(("action", "files"), [("unchanged", ["dump.rdb"]), ("roll", [])])
def test_no_loss_without_a_replacement_or_without_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, action: str, files: list[str]
) -> None:
    for name in files:
        (tmp_path / name).touch()
    monkeypatch.setattr(docker, "anonymous_volumes", lambda _id: {"/data": str(tmp_path)})
    entries = [{"service": name, "action": action, "downtime": False, "because": []} for name in ("notes", "removed")]
    assert data_loss.refusals(entries, None, {"services": {"notes": spec()}}, {"notes": [container("notes")]}, []) == []


@pytest.mark.parametrize(
    ("class_", "action", "mounts", "warned"),
    [
        ("rolling", "create", {}, True),
        ("singleton", "create", {"volumes": ["notes:/notes"]}, True),
        ("rolling", "create", {"volumes": ["notes:/data"]}, False),
        ("rolling", "roll", {}, False),
        ("stateful", "create", {}, False),
        ("oneshot", "create", {}, False),
    ],
)
def test_the_first_deploy_warns_about_anonymous_volumes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, class_: str, action: str, mounts: dict[str, Any], warned: bool
) -> None:
    images = {"app@sha256:1": {"Config": {"Volumes": {"/data/": {}}}}}
    monkeypatch.setattr(docker, "local_image", images.get)
    data_loss.warn_about_anonymous_volumes(
        {"notes": settings(**mounts) | {"class": class_}}, {"notes": action}, Journal(tmp_path / "journal", "r1")
    )
    records, _ = journal.read(tmp_path / "journal", 0)
    warning = "data in /data is deleted with the container; mount a named volume or a tmpfs there"
    assert [(record["service"], record["text"]) for record in records] == ([("notes", warning)] if warned else [])


def test_nothing_has_changed_in_a_service_that_is_restarted() -> None:
    entry = {"service": "db", "action": "recreate", "downtime": True, "because": ["restart"]}
    problems = data_loss.refusals([entry], None, {"services": {"db": spec(**{"class": "stateful"})}}, {}, [])
    assert "while it is replaced (restart); allow this" in problems[0]
