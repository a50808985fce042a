"""What a release cannot carry is refused with file and line. What the inventory adds fits to what is carried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.compose_projects import release_of, write
from tests.support.errors import error_of

_HEAD = "services:\n  web:\n    image: web:1\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "    volumes: ['d:/data']\nvolumes: {d: }\n",
            "4: service 'web': key 'volumes': Compose reads 'd:/data' as a path of Windows, not as the volume 'd'",
        ),
        (
            "    volumes: ['c:\\conf:/conf']\n",
            "4: service 'web': key 'volumes': c:\\conf is a path of Windows, which no server has",
        ),
        (
            "    volumes:\n      - {type: image, source: 'b:1', target: /b}\n",
            "5: service 'web': key 'volumes': the mount type 'image' is not supported, because a deploy pulls and pins",
        ),
        (
            "    volumes:\n      - {type: cluster, source: b, target: /b}\n",
            "5: service 'web': key 'volumes': the mount type 'cluster' is for Swarm",
        ),
        (
            "    volumes: ['data:relative']\nvolumes: {data: }\n",
            "4: service 'web': key 'volumes': 'data:relative' is not a volume",
        ),
        (
            "    security_opt:\n      - no-new-privileges\n      - seccomp=./a.json\n",
            "6: service 'web': key 'security_opt': ./a.json is not uploaded",
        ),
        (
            "volumes:\n  data:\n    driver_opts:\n      o: bind\n      device: ./data\n",
            "8: key 'volumes.data.driver_opts.device': './data' is a path of the project",
        ),
        (
            "    configs: [a]\nconfigs: {a: {external: true}}\n",
            "4: service 'web': key 'configs': 'a' is external, which only Swarm supports; give it a 'file'",
        ),
        (
            "    secrets: [A]\nsecrets: {A: {external: true}}\n",
            "4: service 'web': key 'secrets': 'A' is external, which only Swarm supports; set stack_secrets.a",
        ),
        (
            "    configs: [a]\nconfigs:\n  a:\n    content: x\n    template_driver: golang\n",
            "8: key 'configs.a.template_driver': only Swarm supports it, and Compose refuses to start the service",
        ),
        (
            "    ports: ['1000-3000:1000-3000']\n",
            "4: service 'web': key 'ports': 1000-3000 is not a range of at most 1000 ports",
        ),
        ("    ports: ['0:80']\n", "4: service 'web': key 'ports': the container port 80 has no port on the host"),
        (
            "    ports: ['81:80', '82-83:80']\n    deploy:\n      replicas: 2\n",
            "4: service 'web': key 'ports': 2 replicas cannot share the published port 81",
        ),
        ("    build: ''\n", "4: service 'web': key 'build.context': names no directory; write '.'"),
        ("    annotations: ['']\n", "4: service 'web': key 'annotations': an item has no name before '='"),
        ("    sysctls: ['=1']\n", "4: service 'web': key 'sysctls': an item has no name before '='"),
        ("    stop_grace_period: 1d\n", "4: service 'web': key 'stop_grace_period': '1d' is not a duration"),
        ("    x-slipway: {class: singleton}\n    scale: 3\n", "5: service 'web': key 'scale': a singleton service has"),
    ],
)
def test_what_cannot_be_carried_is_refused_with_file_and_line(text: str, found: str, tmp_path: Path) -> None:
    assert error_of(release_of, _HEAD + text, tmp_path).startswith(f"docker-compose.yml:{found}")


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    text = f"{_HEAD}    secrets: [a]\nsecrets: {{a: {{environment: EMPTY}}}}\n"
    assert error_of(release_of, text, tmp_path, compose_variables={"EMPTY": ""}) == (
        "docker-compose.yml:4: service 'web': key 'secrets': the value of 'a' is empty"
    )


def test_what_differs_in_a_config_is_noted(tmp_path: Path) -> None:
    configs = "configs: {empty: {content: ''}, sticky: {content: x}}\n"
    uses = "    configs:\n      - empty\n      - {source: sticky, mode: 0o1755}\n"
    notes = release_of(f"{_HEAD}{uses}{configs}", tmp_path).notes["web"]
    assert [line for line in notes if "docker-compose.yml" in line] == [
        "docker-compose.yml:5: 'configs' has an empty 'empty': the release has an empty file, Compose none",
        "docker-compose.yml:6: 'configs.mode' of 'sticky' has special bits, which the file does not get",
    ]


def test_files_without_an_active_service_are_refused(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', profiles: [never]}}\n"
    assert error_of(release_of, text, tmp_path) == (
        "docker-compose.yml:1: key 'services': there is no service, or none with an active profile"
    )


def test_a_message_about_a_key_of_the_inventory_has_no_line(tmp_path: Path) -> None:
    text = _HEAD + "    stop_grace_period: 5s\n"
    found = error_of(release_of, text, tmp_path, services={"web": {"replicas": -1}})
    assert found == "service 'web': key 'replicas': at least 1, not -1"


def test_the_inventory_can_name_the_image_that_the_files_build(tmp_path: Path) -> None:
    text = "services:\n  web:\n    build: .\n"
    release = release_of(text, tmp_path, services={"web": {"image": "registry.example.com/web:1"}})
    assert release.services["web"]["image"] == "registry.example.com/web:1"


def _document(text: str, folder: Path, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(release_of(text, folder, **given).files["compose.yaml"])
    return found


def test_a_dependency_joins_a_network_only_if_the_inventory_describes_it(tmp_path: Path) -> None:
    text = _HEAD + "    networks: [front]\n    depends_on: [db, cache]\n"
    text += "  db: {image: 'db:1', networks: [back]}\n  cache: {image: 'redis:8'}\nnetworks: {front: , back: }\n"
    found = _document(text, tmp_path, services={"cache": {"kind": "redis"}})["services"]["web"]
    assert found["networks"] == ["front", "data"]
    assert list(found["depends_on"]) == ["cache", "db"]


def test_a_service_starts_after_those_that_it_depends_on(tmp_path: Path) -> None:
    text = _HEAD + "    depends_on: [db]\n  db: {image: 'db:1'}\n"
    release = release_of(text, tmp_path)
    assert list(release.services) == ["db", "web"]
    assert release.services["web"]["depends_on"] == ["db"]


def test_a_volume_of_the_inventory_replaces_one_in_long_notation(tmp_path: Path) -> None:
    text = _HEAD + "    volumes:\n      - {type: volume, source: old, target: /data/, volume: {subpath: a}}\n"
    text += "volumes: {old: }\n"
    found = _document(text, tmp_path, services={"web": {"volumes": ["new:/data"]}})
    assert (found["services"]["web"]["volumes"], found["volumes"]) == (["new:/data"], {"new": {}})


@pytest.mark.parametrize(
    ("user", "uid", "mode"),
    [("", 0, 0o444), ("app", 0, 0o444), ("'0:0'", 0, 0o444), ("'1000'", 1000, 0o400)],
)
def test_a_secret_can_be_read_by_the_users_that_the_container_may_have(
    user: str, uid: int, mode: int, tmp_path: Path
) -> None:
    write(tmp_path, {"key": "x"})
    text = _HEAD + (f"    user: {user}\n" if user else "") + "    secrets: [key]\nsecrets: {key: {file: key}}\n"
    [file] = release_of(text, tmp_path).secret_files
    assert (file["uid"], file["mode"]) == (uid, mode)


def test_a_secret_that_is_called_like_that_of_a_variable_keeps_its_value(tmp_path: Path) -> None:
    write(tmp_path, {"key": "of-the-file"})
    text = _HEAD + "    environment: {API_KEY: of-the-variable}\n    secrets: [web__api_key]\n"
    release = release_of(text + "secrets: {web__api_key: {file: key}}\n", tmp_path)
    assert {source["value"] for source in release.secrets().values()} == {"of-the-file", "of-the-variable"}


def test_one_secret_with_two_owners_is_two_files(tmp_path: Path) -> None:
    write(tmp_path, {".env": "TOKEN=abc\n"})
    uses = "[{source: t, target: a, uid: '5', mode: 0440}, {source: t, target: b, uid: '5', mode: 0400}]"
    text = _HEAD + f"    secrets: {uses}\nsecrets: {{t: {{environment: TOKEN}}}}\n"
    release = release_of(text, tmp_path)
    assert sorted((file["uid"], file["gid"], file["mode"]) for file in release.secret_files) == [
        (5, 0, 0o400),
        (5, 0, 0o440),
    ]
    assert len({file["variable"] for file in release.secret_files}) == 2


def test_a_health_check_that_is_off_is_not_waited_for(tmp_path: Path) -> None:
    text = "services:\n  a: {image: 'a:1', healthcheck: {test: [NONE]}}\n"
    text += "  b: {image: 'a:1', healthcheck: {disable: true, test: x}}\n"
    text += "  c: {image: 'a:1', healthcheck: {test: x, retries: 0, interval: 0s}}\n"
    found = release_of(text, tmp_path).services
    assert [found[name]["start_seconds"] for name in "abc"] == [10.0, 10.0, 240.0]
