"""Whatever a team's Compose files name: only files of the project are read, and nothing blocks the reader."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import OutsideError, Roots

from tests.support.compose_projects import parcel, write
from tests.support.errors import error_of

CANARY = "canary-of-the-controller"
OUTSIDE = (
    "is outside the project {project}; move it there, set stack_compose_project to a directory that contains it, "
    "or name its directory in stack_compose_roots"
)
MOUNT = (
    "is outside the project and is not uploaded; if it is a path of the server, add it to stack_compose_host_paths; "
    "else set stack_compose_project to a directory that contains it"
)
#: By key: the Compose file with PATH in it, and where it names the path.
REFERENCES = {
    "configs": (
        "services: {web: {image: 'a:1', configs: [c]}}\nconfigs:\n  c: {file: PATH}\n",
        "app/compose.yml:3: key 'configs.c': PATH: NAME ",
    ),
    "secrets": (
        "services: {web: {image: 'a:1', secrets: [c]}}\nsecrets:\n  c: {file: PATH}\n",
        "app/compose.yml:3: key 'secrets.c': PATH: NAME ",
    ),
    "env_file": (
        "services:\n  web:\n    image: a:1\n    env_file:\n      - PATH\n",
        "app/compose.yml:5: service 'web': key 'env_file': NAME ",
    ),
    "include": ("include:\n  - PATH\nservices: {web: {image: 'a:1'}}\n", "app/compose.yml:2: 'include': NAME "),
    "include.env_file": (
        "include:\n  - {path: other.yml, env_file: PATH}\nservices: {web: {image: 'a:1'}}\n",
        "app/compose.yml:2: 'include': NAME ",
    ),
    "extends": (
        "services:\n  web: {extends: {file: PATH, service: base}}\n",
        "app/compose.yml:2: service 'web': 'extends': NAME ",
    ),
    "mount": (
        "services:\n  web: {image: 'a:1', volumes: ['PATH:/x']}\n",
        "app/compose.yml:2: service 'web': key 'volumes': PATH ",
    ),
}


def _project(folder: Path, text: str) -> Path:
    """Write a project to `app/`, with a file of the controller beside it."""
    return write(
        folder,
        {
            "app/compose.yml": text,
            "app/other.yml": "services: {other: {image: 'b:1'}}\n",
            "app/inside/file": CANARY,
            "private/key": f"KEY={CANARY}\n",
            "private/base.yml": f"services: {{base: {{image: 'a:1', labels: {{x: {CANARY}}}}}}}\n",
        },
    )


def _link(folder: Path, name: str, target: str) -> str:
    (folder / "app" / name).symlink_to(target)
    return f"./{name}"


@pytest.mark.parametrize("key", REFERENCES)
@pytest.mark.parametrize("way", ["up", "absolute", "link", "linked directory", "proc"])
def test_nothing_outside_of_the_project_is_read(tmp_path: Path, key: str, way: str) -> None:
    text, where = REFERENCES[key]
    _project(tmp_path, "")
    path = {
        "up": lambda: "../private/key",
        "absolute": lambda: str(tmp_path / "private/key"),
        "link": lambda: _link(tmp_path, "linked", "../private/key"),
        "linked directory": lambda: f"{_link(tmp_path, 'd', '../private')}/key",
        "proc": lambda: "/proc/self/environ",
    }[way]()
    _project(tmp_path, text.replace("PATH", path))
    said = error_of(parcel, tmp_path, "app/compose.yml")
    expected = MOUNT if key == "mount" else OUTSIDE.format(project=tmp_path / "app").replace(f"{tmp_path}/", "")
    place = where.replace("PATH", path).replace("NAME", os.path.basename(path))
    assert said.replace(f"{tmp_path}/", "") == (place + expected).replace(f"{tmp_path}/", "")
    assert CANARY not in said


SPECIAL = {
    "pipe": lambda path: os.mkfifo(path),
    "circle": lambda path: path.symlink_to(path.name),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "huge": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 2**40),
}


@pytest.mark.parametrize("key", [*REFERENCES, "directory"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_one_sentence(tmp_path: Path, key: str, kind: str) -> None:
    name = "inside/special" if key == "directory" else "special"
    text, where = REFERENCES["mount" if key == "directory" else key]
    _project(tmp_path, text.replace("PATH", "./inside" if key == "directory" else "./special"))
    SPECIAL[kind](tmp_path / "app" / name)
    said = error_of(parcel, tmp_path, "app/compose.yml")
    assert said.startswith(where.partition("PATH")[0].partition("NAME")[0])
    assert "special" in said or "more than 4 MB" in said
    assert "\n" not in said
    assert len(said) < 400


def test_files_above_the_compose_file_are_read_if_the_project_says_so(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "deploy/docker-compose.yml": "services: {nginx: {image: 'nginx:1.30', env_file: ../app.env, volumes: "
            "['../conf/nginx.conf:/etc/nginx/nginx.conf:ro']}}\n",
            "conf/nginx.conf": "events {}\n",
            "app.env": "A=1\n",
        },
    )
    found = parcel(tmp_path, "deploy/docker-compose.yml", compose_project=".")
    assert list(found.mounted.values()) == ["events {}\n"]
    assert 'A="1"' in found.files["env/nginx.env"]


def test_a_further_directory_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"shared/a.conf": "x", "app/compose.yml": "services: {a: {image: 'a:1', volumes: ['../shared/a.conf:/a']}}"},
    )
    assert list(parcel(tmp_path, "app/compose.yml", compose_roots=["shared"]).mounted.values()) == ["x"]


@pytest.mark.parametrize(("key", "value"), [("project", "nowhere"), ("roots", ["nowhere"])])
def test_a_directory_that_does_not_exist(tmp_path: Path, key: str, value: Any) -> None:
    write(tmp_path, {"compose.yml": "services: {a: {image: 'a:1'}}"})
    assert error_of(parcel, tmp_path, "compose.yml", **{f"compose_{key}": value}) == (
        f"stack_compose_{key}: nowhere is not a directory on the controller"
    )


def test_the_files_that_the_inventory_names_may_be_anywhere(tmp_path: Path) -> None:
    write(tmp_path, {"app/compose.yml": "services: {a: {image: 'a:1'}}", "ours.yml": "services: {a: {labels: {x: y}}}"})
    (tmp_path / "linked.yml").symlink_to("ours.yml")
    for name in ("ours.yml", "linked.yml"):
        assert parcel(tmp_path, "app/compose.yml", name).services["a"]["settings"]["labels"]["x"] == "y"


def test_links_inside_the_project_are_followed(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yml": "services: {a: {image: 'a:1', volumes: ['./m:/m', './f:/f']}}", "m/real/f": "x"})
    (tmp_path / "m/enabled").symlink_to("real")
    (tmp_path / "f").symlink_to("m/real/f")
    found = parcel(tmp_path, "compose.yml").mounted
    assert sorted(address.partition("/")[2] for address in found) == ["f", "m/enabled/f", "m/real/f"]


@pytest.mark.parametrize(
    ("link", "target", "message"),
    [
        ("up", "..", "up is a link to a place outside the project"),
        ("self", ".", "self is a link to a directory that contains it"),
        ("sub/back", "..", "sub/back is a link to a directory that contains it"),
    ],
)
def test_a_link_in_a_directory(tmp_path: Path, link: str, target: str, message: str) -> None:
    write(tmp_path, {"app/compose.yml": "services: {a: {image: 'a:1', volumes: ['./:/m']}}", "app/sub/f": "x"})
    (tmp_path / "app" / link).symlink_to(target)
    said = error_of(parcel, tmp_path, "app/compose.yml")
    assert said == f"app/compose.yml:1: service 'a': key 'volumes': ./: {message}"


def test_many_links_to_one_directory_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"app/compose.yml": "services: {a: {image: 'a:1', volumes: ['./m:/m']}}"})
    for depth in range(16):
        (tmp_path / f"app/m/{depth}").mkdir(parents=True)
        for name in "ab":
            (tmp_path / f"app/m/{depth}/{name}").symlink_to(f"../{depth + 1}")
    (tmp_path / "app/m/16").mkdir()
    assert "more than 5000 files and directories" in error_of(parcel, tmp_path, "app/compose.yml")


def test_what_is_refused_is_in_no_release(tmp_path: Path) -> None:
    _project(tmp_path, "services: {web: {image: 'a:1', volumes: ['./inside:/x']}}\n")
    assert CANARY in json.dumps(parcel(tmp_path, "app/compose.yml").content())


def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/f").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert Roots([tmp_path / "link"]).read(tmp_path / "link/f", 10) == b"x"
    with pytest.raises(OutsideError):
        Roots([tmp_path / "link"]).locate(tmp_path / "other")
