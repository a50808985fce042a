"""No path from the controller is written outside of the stack's directory, whatever the controller sends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.release import paths
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused, ship

from tests.support.descriptions import example, parcel
from tests.support.fake_host import tree

OUTSIDE = "is not the path of a file below the stack's directory"
CONTENT: dict[str, Any] = {"home": "/opt/stacks/shop", "files": {}, "mounted": {}, "secret_files": []}


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", "a/../../x", "a//x", "a/./x", "", "a\0", "a\nb", "x" * 256, "\x1b[2J", "a/" + "é" * 128]
)
@pytest.mark.parametrize("where", ["files", "mounted", "secret_files"])
def test_a_path_that_leads_out_is_reported(where: str, path: str) -> None:
    sent = [{"name": path}] if where == "secret_files" else {path: "x"}
    assert paths.problems({**CONTENT, where: sent}) == [f"the release is not written: {path!r} {OUTSIDE}"]


def test_a_file_below_another_file_is_reported() -> None:
    assert paths.problems({**CONTENT, "mounted": {"a/b": "1", "a/b/c": "2"}}) == [
        "the release is not written: 'a/b/c' is below another file"
    ]


@pytest.mark.parametrize("home", ["shop", "/opt/../etc", "/opt/stacks/", "/opt/a\nb", ""])
def test_a_home_that_is_no_absolute_path(home: str) -> None:
    assert paths.problems({**CONTENT, "home": home}) == [f"{home!r} is not the absolute path of a stack's directory"]


def test_names_of_every_language_are_written(tmp_path: Path) -> None:
    mounted = {"ab/conf/größe 1.conf": "1", "ab/conf/..x": "2", "ab/conf/A": "3", "ab/conf/a": "4"}
    assert paths.problems({**CONTENT, "home": str(tmp_path), "mounted": mounted, "files": {"env/web.env": ""}}) == []


def test_a_release_with_such_a_path_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    release = parcel(example(), root=str(tmp_path))
    content = {**release.content(), "mounted": {"../../../etc/x": "evil"}}
    with pytest.raises(Refused, match=re.escape(f"'../../../etc/x' {OUTSIDE}")):
        ship(content, release.secrets(), "r1", {}, 1, [], dry_run=False)
    assert tree(tmp_path) == []
