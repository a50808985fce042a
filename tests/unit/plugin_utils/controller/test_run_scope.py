"""What a run selects: hosts by pattern and limit, tasks by tags and names. A run that selects nothing is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import run_scope

from tests.support.errors import error_of

GROUPS = {"all": ["app1", "app2", "db1"], "ungrouped": [], "shop": ["app1", "app2"], "data": ["db1"], "empty": []}
PLAYBOOK = """\
- hosts: localhost
  tasks:
    - {name: Say it, debug: {msg: hello}, tags: [say]}
    - {name: Set up, debug: {msg: hello}, tags: [always]}
"""


@pytest.fixture(name="playbook")
def _playbook(tmp_path: Path) -> str:
    path = tmp_path / "play.yml"
    path.write_text(PLAYBOOK)
    return str(path)


def _variables(**values: Any) -> dict[str, Any]:
    return {"groups": GROUPS, "ansible_inventory_sources": ["hosts.yml"], **values}


@pytest.mark.parametrize("pattern", ["shop", "shop,data", "shop:&app1", "app*", "all:!data", "~app[0-9]", "localhost"])
def test_a_pattern_that_matches_is_accepted(pattern: str, playbook: str) -> None:
    run_scope.check_hosts(pattern, _variables(), [playbook])


@pytest.mark.parametrize(
    ("pattern", "groups", "sentence"),
    [
        ("shpo", GROUPS, "stack_hosts: no host of the inventory matches 'shpo'; did you mean 'shop'?"),
        ("app3", GROUPS, "stack_hosts: no host of the inventory matches 'app3'; did you mean 'app2'?"),
        ("shop:&data", GROUPS, "stack_hosts: no host of the inventory matches 'shop:&data'; groups: data, shop"),
        ("web", GROUPS, "stack_hosts: no host of the inventory matches 'web'; groups: data, shop"),
        (
            "stack",
            {"all": ["db1"], "data": ["db1"]},
            "the inventory has no group 'stack'; name the group of the stack with -e stack_hosts=NAME; groups: data",
        ),
        ("empty", GROUPS, "the group 'empty' of the inventory has no hosts"),
        (
            "stack",
            {"all": [], "ungrouped": []},
            "the inventory hosts.yml has no hosts; give one that has the servers, such as -i inventories/production",
        ),
    ],
)
def test_a_pattern_without_hosts_is_an_error(pattern: str, groups: Any, sentence: str, playbook: str) -> None:
    assert error_of(run_scope.check_hosts, pattern, _variables(groups=groups), [playbook]) == sentence


def test_an_inventory_that_nobody_gave_is_an_error(playbook: str) -> None:
    nothing = {"groups": {"all": [], "ungrouped": []}}
    assert error_of(run_scope.check_hosts, "stack", nothing, [playbook]).startswith("there is no inventory; give one")


def test_a_limit_that_leaves_no_host_is_an_error_if_the_play_is_alone(playbook: str) -> None:
    found = error_of(run_scope.check_hosts, "shop", _variables(ansible_limit="db1"), [playbook])
    assert found == "--limit db1 leaves no host of 'shop', which has app1, app2"
    # Another play may have the host.
    run_scope.check_hosts("shop", _variables(ansible_limit="db1"), [playbook, playbook])
    run_scope.check_hosts("shop", _variables(ansible_limit="app1,db1"), [playbook])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ansible_run_tags": ["sya"]}, "--tags sya leaves no task of {}; its tags: say"),
        ({"ansible_skip_tags": ["say", "always"]}, "--skip-tags always,say leaves no task of {}; its tags: say"),
        ({"ansible_run_tags": ["say"], "ansible_skip_tags": ["say"]}, "--tags say --skip-tags say leaves no"),
        ({"ansible_run_tags": ["never"]}, "--tags never leaves no task of {}"),
    ],
)
def test_tags_that_leave_no_task_are_an_error(given: dict[str, Any], sentence: str, playbook: str) -> None:
    assert error_of(run_scope.check_tags, given, [playbook]).startswith(sentence.format(playbook))


@pytest.mark.parametrize(
    "given", [{}, {"ansible_run_tags": ["say"]}, {"ansible_run_tags": ["always"]}, {"ansible_run_tags": ["tagged"]}]
)
def test_tags_that_leave_a_task_are_accepted(given: dict[str, Any], playbook: str) -> None:
    run_scope.check_tags(given, [playbook])


@pytest.mark.parametrize("option", ["--tags", "--skip-tags"])
def test_our_playbooks_know_each_tag(option: str) -> None:
    key = {"--tags": "ansible_run_tags", "--skip-tags": "ansible_skip_tags"}[option]
    found = error_of(run_scope.check_tags, {key: ["verify", "deply"]}, ["slipway.stack.deploy"])
    assert found == f"{option}: no task of slipway.stack.deploy has the tag 'deply'; did you mean 'deploy'?"


def test_a_tool_may_skip_tags_of_its_own() -> None:
    run_scope.check_tags({"ansible_skip_tags": ["molecule-notest", "notest"]}, ["slipway.stack.deploy"])


def test_a_first_task_that_no_playbook_has_is_an_error(playbook: str) -> None:
    found = error_of(run_scope.check_first_task, "Say it all", [playbook])
    assert found == f"--start-at-task: no task of {playbook} is called 'Say it all'; did you mean 'Say it'?"
    for name in (None, "Say it", "Say*"):
        run_scope.check_first_task(name, [playbook])


def test_what_cannot_be_read_ahead_is_left_to_ansible(tmp_path: Path) -> None:
    for given in ([str(tmp_path / "missing.yml")], ["other.collection.site"]):
        run_scope.check_tags({"ansible_run_tags": ["sya"]}, given)
        run_scope.check_first_task("nothing", given)
        run_scope.check_hosts("shop", _variables(ansible_limit="db1"), given)
