"""The files of a release are compared by content: existing is not enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.release import integrity
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from tests.support.fake_host import write_release


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    digest = integrity.digest_of("Größe\udcff\n")
    write_release(home, "r1", files={"env/web.env": digest}, mounted_files={"aa/app.conf": digest})
    for path in (home.release("r1") / "env/web.env", home.files / "aa/app.conf"):
        write_text(path, "Größe\udcff\n")
    return home


def _problems(home: Home) -> list[str]:
    return integrity.problems(home, home.manifest("r1") or {})


def test_uploaded_files_are_good(home: Home) -> None:
    assert _problems(home) == []


@pytest.mark.parametrize("text", ["", "Größe\n", None, "directory", "link"])
@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        ("releases/r1/env/web.env", "restore it, or roll out another release"),
        ("files/aa/app.conf", "deploy the release's description again, which restores it"),
    ],
)
def test_a_file_with_other_content_is_named_with_the_remedy(
    home: Home, file: str, remedy: str, text: str | None
) -> None:
    path = home.path / file
    path.unlink()
    if text == "directory":
        path.mkdir()
    elif text == "link":
        path.symlink_to("/etc/passwd")
    elif text is not None:
        path.write_text(text)
    assert _problems(home) == [f"{path} was edited or removed after the upload; {remedy}"]


def test_manifests_of_older_versions_have_no_digests(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    write_release(home, "r1")
    assert _problems(home) == []
