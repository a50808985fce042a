"""The tutorial as far as no server is needed: its blocks, its files, what it names, and the list that it shows.

``molecule/tutorial`` runs it whole.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import first_inventory, first_inventory_lines
from ansible_collections.slipway.stack.plugins.plugin_utils.project import given_values
from ansible_collections.slipway.stack.plugins.plugin_utils.project.first_files import Chosen
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

from tests.contracts.checkout import ROOT, load, roles
from tests.support import tutorial
from tests.support.tutorial import Step

PAGE = tutorial.PAGE.read_text()
STEPS = tutorial.steps(PAGE)
FILES = [step for step in STEPS if step.sort == tutorial.FILE]
COMMANDS = [step for step in STEPS if step.sort == tutorial.COMMAND]
INVENTORY = "inventories/production/"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> first_inventory.FirstInventory:
    """Return the inventory that the playbook would write for the repository of the page."""
    folder = tmp_path_factory.mktemp("tutorial") / "shop"
    (folder / "backend").mkdir(parents=True)
    (folder / "frontend").mkdir()
    for step in FILES:
        if not step.path.startswith(INVENTORY):
            (folder / step.path).write_text(step.text)
    for name in ("backend", "frontend"):
        (folder / name / "Dockerfile").write_text((ROOT / "examples/apps/shop" / name / "Dockerfile").read_text())
    (folder / "backend/alembic.ini").write_text("[alembic]\n")
    return first_inventory.make(Tree(folder), folder / INVENTORY, Chosen("", "production"), [], [])


def test_the_page_has_steps_of_each_sort() -> None:
    assert len(FILES) >= 6
    assert len(COMMANDS) >= 15
    assert len([step for step in COMMANDS if step.output]) >= 10
    assert [step.line for step in COMMANDS if step.fails] != []


@pytest.mark.parametrize("step", FILES, ids=lambda step: step.path)
def test_a_file_is_valid(step: Step, tmp_path: Path) -> None:
    if step.path.endswith(".yml") or step.path.endswith(".yaml"):
        assert isinstance(yaml.safe_load(step.text), dict)
    elif step.path.endswith(".cfg"):
        parser = configparser.ConfigParser()
        parser.read_string(step.text)
        assert parser["defaults"]["inventory"] == INVENTORY.rstrip("/")
    else:
        (tmp_path / step.path).write_text(step.text)
        found = given_values.of_file(Tree(tmp_path), step.path)
        assert len(found) == len(step.text.splitlines()) - 1


def test_what_commands_call_exists() -> None:
    """Playbooks, and the variables that ``-e`` gives them."""
    text = "".join(step.text for step in COMMANDS)
    named = re.findall(r"ansible-playbook slipway\.stack\.(\w+)", text)
    assert {"init", "provision", "images", "plan", "deploy", "status", "history", "rollback"} == set(named)
    assert [name for name in named if not (ROOT / f"playbooks/{name}.yml").is_file()] == []
    known = {name for role in roles() for name in role.options()} | {"app_version"}
    known |= set(re.findall(r"\w+", (ROOT / "playbooks/init.yml").read_text()))
    assert [name for name in re.findall(r"-e (\w+)=", text) if name not in known] == []


def test_the_version_is_that_of_the_collection() -> None:
    assert set(re.findall(r"slipway-stack-([\d.]+)\.tar|slipway\.stack:([\d.]+) was", PAGE)) == {
        (load(ROOT / "galaxy.yml")["version"], ""),
        ("", load(ROOT / "galaxy.yml")["version"]),
    }


@pytest.mark.parametrize("path", ["backend/app/api.py", "backend/app/health.py"])
def test_what_sed_replaces_is_there(path: str) -> None:
    found = re.findall(rf"sed -i 's/([^/]+)/([^/]+)/' {re.escape(path)}", PAGE)
    text = (ROOT / "examples/apps/shop" / path).read_text()
    for old, new in found:
        assert old in text
        text = text.replace(old, new)
    assert found


def test_the_list_of_decisions_is_the_one_on_the_page(made: first_inventory.FirstInventory) -> None:
    [step] = [step for step in COMMANDS if "slipway.stack.init" in step.text]
    printed = "first\n" + "\n".join(first_inventory_lines.created(made, is_check=False))
    assert tutorial.difference(step.output or "", printed) == ""


def test_the_page_writes_each_variable_that_is_asked_for(made: first_inventory.FirstInventory) -> None:
    path = "group_vars/stack/environment.yml"
    [step] = [step for step in FILES if step.path == INVENTORY + path]
    written: dict[str, Any] = yaml.safe_load(step.text)
    assert set(written) == set(yaml.safe_load(made.files[path]))
    assert "undef(" not in step.text
    assert "source: acme" in made.files["group_vars/stack/stack.yml"]
    assert [name for name in yaml.safe_load(made.files["group_vars/stack/vault.yml"]) if name not in PAGE] == []
