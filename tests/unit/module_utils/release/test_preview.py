"""What a rollback would do, without doing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release.data_loss import Permissions
from ansible_collections.slipway.stack.plugins.module_utils.release.integrity import digest_of
from ansible_collections.slipway.stack.plugins.module_utils.release.preview import preview
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

from tests.support.fake_host import container, spec, tree, write_release

OLD, LIVE = "20261120T101500Z-aaaa", "20261121T101500Z-bbbb"


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(docker, "containers", lambda _project, *_services: [container("web"), container("db")])
    monkeypatch.setattr(docker, "anonymous_volumes", lambda _container: {})
    home = Home(str(tmp_path))
    for release_id, version in ((OLD, "1.0"), (LIVE, "1.1")):
        image = f"app:{version}"
        web = spec(image=image, pinned=image, settings={"image": image, "environment": {}}, data_version=None)
        text = f"V={version}\n"
        shared = {"networks": {}, "volumes": {}, "files": {"env/web.env": digest_of(text)}}
        services = {"web": web, "db": spec(**{"class": "stateful"}, data_version=None)}
        write_release(home, release_id, stack="shop", version=version, services=services, **shared)
        write_text(home.release(release_id) / "env/web.env", text)
    link(home.current, f"releases/{LIVE}")
    return home


def test_the_plan_and_the_files(home: Home) -> None:
    before = tree(home.path)
    found = preview(home, OLD, Permissions())
    assert (found.version, _actions(found.plan)) == ("1.0", {"web": "roll", "db": "unchanged"})
    assert [(entry["before"], entry["after"]) for entry in found.diff] == [("V=1.1\n", "V=1.0\n")]
    assert tree(home.path) == before


def test_a_release_that_is_not_there_is_refused_with_those_that_are(home: Home) -> None:
    with pytest.raises(Refused, match=f"release r9 is not on this host; releases here, newest first: {LIVE}, {OLD}$"):
        preview(home, "r9", Permissions())


def test_a_damaged_release_is_refused(home: Home) -> None:
    write_text(home.release(OLD) / "env/web.env", "")
    with pytest.raises(Refused, match=f"{OLD}/env/web.env was edited or removed after the upload; restore it"):
        preview(home, OLD, Permissions())
    write_text(home.release(OLD) / "manifest.json", "")
    with pytest.raises(Refused, match=rf"{OLD}/manifest.json is empty\. Restore the file from a backup"):
        preview(home, OLD, Permissions())


def test_what_the_rollback_would_refuse_is_refused(home: Home) -> None:
    manifest = {**(home.manifest(OLD) or {})}
    manifest["services"]["db"]["settings"]["image"] = "other:1"
    write_release(home, OLD, **{key: value for key, value in manifest.items() if key != "release"})
    with pytest.raises(Refused, match="service 'db': it holds data and would be down"):
        preview(home, OLD, Permissions())
    assert _actions(preview(home, OLD, Permissions(["db"])).plan)["db"] == "recreate"


def _actions(plan: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["service"]: entry["action"] for entry in plan}
