"""Problems in a team's own files are reported together: file, line, service, key, and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.compose_projects import parcel, release_of, write
from tests.support.errors import error_of

CASES = [
    (
        "services:\n  web:\n    image: a:1\n    comand: x\n",
        "docker-compose.yml:4: service 'web': key 'comand': is not a key of a service; did you mean 'command'?",
    ),
    (
        "services:\n  web:\n    image: a:1\n    healthcheck:\n      tset: [CMD, x]\n",
        (
            "docker-compose.yml:5: service 'web': key 'healthcheck.tset': is not a key of healthcheck; "
            "did you mean 'test'?"
        ),
    ),
    (
        "services:\n  web:\n    image: web:1\n    deploy: {resources: {limits: {mem: 64m}}}",
        (
            "docker-compose.yml:4: service 'web': key 'deploy.resources.limits.mem': is not a key of "
            "deploy.resources.limits; did you mean 'memory'?"
        ),
    ),
    (
        "sevices: {}\nservices: {web: {image: 'a:1'}}\n",
        "docker-compose.yml:1: key 'sevices': is not a key of a Compose",
    ),
    (
        "services:\n  web:\n    image: a:${TAG}\n",
        (
            "docker-compose.yml:3: service 'web': key 'image': the variable TAG has no value; "
            "set it in .env or in stack_compose_variables (TAG: '' for an empty value), or, if it is a secret, "
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
            "docker-compose.yml:5: service 'web': key 'volumes': ../conf is outside the project and is not "
            "uploaded; if it is a path of the server, add it to stack_compose_host_paths; else set "
            "stack_compose_project to a directory that contains it"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    volumes: [/var/run/docker.sock:/var/run/docker.sock]\n",
        "docker-compose.yml:4: service 'web': key 'volumes': /var/run/docker.sock is outside the project",
    ),
    (
        "services:\n  web:\n    image: a:1\n    volumes:\n      - ./data:/data\n",
        (
            "docker-compose.yml:5: service 'web': key 'volumes': ./data is empty or missing here, so it is "
            "probably for data that the service writes; use a named volume, or a path of the server: "
            "stack_services.web.volumes: [/srv/DIRECTORY:/data]"
        ),
    ),
    (
        "services:\n  web:\n    build: .\n",
        (
            "docker-compose.yml:3: service 'web': key 'build': the built image has no name; "
            "add 'image: REGISTRY/NAME:TAG', so that servers can pull it"
        ),
    ),
    (
        "services:\n  a: {image: 'a:1', ports: ['80:80']}\n  b:\n    image: a:1\n    ports:\n      - 80:8080\n",
        (
            "docker-compose.yml:6: service 'b': key 'ports': port 80 of the host is also published by service 'a'; "
            "change one of the two"
        ),
    ),
    (
        "services:\n  a: {image: 'a:1', ports: ['8000-8010:8000-8010']}\n  b: {image: 'b:1', ports: ['8005:1']}\n",
        "docker-compose.yml:3: service 'b': key 'ports': port 8005 of the host is also published by service 'a'",
    ),
    (
        "services:\n  a:\n    image: a:1\n    ports: ['3000']\n",
        (
            "docker-compose.yml:4: service 'a': key 'ports': the container port 3000 has no port on the host, so "
            "Docker would choose a random one; write HOST_PORT:3000"
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
        (
            "docker-compose.yml:4: service 'web': key 'env_file': web.env does not exist; create it, "
            "or set 'required: false'"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    secrets: [key]\nsecrets:\n  key: {file: key.txt}\n",
        "docker-compose.yml:6: key 'secrets.key': key.txt: it is not a file",
    ),
    (
        "name: other\nservices: {web: {image: 'a:1', volumes: ['dd:/d']}}\nvolumes: {dd: }\n",
        (
            "docker-compose.yml:1: key 'name': the project is called 'other' and the stack 'shop', so the stack would "
            "not find the data in other_dd; set stack_name: other, or give the volumes a 'name'"
        ),
    ),
    (
        "services:\n  web:\n    image: a:1\n    x-slipway: {clas: rolling}\n",
        (
            "docker-compose.yml:4: service 'web': key 'x-slipway.clas': is not a key of a description; "
            "did you mean 'class'?"
        ),
    ),
]


@pytest.mark.parametrize(("text", "sentence"), CASES, ids=[case[1][:90] for case in CASES])
def test_a_problem_is_one_sentence_with_file_line_service_and_key(tmp_path: Path, text: str, sentence: str) -> None:
    found = error_of(release_of, text, tmp_path)
    assert found.startswith(sentence)
    assert "\n" not in found


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: a:${TAG}\n    comand: x\n  job:\n    build: .\n    volumes: ['~/x:/x']\n"
    found = error_of(release_of, text, tmp_path).splitlines()
    assert [line.partition(": key ")[0] for line in found] == [
        "docker-compose.yml:4: service 'web'",
        "docker-compose.yml:3: service 'web'",
        "docker-compose.yml:6: service 'job'",
        "docker-compose.yml:7: service 'job'",
    ]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    assert error_of(parcel, tmp_path) == "docker-compose.yml does not exist"


def test_a_file_in_a_directory_is_named_as_the_inventory_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"app/docker-compose.yml": "services:\n  web: {image: 'a:1', volumes: ['./d:/d']}\n"})
    assert error_of(parcel, tmp_path, "app/docker-compose.yml").startswith("app/docker-compose.yml:2: service 'web'")


def test_a_service_that_the_inventory_replaces_is_not_checked(tmp_path: Path) -> None:
    text = "services:\n  web: {image: 'a:1'}\n  proxy: {image: 'a:${TAG}', ports: ['80']}\n  tool: {build: .}\n"
    edge = {"kind": "nginx", "routes": [{"path": "/", "to": "web", "port": 1}]}
    release = release_of(text, tmp_path, services={"proxy": edge, "tool": None})
    assert list(release.services) == ["web", "proxy-pod", "proxy"]


ANNOTATIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"wbe": {"class": "rolling"}},
        (
            "service 'wbe': there is no such service in the files; did you mean 'web'?; "
            "give it a 'kind' if it is a new service"
        ),
    ),
    ({"web": {"clas": "rolling"}}, "service 'web': unknown key 'clas'; did you mean 'class'?"),
]


@pytest.mark.parametrize(("services", "sentence"), ANNOTATIONS)
def test_a_wrong_annotation_is_reported(tmp_path: Path, services: dict[str, Any], sentence: str) -> None:
    assert error_of(release_of, "services: {web: {image: 'a:1'}}\n", tmp_path, services=services) == sentence


def test_variables_without_compose_files_are_reported(tmp_path: Path) -> None:
    found = error_of(parcel, tmp_path, compose_files=[], compose_variables={"A": "1"}, services={})
    assert found == "stack_compose_variables: there are no Compose files; name them in stack_compose_files"


@pytest.mark.parametrize("labels", ["{a: b, c: d}", "[a=b]", "{a: b}"])
def test_a_label_of_a_volume_with_one_value_in_two_files_is_refused(labels: str, tmp_path: Path) -> None:
    first = "services: {web: {image: 'a:1', volumes: ['data:/d']}}\nvolumes: {data: {labels: {a: b}}}\n"
    write(tmp_path, {"docker-compose.yml": first, "b.yml": f"volumes: {{data: {{labels: {labels}}}}}\n"})
    assert error_of(parcel, tmp_path, "docker-compose.yml", "b.yml") == (
        "b.yml:1: key 'volumes.*.labels': 'a' has the same value in an earlier file, which Compose refuses; "
        "remove it here"
    )


def test_labels_of_a_config_that_are_lists_in_two_files_are_refused(tmp_path: Path) -> None:
    top = "configs: {a: {content: x, labels: [LABEL=1]}}\n"
    first = "services: {web: {image: 'a:1', configs: [a]}}\n" + top.replace("LABEL", "a")
    write(tmp_path, {"docker-compose.yml": first, "b.yml": top.replace("LABEL", "b")})
    assert error_of(parcel, tmp_path, "docker-compose.yml", "b.yml").startswith(
        "b.yml:1: key 'configs.*.labels': is a list"
    )
