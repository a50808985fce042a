"""The project of docs/projects.md, run as far as no server is needed. The server's engine is one that only answers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import environments
from tests.support import documented_project
from tests.support.documented_project import Project

VERSION = ("-e", "app_version=1.4.2")
PLANNED = [("db", "create"), ("broker", "create"), ("backend", "create"), ("edge", "create")]


def _without_values(command: str) -> str:
    """Return a command without what has no say in which hosts it finds, so that each is run once."""
    return re.sub(r" (-e (app_version|deploy_owner)=\S+|--ask-vault-pass)", "", command)


def _plan(project: Project, *options: str, **given: Any) -> tuple[int, str]:
    """Plan a deploy to this machine, with a port and a directory that are free here."""
    return project.playbook("plan.yml", *VERSION, "-e", json.dumps(project.here), *options, **given)


def test_its_playbooks_parse(made: Project) -> None:
    code, text = made.playbook("--syntax-check", "deploy.yml", "plan.yml", "images.yml", "verify.yml", "own.yml")
    assert code == 0, text


@pytest.mark.parametrize("command", sorted(set(map(_without_values, documented_project.commands()))))
def test_its_commands_find_their_hosts(made: Project, command: str) -> None:
    """The playbook is there, and so are the inventory and the group."""
    code, text = made.run(*shlex.split(command), "--list-hosts", "--vault-password-file", "password")
    assert code == 0, text
    assert re.search(r"hosts \(1\): (shop1|shop-web1|blog-web1)", text), text


def test_a_plan_reads_description_kinds_and_vault(made: Project) -> None:
    code, text = _plan(made)
    assert code == 0, text
    assert re.findall(r"(db|broker|backend|edge) (create)", text) == PLANNED
    assert not (made.folder / "stacks").exists()


def test_a_version_has_to_be_said(made: Project) -> None:
    code, text = made.playbook("plan.yml")
    assert code != 0
    assert "say which version, such as -e app_version=1.4.2" in text


def test_group_vars_beside_a_playbook_count_in_a_play_of_ones_own_only(made: Project) -> None:
    beside = made.folder / "group_vars/stack.yml"
    beside.parent.mkdir()
    beside.write_text("app_version: 7.7.7\n")
    play = [{"hosts": "stack", "gather_facts": False, "roles": ["slipway.stack.images"]}]
    (made.folder / "own_images.yml").write_text(yaml.safe_dump(play))
    try:
        imported = made.playbook("images.yml", "--check")
        own = made.playbook("own_images.yml", "--check")
    finally:
        shutil.rmtree(beside.parent)
    assert "say which version" in imported[1]
    assert "registry.example.com/shop/backend:7.7.7" in own[1]
    assert own[0] == 0, own[1]


def test_variables_of_an_import_count(made: Project) -> None:
    play = [{"import_playbook": "slipway.stack.images", "vars": {"app_version": "8.8.8"}}]
    (made.folder / "with_vars.yml").write_text(yaml.safe_dump(play))
    code, text = made.playbook("with_vars.yml", "--check")
    assert code == 0, text
    assert "registry.example.com/shop/backend:8.8.8" in text


def test_only_what_uses_a_value_needs_the_password(made: Project) -> None:
    code, text = made.playbook("images.yml", "--check", *VERSION, vault=False)
    assert code == 0, text
    code, text = _plan(made, vault=False)
    assert code != 0
    assert "no vault secrets found" in text


def test_a_file_that_is_encrypted_as_a_whole_is_needed_by_everything(made: Project) -> None:
    file = made.folder / "inventories/staging/group_vars/stack/vault.yml"
    file.write_text(documented_project.encrypted_whole("vault_smtp_password: from the vault\n"))
    code, text = made.playbook("images.yml", "--check", *VERSION, inventory="inventories/staging", vault=False)
    assert code != 0
    assert "no vault secrets found" in text
    code, text = _plan(made, inventory="inventories/staging")
    assert code == 0, text


def test_two_stacks_on_one_server_have_two_names(made: Project) -> None:
    folder = made.folder / "inventories/shared"
    (folder / "group_vars").mkdir(parents=True, exist_ok=True)
    for name in ("shop", "blog"):
        (folder / f"group_vars/{name}.yml").write_text(f"stack_name: {name}\n")
    hosts = {"shop": {"hosts": {"web1": None}}, "blog": {"hosts": {"web1": None}}}
    (made.folder / "inventories/merged").mkdir()
    shutil.copytree(folder / "group_vars", made.folder / "inventories/merged/group_vars")
    (made.folder / "inventories/merged/hosts.yml").write_text(yaml.safe_dump(hosts))
    seen = {
        (inventory, group): re.findall(
            r'"stack_name": "(\w+)"',
            made.run("ansible", "-i", f"inventories/{inventory}", group, "-m", "debug", "-a", "var=stack_name")[1],
        )
        for inventory in ("shared", "merged")
        for group in ("shop", "blog")
    }
    assert seen == {
        ("shared", "shop"): ["shop"],
        ("shared", "blog"): ["blog"],
        ("merged", "shop"): ["shop"],
        ("merged", "blog"): ["shop"],
    }


def test_a_job_of_awx_gets_the_same_plan(made: Project, tmp_path: Path) -> None:
    """AWX exports the inventory without the vault's password, and hands the job a script that prints it."""
    export = ["ansible-inventory", "--list", "--export", "-i", "inventories/production/hosts.yml"]
    code, text = made.run(*export, "--output", str(tmp_path / "exported.json"))
    assert code == 0, text
    script = tmp_path / "inventory/hosts"
    script.parent.mkdir()
    script.write_text(f"#!/usr/bin/env python3\nprint({(tmp_path / 'exported.json').read_text()!r})\n")
    script.chmod(0o700)
    variables = yaml.safe_load(documented_project.files()["awx-variables.yml"])
    variables = {**variables, "app_repository": str(made.folder), "awx_user_name": "ada"}
    code, text = _plan(made, "-e", json.dumps(variables), inventory=str(script))
    assert code == 0, text
    # In another order: the export has its keys sorted.
    assert sorted(re.findall(r"(db|broker|backend|edge) (create)", text)) == sorted(PLANNED)
    # Without the variable, paths would start beside the copy.
    code, text = _plan(made, inventory=str(script))
    assert code != 0
    assert "is not a directory; correct stack_kinds_paths" in text


def test_ansible_builder_reads_the_execution_environment_and_what_the_collection_needs(
    made: Project, tmp_path: Path
) -> None:
    """Where there is no network for its base image, it writes the files that an image is built from."""
    (tmp_path / "execution-environment.yml").write_text(documented_project.files()["execution-environment.yml"])
    shutil.copy(made.folder / "requirements.yml", tmp_path)
    builder = str(environments.checks() / "ansible-builder")
    done = subprocess.run([builder, "create"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "galaxy" in (tmp_path / "context/Dockerfile").read_text()
    read = [builder, "introspect", "--sanitize", str(made.folder / "collections")]
    done = subprocess.run(read, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    found = yaml.safe_load(done.stdout)
    assert {line.split()[0] for line in found["python"]} >= {"faker", "requests"}
    assert {line.split()[0] for line in found["system"]} >= {"git-core", "openssh-clients"}
