"""The description that replaces a team's Compose files gives the same release as the files.

Everything is the same: the keys of the Compose documents, the uploaded files, the parts of files with secrets, and so
the digest by which a deploy finds that there is nothing to do. Only the notes of the plan differ: they are comments in
the description.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import UnevaluatedVariables
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import adopted, compose_projects

#: Texts that YAML, Jinja, Compose and a shell each read differently.
_ODD = r"""
services:
  web:
    image: "registry.example.com/web:${TAG}"
    command: ["sh", "-c", "x='{{ y }}'; echo $${#x} {% raw %} {# no #} {{ '{{' }}"]
    entrypoint: "echo '{% endraw %}'"
    environment:
      A: "{{ not_a_template }}"
      B: "{${TAG}}"
      C: "yes"
      D: "0123"
      E: ' # "quoted" '
      F: "täglich"
      URL: "postgres://app:${DB_PASSWORD}@db/app?x={y}"
      BOTH: "${DB_PASSWORD}:${OTHER}"
      API_TOKEN: a-token-from-the-file
    labels: {traefik.rule: "Host(`{{ .Name }}`)", "a:b": "- no list", length: "$${#x}"}
    configs: [{source: text, target: /etc/text.conf}]
    x-slipway: {class: singleton, port: 8000}
    networks: {front: {aliases: [www]}, default: }
    post_start: [{command: "sh -c 'echo {{ x }} $${#y}'", user: root, environment: {A: "{{ z }}", B: }}]
    healthcheck: {test: ["CMD-SHELL", "curl -f 'http://127.0.0.1/{{ x }}' || exit 1"], interval: 10s}
    volumes: ["outer:/outer", "/etc/localtime:/etc/localtime:ro"]
  host:
    image: agent:2
    network_mode: host
    command: []
    user: nobody
    depends_on: {web: {condition: service_started, restart: true}}
  job:
    image: "registry.example.com/web:${TAG}"
    command: alembic upgrade head
    restart: "no"
    secrets: [{source: key, target: signing.key, mode: 0440}]
networks: {front: {name: shared, external: true}, default: {ipam: {config: [{subnet: 192.0.2.0/24}]}}}
volumes: {outer: {external: true, name: "real_outer"}}
configs:
  text:
    content: |
      first {{ line }}

        second: "${TAG}" $${x}
secrets: {key: {environment: SIGNING_KEY}}
"""
_ODD_ENV = "DB_PASSWORD=in the files\nSIGNING_KEY=k'e\"y\n"

PROJECTS = {**compose_projects.PROJECTS, "odd": {"docker-compose.yml": _ODD, ".env": _ODD_ENV}}
_VERSION = {"compose_variables": {"TAG": "{{ app_version }}"}}
#: The project, its files, further arguments of the action, and the inventory's own templates by argument.
CASES: dict[str, tuple[str, list[str], dict[str, Any], dict[str, Any]]] = {
    "whole": ("whole", [], {}, {}),
    "layered": ("layered", ["docker-compose.yml", "docker-compose.prod.yml"], {}, {}),
    "profile": ("layered", [], {"compose_profiles": ["debug"]}, {}),
    "secrets of the inventory": (
        "whole",
        [],
        {"secrets": {"db_password": {"generate": 40}, "api_key": "x" * 20}},
        {"secrets": {"db_password": {"generate": 40}, "api_key": "{{ vault_api_key }}"}},
    ),
    "edge in place of the proxy": (
        "whole",
        [],
        {
            "services": {
                "nginx": {"kind": "nginx", "http_port": 8080, "routes": [{"path": "/", "to": "web", "port": 80}]},
                "web": {"class": "rolling", "environment": {"EXTRA": "{{ extra }}"}, "memory": "300m"},
                "mail": None,
                "cache": {"kind": "redis"},
            }
        },
        {},
    ),
    "odd": (
        "odd",
        [],
        {
            "compose_variables": {"TAG": "1.4.2"},
            "compose_host_paths": ["/etc/localtime"],
            "secrets": {"db_password": "a'\"$b", "other": {"generate": 20}},
        },
        {**_VERSION, "secrets": {"db_password": "{{ vault_db }}", "other": {"generate": 20}}},
    ),
}
_KNOWN = {"app_version": "1.4.2", "vault_db": "a'\"$b", "vault_api_key": "x" * 20, "extra": "more"}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Bundle, Bundle, str]:
    """Return the release of the files, the release of the description, and the text of the description."""
    name, files, given, templates = CASES[request.param]
    compose_projects.write(tmp_path, PROJECTS[name])
    base = tmp_path / "inventories/production"
    base.mkdir(parents=True)
    paths = [f"../../{file}" for file in files or ["docker-compose.yml"]]
    arguments = compose_projects.arguments(*paths, **given)
    raw = {key: {**arguments[key], **templates.get(key, {})} for key in ("services", "secrets", "compose_variables")}
    found = adoption.adopted_description(_evaluated(arguments), base, UnevaluatedVariables(*raw.values()))
    text = inventory_file.dump(found, "shop", paths)
    file = base / "services.yml"
    file.write_text(text)
    of_files = compose_projects.parcel(base, *paths, **{key: _evaluated(given[key]) for key in given})
    known = {**_KNOWN, **adopted.vault(text, of_files)}
    return of_files, adopted.parcel(base, adopted.variables(file, **known)), text


def _evaluated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _evaluated(item) for key, item in value.items()}
    return "more" if value == "{{ extra }}" else value


def _documents(release: Bundle) -> dict[str, Any]:
    """Return the Compose documents that the host gets, parsed."""
    return {name: yaml.load(text, _Reader) for name, text in release.files.items() if name.startswith("compose.")}


class _Reader(yaml.SafeLoader):
    """YAML with Compose's own tags, which are kept as they are."""


_Reader.add_multi_constructor("!", lambda loader, tag, node: (tag, loader.construct_scalar(node)))


def test_the_compose_documents_are_the_same(case: tuple[Bundle, Bundle, str]) -> None:
    of_files, described, _ = case
    ours, theirs = _documents(described), _documents(of_files)
    assert list(ours) == list(theirs)
    for file, document in theirs.items():
        assert list(ours[file]) == list(document)
        for section, entries in document.items():
            if isinstance(entries, dict):
                assert list(ours[file][section]) == list(entries)
                for name, keys in entries.items():
                    assert ours[file][section][name] == keys, (file, section, name)
            else:
                assert ours[file][section] == entries


def test_the_rest_of_the_release_is_the_same(case: tuple[Bundle, Bundle, str]) -> None:
    of_files, described, _ = case
    theirs, ours = of_files.content(), described.content()
    assert ours.keys() == theirs.keys()
    for key in theirs:
        assert ours[key] == theirs[key], key
    assert described.digest == of_files.digest
    assert described.secrets() == of_files.secrets()


def test_no_secret_is_written(case: tuple[Bundle, Bundle, str]) -> None:
    of_files, _, text = case
    values = [str(one["value"]) for one in of_files.secrets().values() if len(str(one["value"] or "")) > 5]
    assert [value for value in values if value in text] == []


def test_the_notes_of_the_plan_are_comments(case: tuple[Bundle, Bundle, str]) -> None:
    of_files, described, text = case
    words = " ".join(line.strip().lstrip("# ") for line in text.splitlines())
    assert [
        note for notes in of_files.notes.values() for note in notes if note[1:] not in words and "kind" not in note
    ] == []
    assert described.notes == {}
