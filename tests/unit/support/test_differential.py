"""The comparison of a project with its release finds what differs, and only that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import as_written, left_out, services
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose

from tests.support import compose_projects, real_compose
from tests.support.differential.comparison import compare
from tests.support.differential.same_meaning import Side, comparable

PROJECT = "services: {web: {image: 'nginx:1', init: true, environment: {A: '1'}, volumes: ['./f:/f']}}"
TMPFS = {"type": "tmpfs", "target": "/a", "tmpfs": {"size": 1, "mode": 0o700}}


def _found(folder: Path, text: str = PROJECT) -> tuple[str, list[str]]:
    project = compose_projects.write(folder / "shop", {"docker-compose.yml": text, "f": "x\n"})
    comparison = compare(project, "docker-compose.yml")
    return comparison.outcome, comparison.defects()


def test_a_faithful_release_is_equal(tmp_path: Path) -> None:
    assert _found(tmp_path) == ("equal", [])


def test_a_lost_key_is_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(services, "_TRANSLATED", services._TRANSLATED | {"init"})
    outcome, defects = _found(tmp_path)
    assert outcome == "different"
    assert defects[0].endswith("services.web.init: Compose reads True in the project, None in the release")


def test_a_lost_key_with_a_note_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(services, "_TRANSLATED", services._TRANSLATED | {"init"})
    monkeypatch.setattr(left_out, "_LEFT_OUT", {**left_out._LEFT_OUT, "init": "it is lost"})
    assert _found(tmp_path) == ("equal", [])


def test_another_content_is_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = real_compose.write_release

    def changed(release: Any) -> Path:
        directory = written(release)
        for path in Path(release.home, "files").glob("*/f"):
            path.write_text("y\n", encoding="utf-8")
        return directory

    monkeypatch.setattr(real_compose, "write_release", changed)
    assert _found(tmp_path)[1][0].endswith("Compose reads 'x\\n' in the project, 'y\\n' in the release")


def test_a_release_that_compose_refuses_is_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compose, "_without_defaults", lambda service, described: {"image": []})
    assert _found(tmp_path)[1][0].startswith("trixie and forky: Compose refuses the release: ")


def test_what_only_compose_refuses_is_a_defect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(as_written, "check", lambda *_arguments: set())
    assert _found(tmp_path, "services: {web: {image: 'x:1', stdin_open: 7}}")[0] == "refused by Compose only"


def test_a_refusal_names_file_and_line(tmp_path: Path) -> None:
    assert _found(tmp_path, "services: {web: {image: 'x:1', volumes: ['/srv/x:/x']}}") == ("refused by ours only", [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"deploy": {"resources": {}, "placement": {}}}, {"deploy": {"replicas": 1}}),
        ({"scale": 2}, {"deploy": {"replicas": 2}}),
        ({"command": None}, {}),
        ({}, {"stop_grace_period": "10s", "labels": {"slipway.class": "rolling"}}),
        ({"networks": {"default": None}}, {"networks": {"default": {}}}),
        ({"tmpfs": ["/a:size=1,mode=700"]}, {"volumes": [TMPFS]}),
    ],
)
def test_intended_differences_are_none(before: dict[str, Any], after: dict[str, Any]) -> None:
    side = Side((Path("/nowhere"),))
    shown = [comparable({"services": {"web": keys}}, side) for keys in (before, after)]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"entrypoint": []}, {"entrypoint": None}),
        ({"scale": 0}, {}),
        ({"labels": {"a": ""}}, {}),
        ({"networks": {"a": None}}, {"networks": {}}),
        ({"tmpfs": ["/a:size=1"]}, {"tmpfs": ["/a"]}),
        ({"environment": {"A": ""}}, {}),
    ],
)
def test_other_differences_are_kept(before: dict[str, Any], after: dict[str, Any]) -> None:
    side = Side((Path("/nowhere"),))
    shown = [comparable({"services": {"web": keys}}, side) for keys in (before, after)]
    assert shown[0] != shown[1]
