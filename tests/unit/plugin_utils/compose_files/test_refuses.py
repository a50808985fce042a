"""What is wrong with a team's own files: file, line, service, key, and what would be right; all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.complaints import complaint
from tests.support.own_projects import parcel, said, write

CASES = [
    (
        "services:\n  web:\n    image: a:1\n    comand: x\n",
        "docker-compose.yml:4: service 'web': key 'comand': is no key of a service; did you mean 'command'?",
    ),
    (
        "services:\n  web:\n    image: a:1\n    healthcheck:\n      tset: [CMD, x]\n",
        "docker-compose.yml:5: service 'web': key 'healthcheck.tset': is no key of healthcheck; did you mean 'test'?",
    ),
    ("sevices: {}\nservices: {web: {image: 'a:1'}}\n", "docker-compose.yml:1: key 'sevices': is no key of a Compose"),
    (
        "services:\n  web:\n    image: a:${TAG}\n",
        (
            "docker-compose.yml:3: service 'web': key 'image': the variable TAG has no value; "
            "set it in .env or in stack_compose_variables (TAG: '' for nothing), or, where it is a secret, "
            "set stack_secrets.tag"
        ),
    ),
    (
        "services:\n  web:\n    image: a:${TAG:?say the version}\n",
        "docker-compose.yml:3: service 'web': key 'image': the variable TAG has no value (say the version); set it",
    ),
    (
        "services:\n  web:\n    image: a:1\n    environment:\n      - A=${WHAT}\n",
        "docker-compose.yml:5: service 'web': key 'environment.A': the variable WHAT has no value",
    ),
    (
        "services:\n  web:\n    image: a:1\n    volumes:\n      - ../conf:/etc/conf\n",
        (
            "docker-compose.yml:5: service 'web': key 'volumes': ../conf is outside of the project, where a server "
            "has nothing; move it below the project, or name it in stack_compose_host_paths where it is a path of the "
            "server"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    volumes: [/var/run/docker.sock:/var/run/docker.sock]\n",
        "docker-compose.yml:4: service 'web': key 'volumes': /var/run/docker.sock is outside of the project",
    ),
    (
        "services:\n  web:\n    image: a:1\n    volumes:\n      - ./data:/data\n",
        (
            "docker-compose.yml:5: service 'web': key 'volumes': ./data holds nothing here, so it is for what the "
            "service writes; give it a named volume, or say where the server has it: "
            "stack_services.web.volumes: [/srv/DIRECTORY:/data]"
        ),
    ),
    (
        "services:\n  web:\n    build: .\n",
        (
            "docker-compose.yml:3: service 'web': key 'build': the image has no name; add 'image: REGISTRY/NAME:TAG', "
            "under which servers find what was built"
        ),
    ),
    (
        "services:\n  a: {image: 'a:1', ports: ['80:80']}\n  b:\n    image: a:1\n    ports:\n      - 80:8080\n",
        (
            "docker-compose.yml:6: service 'b': key 'ports': port 80 of the host is published by service 'a' too; "
            "give one of them another"
        ),
    ),
    (
        "services:\n  a: {image: 'a:1', ports: ['8000-8010:8000-8010']}\n  b: {image: 'b:1', ports: ['8005:1']}\n",
        "docker-compose.yml:3: service 'b': key 'ports': port 8005 of the host is published by service 'a' too",
    ),
    (
        "services:\n  a:\n    image: a:1\n    ports: ['3000']\n",
        (
            "docker-compose.yml:4: service 'a': key 'ports': no port of the host for 3000, so that nobody could know "
            "it; write HOST:3000"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    depends_on: [dbb]\n  db: {image: 'b:1'}\n",
        (
            "docker-compose.yml:4: service 'web': key 'depends_on': there is no service 'dbb', or its profile is not "
            "active; did you mean 'db'?"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    volumes: ['data:/data']\n",
        (
            "docker-compose.yml:4: service 'web': key 'volumes': 'data' is not declared; add 'data: {}' to the file's "
            "'volumes'"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    env_file: web.env\n",
        "docker-compose.yml:4: service 'web': key 'env_file': web.env is not there; write it, or say 'required: false'",
    ),
    (
        "services:\n  web:\n    image: a:1\n    secrets: [key]\nsecrets:\n  key: {file: key.txt}\n",
        "docker-compose.yml:6: key 'secrets.key': key.txt is no file here",
    ),
    (
        "name: other\nservices: {web: {image: 'a:1', volumes: ['d:/d']}}\nvolumes: {d: }\n",
        (
            "docker-compose.yml:1: key 'name': the project is called 'other' and the stack 'shop', so that the data in "
            "other_d would not be found; set stack_name: other, or give the volumes their 'name'"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    x-slipway: {clas: rolling}\n",
        "docker-compose.yml:4: service 'web': key 'x-slipway.clas': is no key of a description; did you mean 'class'?",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), CASES, ids=[case[1][:90] for case in CASES])
def test_one_thing(tmp_path: Path, text: str, sentence: str) -> None:
    found = complaint(said, text, tmp_path)
    assert found.startswith(sentence)
    assert "\n" not in found


def test_all_at_once(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: a:${TAG}\n    comand: x\n  job:\n    build: .\n    volumes: ['~/x:/x']\n"
    found = complaint(said, text, tmp_path).splitlines()
    assert [line.partition(": key ")[0] for line in found] == [
        "docker-compose.yml:4: service 'web'",
        "docker-compose.yml:3: service 'web'",
        "docker-compose.yml:6: service 'job'",
        "docker-compose.yml:7: service 'job'",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert complaint(parcel, tmp_path) == "docker-compose.yml: cannot be read: No such file or directory"


def test_a_file_in_a_directory_is_called_as_it_was_named(tmp_path: Path) -> None:
    write(tmp_path, {"app/docker-compose.yml": "services:\n  web: {image: 'a:1', volumes: ['./d:/d']}\n"})
    assert complaint(parcel, tmp_path, "app/docker-compose.yml").startswith("app/docker-compose.yml:2: service 'web'")


def test_what_the_inventory_has_in_its_place_may_be_wrong(tmp_path: Path) -> None:
    text = "services:\n  web: {image: 'a:1'}\n  proxy: {image: 'a:${TAG}', ports: ['80']}\n  tool: {build: .}\n"
    edge = {"kind": "nginx", "routes": [{"path": "/", "to": "web", "port": 1}]}
    assert list(said(text, tmp_path, services={"proxy": edge, "tool": None}).services) == ["web", "proxy-pod", "proxy"]


ANNOTATIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"wbe": {"class": "rolling"}},
        "service 'wbe': there is no such service in the files; did you mean 'web'?; give it a 'kind' where it is new",
    ),
    ({"web": {"clas": "rolling"}}, "service 'web': unknown key 'clas'; did you mean 'class'?"),
]


@pytest.mark.parametrize(("services", "sentence"), ANNOTATIONS)
def test_what_the_inventory_says(tmp_path: Path, services: dict[str, Any], sentence: str) -> None:
    assert complaint(said, "services: {web: {image: 'a:1'}}\n", tmp_path, services=services) == sentence


def test_variables_without_files(tmp_path: Path) -> None:
    found = complaint(parcel, tmp_path, compose_files=[], compose_variables={"A": "1"}, services={})
    assert found == "stack_compose_variables: there are no Compose files; name them in stack_compose_files"
