"""Write a first inventory with the real playbook, fill in what it asks for, and plan with it as far as a server needs.

The policy and the description are checked before a server is asked anything, so what they say needs no server.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts import playbooks
from tests.support import compose_projects
from tests.support.team_projects import KNOWN, PROJECTS


@pytest.fixture(params=sorted(PROJECTS))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the directory of a team's repository."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return compose_projects.write(folder, PROJECTS[request.param])


def _run(project: Path, *options: str, **variables: Any) -> tuple[int, int, str]:
    return playbooks.run("init", Path("localhost,"), *options, variables={"init_project": str(project), **variables})


def _inventory(project: Path) -> Path:
    return project / "inventories/production"


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def _decide(project: Path, text: str) -> None:
    """Write the lines that the list of decisions asks for, from the last one on."""
    required = text.partition("Decide before the first deploy")[2].partition("Look at")[0].partition("Then:")[0]
    lines = re.split(r"(?<!\S)(?=\S+\.yml:\d+ )", required)[1:]
    assert lines
    for said in reversed(lines):
        name, number = said.split()[0].split(":")
        path = _inventory(project) / name
        content = path.read_text().splitlines()
        line = content[int(number) - 1]
        indent = line[: len(line) - len(line.lstrip())]
        write = said[said.index(f" {line.strip().partition(':')[0]}: ") :] if "stack.yml" not in name else ""
        if write:
            content[int(number) - 1] = indent + write.strip().replace("VALUE", secrets.token_hex(16))
        else:
            key = re.search(r"((?:health|memory|image|user|command): .*)$", said.strip())
            assert key, said
            content.insert(int(number), f"{indent}  {key[1]}")
        path.write_text("\n".join(content) + "\n")


def test_the_inventory_plans_once_the_list_is_done(project: Path) -> None:
    code, changed, text = _run(project)
    assert (code, changed) == (0, 1), text
    assert "has no memory limit in the files, so it gets a first one" in text
    assert "SLP030" not in text
    _decide(project, text)
    local = {"ansible_connection": "local", "ansible_become": False, "app_version": "1.0.0"}
    _code, _changed, plan = playbooks.run("plan", _inventory(project), variables=local)
    assert "policy for production: 0 errors" in plan, plan
    assert "undef" not in plan


def test_an_undecided_value_stops_the_plan_with_a_sentence(project: Path) -> None:
    assert _run(project)[0] == 0
    local = {"ansible_connection": "local", "ansible_become": False, "app_version": "1.0.0"}
    code, _changed, plan = playbooks.run("plan", _inventory(project), variables=local)
    assert code != 0
    assert "write " in plan
    assert "policy for production: 0 errors" not in plan


def test_no_secret_of_the_repository_is_written(project: Path) -> None:
    assert _run(project)[0] == 0
    for name, text in _files(_inventory(project)).items():
        assert KNOWN not in text, name
        assert "changethis" not in text, name
        assert "change-me" not in text, name
    stack = yaml.safe_load((_inventory(project) / "group_vars/stack/stack.yml").read_text())
    assert all("generate" in one or "vault_" in one for one in stack["stack_secrets"].values())


def test_a_second_run_changes_nothing_and_check_mode_writes_nothing(project: Path) -> None:
    code, changed, text = _run(project, "--check", "--diff")
    assert (code, changed) == (0, 1), text
    assert not (project / "inventories").exists()
    assert _run(project)[1] == 1
    (_inventory(project) / "hosts.yml").write_text("mine\n")
    before = _files(_inventory(project))
    code, changed, text = _run(project)
    assert (code, changed) == (0, 0), text
    assert "is there already and is not changed: group_vars/stack/environment.yml, " in text
    assert _files(_inventory(project)) == before


def test_what_is_said_is_not_asked_for(project: Path) -> None:
    said = {"init_host": "deploy@203.0.113.10", "init_domain": "shop.example.org", "init_registry": "r.example.org/a"}
    code, _changed, text = _run(project, **said, init_email="ops@example.org")
    assert code == 0, text
    assert "the address of the server" not in text
    assert "the host name of the application" not in text
    assert "the registry of your images" not in text
    hosts = yaml.safe_load((_inventory(project) / "hosts.yml").read_text())
    [host] = hosts["stack"]["hosts"].values()
    assert host == {"ansible_host": "203.0.113.10", "ansible_user": "deploy"}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "has no Compose file, such as compose.yaml; write one"),
        ({"init_project": "/nowhere/at/all"}, "is not a directory; name the directory of the repository"),
        ({"init_files": ["../other.yml"]}, "init_files: ../other.yml is not a file of"),
        ({"init_domain": "{{ 1 }}x y"}, "init_domain: '1x y' is not valid; write it like shop.example.com"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, variables: dict[str, Any], sentence: str) -> None:
    code, _changed, text = _run(tmp_path, **variables)
    assert code != 0
    assert sentence in text


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "compose.yaml").write_text("services: {web: {image: 'x:1'}}\n")
    (inside / "compose.yaml").symlink_to(outside / "compose.yaml")
    code, _changed, text = _run(inside)
    assert code != 0
    assert "has no Compose file" in text
    (inside / "compose.yaml").unlink()
    (inside / "compose.yaml").write_text("services: {web: {image: 'x:1'}}\n")
    (inside / "inventories").symlink_to(outside)
    code, _changed, text = _run(inside)
    assert code != 0
    assert "leads out of the repository by a link" in text
