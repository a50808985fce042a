"""The translation of a team's own files: secrets, mounts, networks, an edge next to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.support import compose_projects
from tests.support.compose_projects import release_of, write
from tests.support.errors import error_of

SECRET = "correct-horse-battery"
_EDGE = {"edge": {"kind": "nginx", "version": "1.30", "routes": [{"path": "/", "to": "web", "port": 8000}]}}


@pytest.mark.parametrize(
    "web",
    [
        f"environment: {{APP_PASSWORD: {SECRET}}}",
        "environment: {APP_PASSWORD: '${DB_PASSWORD}'}",
        "environment: {URL: 'postgres://u:${DB_PASSWORD}@db/x'}",
        "environment: {ANYTHING: '${TOKEN}'}",
        "env_file: [web.env]",
        "secrets: [key]",
        "secrets: [from_variable]",
    ],
)
def test_a_secret_is_not_in_the_content_of_the_release(tmp_path: Path, web: str) -> None:
    text = f"services:\n  web:\n    image: a:1\n    {web}\n"
    text += "secrets:\n  key: {file: key.txt}\n  from_variable: {environment: TOKEN}\n"
    write(tmp_path, {".env": f"DB_PASSWORD={SECRET}\n", "web.env": f"API_KEY={SECRET}\n", "key.txt": SECRET})
    release = release_of(text, tmp_path, secrets={"token": SECRET})
    assert SECRET not in json.dumps(release.content())
    assert SECRET not in repr(release)
    assert any(SECRET in str(source["value"]) for source in release.secrets().values())


def test_a_generated_secret_of_the_inventory_can_be_part_of_a_variable(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', environment: {URL: 'redis://:${REDIS_PASSWORD}@r/0'}}}\n"
    release = release_of(text, tmp_path, secrets={"redis_password": {"generate": 32}})
    [file] = release.secret_files
    assert file["parts"] == ['URL="redis://:', {"secret": "redis_password", "quote": "dotenv"}, '@r/0"\n']


@pytest.mark.parametrize("key", ["command: [serve, '${TOKEN}']", "labels: {a: '${TOKEN}'}", "image: 'a:${TOKEN}'"])
def test_a_secret_in_a_visible_key_is_refused(tmp_path: Path, key: str) -> None:
    name = key.partition(":")[0]
    image = "" if name == "image" else "    image: a:1\n"
    text = f"services:\n  web:\n{image}    {key}\n"
    line = 3 if name == "image" else 4
    assert error_of(release_of, text, tmp_path, secrets={"token": SECRET}) == (
        f"docker-compose.yml:{line}: service 'web': key {name!r}: contains a secret, which everybody who can inspect "
        "the container could read; pass it in 'environment' or as a file"
    )


def test_images_can_be_built_without_the_secrets(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: a:1\n    build: .\n    environment: {A: '${TOKEN}'}\n"
    text += "    env_file: secret.env\n    secrets: [key]\nsecrets: {key: {file: key.txt}}\n"
    write(tmp_path, {"docker-compose.yml": text})
    stack = compose_projects.without_secrets(tmp_path)
    build = stack.services["web"].build
    assert build is not None
    assert (stack.services["web"].image, build.context) == ("a:1", str(tmp_path))


def test_volumes_keep_their_names(tmp_path: Path) -> None:
    text = "services: {db: {image: 'postgres:17', volumes: ['va:/a', 'vb:/b', 'vc:/c']}}\n"
    text += "volumes: {va: , vb: {name: kept}, vc: {external: true}}\n"
    release = release_of(text, tmp_path)
    assert yaml.safe_load(release.files["compose.yaml"])["volumes"] == {
        "va": {},
        "vb": {"name": "kept"},
        "vc": {"external": True},
    }


def test_an_edge_of_the_inventory_joins_the_networks_of_its_upstreams(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1'}, api: {image: 'b:1', networks: [inner]}}\nnetworks: {inner: }\n"
    edge = {"edge": {**_EDGE["edge"], "routes": [{"path": "/", "to": "web", "port": 1}, {"path": "/a", "to": "api"}]}}
    release = release_of(text, tmp_path, services={**edge, "api": {"port": 9}})
    document = yaml.safe_load(release.files["compose.yaml"])
    assert sorted(document["services"]["edge-pod"]["networks"]) == ["app", "default", "inner"]
    assert document["services"]["edge"]["depends_on"]["web"] == {"condition": "service_started"}
    assert [(one["service"], one["port"]) for one in release.upstreams] == [("web", 1), ("api", 9)]


def test_the_inventory_can_replace_or_leave_out_a_service(tmp_path: Path) -> None:
    text = "services:\n  web: {image: 'a:1', depends_on: [tool]}\n  tool: {image: 'b:1'}\n"
    text += "  nginx: {image: 'nginx:1.30', ports: ['80:80'], volumes: ['./nowhere:/etc/nginx']}\n"
    release = release_of(text, tmp_path, services={"nginx": _EDGE["edge"], "tool": None})
    assert list(release.services) == ["web", "nginx-pod", "nginx"]
    assert release.notes["nginx"] == ["is described in the inventory, which replaces the entry of the file"]


def test_an_allowed_path_of_the_server_is_mounted(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', volumes: ['/etc/localtime:/etc/localtime:ro', './data:/data']}}\n"
    release = release_of(
        text,
        tmp_path,
        compose_host_paths=["/etc/localtime"],
        services={"web": {"volumes": ["/srv/data:/data"]}},
    )
    assert release.services["web"]["settings"]["volumes"] == ["/etc/localtime:/etc/localtime:ro", "/srv/data:/data"]


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"secret": "x", "project/conf/a": "x"})
    (tmp_path / "project/conf/b").symlink_to(tmp_path / "secret")
    text = "services: {web: {image: 'a:1', volumes: ['./conf:/conf']}}\n"
    assert "conf: b is a link to a place outside the project" in error_of(release_of, text, tmp_path / "project")


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"big": "x" * (4 * 1024**2 + 1)})
    found = error_of(release_of, "services: {web: {image: 'a:1', volumes: ['./big:/big']}}\n", tmp_path)
    assert "./big: more than 4 MB would be uploaded with every release" in found


def test_changed_content_or_mode_gives_another_digest(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', volumes: ['./conf:/conf:ro']}}\n"
    write(tmp_path, {"conf/a": "one"})
    before = release_of(text, tmp_path)
    write(tmp_path, {"conf/a": "two"})
    after = release_of(text, tmp_path)
    assert before.digest != after.digest
    (tmp_path / "conf/a").chmod(0o755)
    assert release_of(text, tmp_path).digest != after.digest
    assert release_of(text, tmp_path).digest == release_of(text, tmp_path).digest
