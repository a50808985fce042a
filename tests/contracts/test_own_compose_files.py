"""Compare a release of a team's Compose files with what real Compose reads in the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import compose_projects
from tests.support.differential.comparison import compare

CASES = [
    ("whole", ["docker-compose.yml"], []),
    ("layered", ["docker-compose.yml", "docker-compose.prod.yml"], []),
    ("layered", ["docker-compose.yml"], ["debug"]),
]


@pytest.mark.parametrize(("name", "files", "profiles"), CASES)
def test_the_release_is_what_compose_reads(name: str, files: list[str], profiles: list[str], tmp_path: Path) -> None:
    project = compose_projects.write(tmp_path / "project", compose_projects.PROJECTS[name])
    found = compare(project, *files, profiles=profiles)
    assert (found.outcome, found.defects()) == ("equal", [])


def test_mounted_files_have_the_same_content(tmp_path: Path) -> None:
    """The files that Compose mounts from the project are mounted on the host with the same content."""
    project = compose_projects.write(tmp_path / "project", compose_projects.PROJECTS["whole"])
    (project / "scripts/1.sh").chmod(0o755)
    release = compose_projects.parcel(project)
    mounted = {path.partition("/")[2]: text for path, text in release.mounted.items()}
    assert mounted == {
        "docker-entrypoint-initdb.d/1.sh": "echo\n",
        "local.conf": "local\n",
        "app.conf": "a=1.0.0",
        "other": "local\n",
        "nginx.conf": "events {}\n",
        "conf.d/a.conf": "server {}\n",
        "m.conf": "x\n",
    }
    assert [path.partition("/")[2] for path in release.executable] == ["docker-entrypoint-initdb.d/1.sh"]
