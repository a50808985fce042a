"""A user's own playbook: one role or one action of the collection, and a description in the inventory or the play.

The host has no Python, so each run ends where the host would be asked. Until then everything is the controller's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts import playbooks

REFUSED = "SLP040 web runs 'web:latest', whose tag is latest"
AT_THE_HOST = "/nowhere/python"
WEB = {"kind": "custom", "image": "web:latest", "health": {"test": ["CMD", "true"]}}
DESCRIPTION = {"stack_name": "shop", "stack_environment": "production", "stack_services": {"web": WEB}}
IMPORT = {"tasks": [{"name": "Release", "ansible.builtin.import_role": {"name": "slipway.stack.stack"}}]}
INCLUDE = {"tasks": [{"name": "Release", "ansible.builtin.include_role": {"name": "slipway.stack.stack"}}]}
ROLE = {"roles": [{"role": "slipway.stack.stack"}]}
ACTION = {"tasks": [{"name": "Release", "slipway.stack.release": {}}]}
WAYS = pytest.mark.parametrize("play", [IMPORT, INCLUDE, ROLE, ACTION], ids=["import", "include", "role", "action"])


def _run(
    folder: Path, play: dict[str, Any], inventory: dict[str, Any], *options: str, **variables: Any
) -> tuple[int, str]:
    """Return the exit code and the output of a playbook in check mode, its inventory beside it."""
    host = {"ansible_connection": "local", "ansible_python_interpreter": AT_THE_HOST}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"stack": {"hosts": {"here": host}, "vars": inventory}}))
    (folder / "site.yml").write_text(yaml.safe_dump([{"hosts": "stack", "gather_facts": False, **play}]))
    code, _, text = playbooks.run(
        folder / "site.yml", folder / "hosts.yml", "--check", *options, variables={"unused": "", **variables}
    )
    return code, text


@WAYS
def test_the_description_may_be_in_the_inventory(tmp_path: Path, play: dict[str, Any]) -> None:
    code, text = _run(tmp_path, play, DESCRIPTION)
    assert code != 0
    assert REFUSED in text
    assert AT_THE_HOST not in text


@WAYS
def test_the_description_may_be_in_the_play(tmp_path: Path, play: dict[str, Any]) -> None:
    """The level of the policy with it: nothing is refused then, and the host is asked."""
    _, text = _run(tmp_path, {**play, "vars": {**DESCRIPTION, "stack_policy_level": "off"}}, {})
    assert AT_THE_HOST in text


def test_what_a_task_says_counts_more_than_the_variable(tmp_path: Path) -> None:
    task = {"name": "Release", "slipway.stack.release": {"policy_level": "off", "version": "2"}}
    _, text = _run(tmp_path, {"tasks": [task]}, {**DESCRIPTION, "stack_policy_level": "error"})
    assert AT_THE_HOST in text


def test_all_that_is_missing_is_named_in_one_sentence(tmp_path: Path) -> None:
    _, text = _run(tmp_path, ACTION, {"stack_services": {"web": WEB}})
    assert "slipway.stack.release needs stack_name and stack_environment; set them in the inventory" in text


@WAYS
def test_a_variable_without_a_value_is_named(tmp_path: Path, play: dict[str, Any]) -> None:
    services = {"web": {**WEB, "image": "web:{{ app_version }}"}}
    _, text = _run(tmp_path, play, {**DESCRIPTION, "stack_services": services})
    assert "'app_version' is undefined" in text


def test_defaults_of_all_actions_together(tmp_path: Path) -> None:
    """Each leaves out what it has no use for; `verify` knows no services."""
    defaults = {"name": "shop", "root": str(tmp_path), "environment": "test", "services": {"web": WEB}}
    play = {
        "tasks": [{"name": "Verify", "slipway.stack.verify": {}}],
        "module_defaults": {"slipway.stack.verify": defaults},
        "vars": {"ansible_python_interpreter": "/usr/bin/python3"},
    }
    _, text = _run(tmp_path, play, {}, ansible_python_interpreter="/usr/bin/python3")
    # It reaches the host, which has no such stack.
    assert f"stack 'shop': there is no {tmp_path}/shop on this host" in text.replace("''", "'")


def test_the_notes_about_compose_files_are_shown_although_the_policy_refuses(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services: {web: {image: 'web:latest'}}\n")
    files = {"stack_name": "shop", "stack_environment": "production", "stack_compose_files": ["docker-compose.yml"]}
    code, text = _run(tmp_path, ACTION, files)
    assert code != 0
    assert REFUSED in text
    assert "the Compose files of shop: web is rolling, because nothing prevents two replicas side by side" in text


SECRETS = {"tasks": [{"name": "Secrets", "slipway.stack.secrets": {}}]}


def test_secrets_need_no_version_of_the_application(tmp_path: Path) -> None:
    """They are written before the first release, when nobody knows a version."""
    web = {**WEB, "image": "web:{{ app_version }}", "environment": {"V": "{{ app_version }}"}, "secrets": ["token"]}
    given = {**DESCRIPTION, "stack_services": {"web": web}, "stack_secrets": {"token": "x"}}
    _, text = _run(tmp_path, SECRETS, given)
    assert AT_THE_HOST in text
    _, text = _run(tmp_path, SECRETS, {**given, "stack_secrets": {"token": "{{ vault_nothing }}"}})
    assert "The variable stack_secrets cannot be read: 'vault_nothing' is undefined" in text
    assert AT_THE_HOST not in text


def test_secrets_of_compose_files_need_no_version_either(tmp_path: Path) -> None:
    web = {"image": "web:${TAG}", "environment": {"TOKEN": "${TOKEN}"}}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump({"services": {"web": web}}))
    given = {"stack_compose_files": ["docker-compose.yml"], "stack_compose_variables": {"TAG": "{{ app_version }}"}}
    _, text = _run(tmp_path, SECRETS, {**DESCRIPTION, "stack_services": {}, **given, "stack_secrets": {"token": "x"}})
    assert AT_THE_HOST in text
