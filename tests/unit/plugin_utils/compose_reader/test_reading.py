"""Files are read as Compose reads them, and every value knows its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import (
    image_reference,
    interpolation,
    reading,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.long_syntax import port, volume
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.reading import Document
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import review
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.settings import Settings
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import from_document


def _read(folder: Path, files: dict[str, str], *names: str, **options: Any) -> Document:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return reading.read([folder / name for name in names or ("compose.yaml",)], **options)


def test_later_files_are_merged_as_compose_merges_them(tmp_path: Path) -> None:
    base = """\
services:
  web:
    image: a:1
    command: [one, two]
    environment: [A=1, B=2]
    ports: ["80:80"]
    volumes: ["./src:/app", "data:/data"]
    healthcheck: {test: [CMD, x], interval: 5s}
    cap_add: [CHOWN]
"""
    over = """\
services:
  web:
    command: [three]
    environment: {B: 3, C: 4}
    ports: ["81:80"]
    volumes: ["./other:/app"]
    healthcheck: {interval: 9s}
    cap_add: [CHOWN, KILL]
  db: {image: postgres:17}
"""
    found = _read(tmp_path, {"a.yaml": base, "b.yaml": over}, "a.yaml", "b.yaml")
    web = found.services["web"]
    assert web["image"] == "a:1"
    assert web["command"] == ["three"]
    assert web["environment"] == {"A": "1", "B": 3, "C": 4}
    assert [one["short"] for one in web["ports"]] == ["80:80", "81:80"]
    assert [one["source"] for one in web["volumes"]] == ["./other", "data"]
    assert web["healthcheck"] == {"test": ["CMD", "x"], "interval": "9s"}
    assert web["cap_add"] == ["CHOWN", "KILL"]
    assert (web.marks["command"].file, web.marks["command"].line) == (str(tmp_path / "b.yaml"), 3)
    assert web["environment"].marks["A"].line == 5
    assert list(found.services) == ["web", "db"]


def test_an_address_of_both_files_is_there_once(tmp_path: Path) -> None:
    files = {
        "a.yml": "services: {web: {extra_hosts: {a: 192.0.2.1, b: [192.0.2.2, 192.0.2.3]}}}",
        "b.yml": 'services: {web: {extra_hosts: ["b=192.0.2.3", "a=192.0.2.4"]}}',
    }
    found = _read(tmp_path, files, "a.yml", "b.yml").services["web"]["extra_hosts"]
    assert found == ["a=192.0.2.1", "b=192.0.2.2", "b=192.0.2.3", "a=192.0.2.4"]


def test_reset_and_override_replace_earlier_values(tmp_path: Path) -> None:
    base = "services: {web: {image: a:1, ports: ['80:80'], dns: [1.1.1.1], user: root}}"
    over = "services:\n  web:\n    ports: !reset []\n    dns: !override [9.9.9.9]\n    user: !reset null\n"
    web = _read(tmp_path, {"a.yaml": base, "b.yaml": over}, "a.yaml", "b.yaml").services["web"]
    assert web["dns"] == ["9.9.9.9"]
    assert not web.get("ports")
    assert web.get("user") is None


def test_anchors_and_merge_keys_are_followed(tmp_path: Path) -> None:
    text = """\
x-common: &common
  restart: always
  environment: &env {A: "1"}
services:
  web:
    <<: *common
    image: a:1
    environment:
      <<: *env
      B: "2"
"""
    web = _read(tmp_path, {"compose.yaml": text}).services["web"]
    assert web["restart"] == "always"
    assert web["environment"] == {"A": "1", "B": "2"}
    assert web.marks["restart"].line == 2


def test_extends_and_include_are_followed(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include: [more/db.yaml]\n"
        "services: {web: {extends: {file: base.yaml, service: app}, image: b:2}}",
        "base.yaml": "services: {root: {user: '1000'}, app: {extends: root, image: a:1, restart: always}}",
        "more/db.yaml": "services: {db: {image: 'postgres:${PG}'}}\nvolumes: {data: }",
        "more/.env": "PG=17",
    }
    found = _read(tmp_path, files)
    assert found.services["web"] == {"image": "b:2", "restart": "always", "user": "1000"}
    assert found.services["web"].marks["user"].file == str(tmp_path / "base.yaml")
    assert found.services["db"]["image"] == "postgres:17"
    assert "data" in found.top["volumes"]


def test_services_are_selected_by_profile(tmp_path: Path) -> None:
    text = "services: {a: {image: a:1}, b: {image: b:1, profiles: [tools]}, c: {image: c:1, profiles: [x]}}"
    assert list(_read(tmp_path, {"compose.yaml": text}).services) == ["a", "b", "c"]
    assert list(_read(tmp_path, {"compose.yaml": text}, profiles=["tools"]).services) == ["a", "b"]
    assert list(_read(tmp_path, {"compose.yaml": text}, profiles=[]).services) == ["a"]


def test_environment_takes_precedence_over_env_files(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {a: {image: a:1, env_file: [x.env, none.env], environment: {B: own}}}",
        "x.env": "export A='one' # said\nB=two\nC=\"${A}!\"\n",
    }
    document = _read(tmp_path, files)
    service = from_document(document).services["a"]
    assert service.variables == {"A": "one", "B": "own", "C": "one!"}
    assert service.variables_incomplete
    assert document.env_file_variables["a"].marks["B"].line == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a$$b", "a$b"),
        ("$X-${X}", "x-x"),
        ("${NO}", "${NO}"),
        ("${NO:?told}", "${NO}"),
        ("${NO:-d}${NO-d}${EMPTY:-d}${EMPTY-d}", "ddd"),
        ("${X:+set}${NO:+set}", "set"),
        ("${NO:-${ALSO:-deep}}", "deep"),
        ("${NO:-a:b}", "a:b"),
        ("$", "$"),
        ("${", "${"),
        ("${1}", "${1}"),
    ],
)
def test_variables_are_interpolated(text: str, value: str) -> None:
    assert interpolation.interpolate(text, interpolation.Scope({"X": "x", "EMPTY": ""})) == value


def test_a_secret_from_dotenv_is_not_in_the_file(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {a: {image: a:1, environment: {PASSWORD: '${PW}'}}}",
        ".env": "PW=hunter2hunter2",
    }
    stack = from_document(_read(tmp_path, files))
    assert stack.services["a"].variables["PASSWORD"] == "hunter2hunter2"
    found = {finding.rule for finding in review(stack, "production", Settings(), "2026-11-21").findings}
    assert "SLP051" in found
    assert "SLP050" not in found


def test_a_mark_keeps_the_text_in_the_file(tmp_path: Path) -> None:
    text = "services: {a: {image: 'a:${TAG:-latest}', environment: {P: yes, V: 3.10, N: 3, Q: 'yes'}}}"
    service = _read(tmp_path, {"compose.yaml": text}).services["a"]
    assert service["image"] == "a:latest"
    assert service.marks["image"].source == "a:${TAG:-latest}"
    assert service["environment"] == {"P": "yes", "V": 3.1, "N": 3, "Q": "yes"}
    assert {name: mark.source for name, mark in service["environment"].marks.items()} == {
        "P": "yes",
        "V": "3.10",
        "N": None,
        "Q": None,
    }


@pytest.mark.parametrize(
    ("text", "host", "published", "target", "protocol"),
    [
        ("80", "", "", "80", "tcp"),
        ("8080:80", "", "8080", "80", "tcp"),
        ("127.0.0.1:8080:80/udp", "127.0.0.1", "8080", "80", "udp"),
        ("127.0.0.1::80", "127.0.0.1", "", "80", "tcp"),
        ("[::1]:8080:80", "::1", "8080", "80", "tcp"),
        ("8000-8010:80-90", "", "8000-8010", "80-90", "tcp"),
        ("${IP}:${PORT}:80", "${IP}", "${PORT}", "80", "tcp"),
    ],
)
def test_a_port_is_read(text: str, host: str, published: str, target: str, protocol: str) -> None:
    found = port(text) or {}
    assert [found[key] for key in ("host_ip", "published", "target", "protocol")] == [host, published, target, protocol]


_BIND = {"create_host_path": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data", {"type": "volume", "source": None, "target": "/data"}),
        ("./a:/b", {"type": "bind", "source": "./a", "target": "/b", "bind": _BIND}),
        ("./a:/b:ro,z", {"type": "bind", "source": "./a", "target": "/b", "bind": {**_BIND, "selinux": "z"}}),
        ("~/a:/b:rw,Z", {"type": "bind", "source": "~/a", "target": "/b", "bind": {**_BIND, "selinux": "Z"}}),
        (
            "/a:/b:ro,rslave",
            {"type": "bind", "source": "/a", "target": "/b", "bind": {**_BIND, "propagation": "rslave"}},
        ),
        ("/a:/b:cached", {"type": "bind", "source": "/a", "target": "/b", "bind": _BIND}),
        ("da:/b", {"type": "volume", "source": "da", "target": "/b", "volume": {}}),
        ("da:/b:nocopy", {"type": "volume", "source": "da", "target": "/b", "volume": {"nocopy": True}}),
        ("da:/b:z", {"type": "volume", "source": "da", "target": "/b", "bind": {"selinux": "z"}, "volume": {}}),
        ("d:/b", {"type": "volume", "source": "d", "target": "/b", "volume": {}}),
        ("c:\\a:/b", {"type": "bind", "source": "c:\\a", "target": "/b", "bind": _BIND}),
        ("${PWD}/a:/b", {"type": "bind", "source": "${PWD}/a", "target": "/b", "bind": _BIND}),
        ("${VOLUME:-data}:/b", {"type": "volume", "source": "${VOLUME:-data}", "target": "/b", "volume": {}}),
    ],
)
def test_a_volume_is_read(text: str, expected: dict[str, Any]) -> None:
    read_only = {} if expected["source"] is None else {"read_only": ":ro" in text}
    assert volume(text) == {**expected, **read_only, "short": text}


@pytest.mark.parametrize(
    ("text", "registry", "name", "tag", "digest", "major"),
    [
        ("postgres", "", "postgres", "", "", None),
        ("postgres:17.2-alpine", "", "postgres", "17.2-alpine", "", 17),
        ("images.example.org/a/b:v1.2@sha256:ab", "images.example.org", "a/b", "v1.2", "sha256:ab", 1),
        ("localhost:5000/a:1", "localhost:5000", "a", "1", "", 1),
        ("pgvector/pgvector:pg16", "", "pgvector/pgvector", "pg16", "", 16),
        ("${REG:-x}/a:${TAG}", "", "${REG:-x}/a", "${TAG}", "", None),
    ],
)
def test_an_image_reference_is_split(
    text: str, registry: str, name: str, tag: str, digest: str, major: int | None
) -> None:
    image = image_reference.parse(text)
    assert (image.registry, image.name, image.tag, image.digest, image.major) == (registry, name, tag, digest, major)


def test_env_files_see_each_other_and_the_environment(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {a: {image: a:1, env_file: [x.env, y.env], environment: {H: db}}}",
        "x.env": "A=1\nP=file\n",
        "y.env": "B=$A$H\nC=$P\nD=$NO\n",
        ".env": "P=project\n",
    }
    document = _read(tmp_path, files)
    assert document.env_file_variables["a"] == {"A": "1", "P": "file", "B": "1db", "C": "project", "D": ""}
    assert [note.split(" of ")[0] for note in document.env_file_notes["a"]] == [
        "gets D",
        "gets 'environment.B'",
        "gets 'environment.C'",
    ]
