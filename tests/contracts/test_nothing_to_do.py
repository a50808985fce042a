"""A run that would do nothing is an error for every playbook. Ansible itself exits with code 0."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT, load

PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
INVENTORY = """\
stack:
  hosts: {app1: {ansible_connection: local}}
  vars:
    stack_name: shop
    stack_environment: production
    stack_root: ROOT
    stack_services: {web: {kind: custom, image: "web:1", health: {test: [CMD, healthy]}}}
other: {hosts: {db1: {ansible_connection: local}}}
"""


def _run(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """Return the exit code of ansible-playbook and its output as one line."""
    (tmp_path / "hosts.yml").write_text(INVENTORY.replace("ROOT", str(tmp_path)))
    argv = ["ansible-playbook", *(one.replace("INVENTORY", str(tmp_path / "hosts.yml")) for one in arguments)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_checks_its_hosts(playbook: Path) -> None:
    assert all(str(play["hosts"]).startswith("{{ lookup('slipway.stack.hosts', ") for play in load(playbook))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "give one that has the servers, such as -i inventories/production"),
        (["-i", "/nowhere/hosts.yml"], "the inventory /nowhere/hosts.yml has no hosts"),
        (["-i", "INVENTORY", "-e", "stack_hosts=stak"], "matches 'stak'; did you mean 'stack'?"),
        (["-i", "INVENTORY", "--limit", "db1"], "--limit db1 leaves no host of 'stack', which has app1"),
        (["-i", "INVENTORY", "--tags", "deply"], "no task of playbooks/deploy.yml has the tag 'deply'"),
        (["-i", "INVENTORY", "--start-at-task", "Nothing"], "no task of playbooks/deploy.yml is called 'Nothing'"),
        # One of its roles needs what another one registers.
        (["-i", "INVENTORY", "--tags", "deploy"], "there is no release; run the role stack first"),
    ],
)
def test_a_run_that_does_nothing_is_an_error(tmp_path: Path, options: list[str], sentence: str) -> None:
    code, text = _run(tmp_path, *options, "playbooks/deploy.yml")
    assert sentence in text
    assert code != 0


def test_registries_without_a_login_are_an_error(tmp_path: Path) -> None:
    code, text = _run(
        tmp_path, "-i", "INVENTORY", "--tags", "registry", "-e", "ansible_become=false", "playbooks/provision.yml"
    )
    assert "registry_logins is empty, so there is no registry to log in to" in text
    assert code != 0


def test_images_without_a_build_are_an_error(tmp_path: Path) -> None:
    code, text = _run(tmp_path, "-i", "INVENTORY", "playbooks/images.yml")
    assert "no service of shop has a key 'build', so there is no image to build" in text
    assert code != 0


def test_a_tag_is_enough_to_choose_a_part() -> None:
    """A condition would skip the only part that the tag has left."""
    conditions = [
        (play["tags"][0], str(play["when"]))
        for playbook in PLAYBOOKS
        for one in load(playbook)
        for play in [*one.get("roles", []), *one.get("tasks", [])]
        if "ansible_run_tags" in str(play.get("when", ""))
    ]
    assert sorted(tag for tag, _condition in conditions) == ["engine", "registry", "secrets"]
    assert all(f"'{tag}' in ansible_run_tags" in condition for tag, condition in conditions)
