"""A team's Compose files as a description: remarks, errors, and no secret in what is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import AdoptedDescription
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import UnevaluatedVariables

from tests.support import adopted
from tests.support.compose_projects import arguments, write
from tests.support.descriptions import ROOT
from tests.support.errors import error_of


def _adopted(folder: Path, text: str, raw: dict[str, Any] | None = None, **given: Any) -> AdoptedDescription:
    """Return the description of one Compose file; *raw*: by variable, what the inventory has as templates."""
    write(folder, {"docker-compose.yml": text})
    plain = arguments(**given)
    unevaluated = UnevaluatedVariables(
        *({**plain[key], **(raw or {}).get(key, {})} for key in ("services", "secrets", "compose_variables"))
    )
    return adoption.adopted_description(plain, folder, unevaluated)


def test_a_text_around_a_secret_is_kept(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', environment: {URL: 'redis://:${TOKEN}@r/0', T: '${TOKEN}'}}}\n"
    found = _adopted(tmp_path, text, secrets={"token": "a-long-token"})
    assert found.services["web"]["secrets"] == [
        {"name": "token", "env": "URL", "text": "redis://:{token}@r/0"},
        {"name": "token", "env": "T"},
    ]
    assert found.secrets == {"token": "{{ vault_token }}"}
    assert found.vault == {"vault_token": "stack_secrets.token"}


def test_a_secret_of_the_files_becomes_a_vault_variable(tmp_path: Path) -> None:
    text = "services: {db: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: a-long-one}}}\n"
    found = _adopted(tmp_path, text)
    assert found.services["db"]["secrets"] == [{"name": "db__postgres_password", "env": "POSTGRES_PASSWORD"}]
    assert found.vault == {"vault_db__postgres_password": "POSTGRES_PASSWORD of db"}
    assert "a-long-one" not in repr(found)


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ({"generate": 40}, {"generate": 40}),
        ("{{ vault_x }}", "{{ vault_x }}"),
        ({"value": "{{ lookup('env', 'X') }}"}, {"value": "{{ lookup('env', 'X') }}"}),
        ({"value": "in the open"}, "{{ vault_token }}"),
    ],
)
def test_the_source_of_a_secret_of_the_inventory_is_kept(raw: Any, written: Any, tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', environment: {T: '${TOKEN}'}}}\n"
    found = _adopted(
        tmp_path, text, {"secrets": {"token": raw, "other": "{{ y }}"}}, secrets={"token": "x", "other": "y"}
    )
    assert found.secrets == {"token": written, "other": "{{ y }}"}


def test_a_template_of_a_version_is_kept(tmp_path: Path) -> None:
    text = "services: {web: {image: 'r/a:${TAG}', environment: {V: '{${TAG}', P: 'u://x:${PW}@h', TOKEN: '${PW}'}}}\n"
    values = {"TAG": "1.4.2", "PW": "a-long-one"}
    raw = {"compose_variables": {"TAG": "{{ app_version }}", "PW": "{{ vault_pw }}"}}
    found = _adopted(tmp_path, text, raw, compose_variables=values)
    assert found.services["web"]["image"] == "r/a:{{ app_version }}"
    assert found.services["web"]["environment"] == {"V": "{{ '{' }}{{ app_version }}"}
    assert found.secrets == {"web__p": "u://x:{{ vault_pw }}@h", "web__token": "{{ vault_pw }}"}
    assert found.vault == {}


def test_a_number_is_written_as_its_current_value(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:${TAG}', deploy: {replicas: '${N}'}, stop_grace_period: '${G}s'}}\n"
    values = {"TAG": "1", "N": "3", "G": "7"}
    raw = {"compose_variables": {name: f"{{{{ {name.lower()} }}}}" for name in values}}
    found = _adopted(tmp_path, text, raw, compose_variables=values)
    web = found.services["web"]
    assert web["image"] == "a:{{ tag }}"
    assert web["replicas"] == 3
    assert "N of stack_compose_variables is written as its current value" in found.remarks


def test_a_secret_whose_value_would_be_written_is_refused(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', ports: ['80${A_TOKEN}:80']}}\n"
    raw = {"compose_variables": {"A_TOKEN": "{{ vault_token }}"}}
    assert error_of(_adopted, tmp_path, text, raw, compose_variables={"A_TOKEN": "81"}) == (
        "stack_compose_variables: A_TOKEN is a secret, but its value would have to be written; "
        "make it stack_secrets.a_token"
    )


def test_two_secrets_have_two_vault_variables(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1'}}\n"
    found = _adopted(tmp_path, text, secrets={"a-b": "x", "a_b": "y"})
    assert found.secrets == {"a-b": "{{ vault_a_b }}", "a_b": "{{ vault_a_b_ }}"}


def test_templates_of_the_inventory_are_kept(tmp_path: Path) -> None:
    said = {
        "web": {"class": "singleton", "environment": {"B": "two"}, "files": {"/c": {"src": "c"}}, "publish": ["81:80"]},
        "edge": {"kind": "nginx", "routes": [{"path": "/", "to": "web", "port": 80}]},
        "old": None,
    }
    raw = {"web": {**said["web"], "environment": {"B": "{{ b }}"}, "publish": ["{{ p }}"]}, "edge": said["edge"]}
    text = "services: {web: {image: 'a:1', environment: {A: one}}, old: {image: 'b:1'}}\n"
    write(tmp_path, {"c": "text\n"})
    found = _adopted(tmp_path, text, {"services": raw}, services=said)
    assert found.services == {
        "web": {
            "kind": "compose",
            "image": "a:1",
            "class": "singleton",
            "environment": {"A": "one", "B": "{{ b }}"},
            "files": {"/c": {"src": "c"}},
            "publish": ["{{ p }}"],
        },
        "edge": said["edge"],
        "old": None,
    }


class _Encrypted:
    """Stands for the value of `!vault`."""


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"environment": "{{ e }}"}, "service 'web': key 'environment' is one template in the inventory, and the"),
        ({"environment": {"B": _Encrypted()}}, "service 'web': key 'environment.B' is encrypted in place; put it into"),
        ("{{ web }}", "service 'web' is one template in the inventory, and the files add to it; write"),
    ],
)
def test_an_entry_of_the_inventory_that_cannot_be_kept_is_refused(raw: Any, sentence: str, tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', environment: {A: one}}}\n"
    said = {"web": {"environment": {"B": "two"}}}
    assert sentence in error_of(_adopted, tmp_path, text, {"services": {"web": raw}}, services=said)


def test_files_are_named_relative_to_the_inventory(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: a:1\n    build: app\n    volumes: ['./conf:/conf:ro']\n"
    text += "    configs: [c, run]\nconfigs: {c: {file: ./c.yml}, run: {file: ./run.sh}}\n"
    write(tmp_path, {"docker-compose.yml": text, "conf/a": "x", "c.yml": "c\n", "run.sh": "r\n", "app/Dockerfile": ""})
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "inventories").mkdir()
    web = adoption.adopted_description(arguments("../docker-compose.yml"), tmp_path / "inventories").services["web"]
    assert web["files"] == {"/conf": {"src": "../conf"}, "/c": {"src": "../c.yml"}, "/run": {"src": "../run.sh"}}
    assert web["build"] == {"context": "../app"}


def test_settings_of_used_networks_and_volumes_are_kept(tmp_path: Path) -> None:
    text = "services: {db: {image: 'postgres:17', volumes: ['vd:/data', 've:/e'], networks: [data, b]}}\n"
    text += "networks: {data: , b: {internal: true}, gone: {internal: true}}\nvolumes: {vd: {name: real}, ve: }\n"
    found = _adopted(tmp_path, text)
    # Without an entry, a network called data would be internal.
    assert found.networks == {"data": {}, "b": {"internal": True}}
    assert found.volumes == {"vd": {"name": "real"}}


def test_lost_keys_and_better_kinds_are_remarked(tmp_path: Path) -> None:
    text = "services: {db: {image: 'postgres:17', pull_policy: always, build: {context: ., ssh: [default]}},\n"
    text += "  a: {image: 'a:1', profiles: [p], command: celery -A x worker}, b: {image: 'b:1', profiles: [q]}}\n"
    write(tmp_path, {"Dockerfile": "FROM scratch\n"})
    found = _adopted(tmp_path, text, compose_profiles=["p"])
    assert found.remarks == [
        "service 'db': 'pull_policy' is left out, as in a deploy of the files",
        "service 'db': 'build.ssh' is left out, as in a deploy of the files",
        "service 'a' always runs: stack_services has no profiles",
        "service 'b' is left out: none of its profiles is active",
    ]
    assert found.suggested_kinds == {"db": "postgres", "a": "celery_worker"}
    assert found.notes["a"] == [
        "is drain, because its command starts a worker",
        "docker-compose.yml:2: 'profiles' is left out: they have chosen the services already",
    ]


def test_a_description_with_another_release_is_refused(tmp_path: Path) -> None:
    """A text with a secret and other braces cannot be written: a description reads all braces as secrets."""
    text = "services: {web: {image: 'a:1', environment: {URL: '${TOKEN}/{token}'}}}\n"
    found = error_of(_adopted, tmp_path, text, secrets={"token": "a-long-token"})
    assert found == (
        "service 'web': key 'environment' would differ from the Compose files; "
        "set it in stack_services to the value that you want"
    )


def test_a_directory_with_a_link_out_of_it_is_refused(tmp_path: Path) -> None:
    """A link inside the project can be followed from the Compose file; from the directory alone it leads outside."""
    text = "services: {web: {image: 'a:1', volumes: ['./conf:/conf:ro']}}\n"
    write(tmp_path, {"docker-compose.yml": text, "elsewhere": "x\n", "conf/a": "x\n"})
    (tmp_path / "conf/b").symlink_to("../elsewhere")
    assert error_of(adoption.adopted_description, arguments(), tmp_path) == (
        "service 'web', key 'files', file '/conf': conf: b is a link to a place outside the project"
    )


def test_without_compose_files_there_is_nothing_to_adopt(tmp_path: Path) -> None:
    given = {**arguments(), "compose_files": []}
    assert error_of(adoption.adopted_description, given, tmp_path) == (
        "stack_compose_files: there are no Compose files to adopt; name them"
    )


def test_the_example_in_the_docs_is_a_valid_stack(tmp_path: Path) -> None:
    page = (ROOT / "docs/compose_files.md").read_text()
    [text] = re.findall(r"## Moving into the inventory\n.*?```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "services.yml").write_text(text)
    found = adopted.variables(tmp_path / "services.yml", app_version="1.4.2")
    release = adopted.parcel(tmp_path, {**found, "stack_secrets": {"db_password": {"generate": 32}}})
    assert release.services["web"]["image"] == "registry.example.com/shop/web:1.4.2"
    assert release.documents[0]["volumes"] == {"pgdata": {"name": "shop_data"}}
