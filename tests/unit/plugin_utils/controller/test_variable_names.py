"""Names of variables: a misspelt one is refused, a variable of the team is not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import variable_names

from tests.contracts.checkout import ROOT, load, roles

LAST = "Correct the name, or add a variable of your own to stack_own_variables"
_SPECIFIED = sorted(name for role in roles() for name in role.options())


def _misspellings(name: str) -> list[str]:
    """Return *name* with one mistake: a letter left out, doubled, exchanged, and a plural."""
    middle = len(name) - 3
    swapped = [*name]
    swapped[middle], swapped[middle + 1] = swapped[middle + 1], swapped[middle]
    return [
        name[:middle] + name[middle + 1 :],
        name[:middle] + name[middle:][0] + name[middle:],
        "".join(swapped),
        f"{name}s",
    ]


def test_every_variable_of_a_role_is_known() -> None:
    assert [name for name in _SPECIFIED if variable_names.problems({name: "x"}, [])] == []


@pytest.mark.parametrize("name", _SPECIFIED)
def test_every_misspelling_is_refused_with_the_name_that_is_meant(name: str) -> None:
    for misspelt in {*_misspellings(name)} - variable_names.known():
        found = variable_names.problems({misspelt: "x"}, [])
        assert found[0].startswith(f"{misspelt}: the collection has no such variable; did you mean ")
        assert found[1:] == [LAST]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("stack_sekrets", "; did you mean stack_secrets?"),
        ("deploy_keep_relases", "; did you mean deploy_keep_releases?"),
        ("engine_usrs", "; did you mean engine_users?"),
        ("registry_login", "; did you mean registry_logins?"),
        ("rollback_relase", "; did you mean rollback_release?"),
        ("policy_levl", "; did you mean policy_level?"),
        ("stak_services", "; did you mean stack_services?"),
        ("stack_batch", "; did you mean deploy_batch?"),
        ("stack_favourite_colour", ""),
    ],
)
def test_a_name_that_is_not_known(name: str, sentence: str) -> None:
    assert variable_names.problems({name: 1}, []) == [f"{name}: the collection has no such variable{sentence}", LAST]


def test_all_names_are_reported_at_once() -> None:
    found = variable_names.problems({"stack_sekrets": {}, "deploy_bach": 1, "engine_usrs": []}, [])
    assert [line.partition(":")[0] for line in found[:-1]] == ["deploy_bach", "engine_usrs", "stack_sekrets"]


@pytest.mark.parametrize(
    "variables",
    [
        {"status_page": "x", "policy_number": 7, "plan_b": 1, "app_domain": "x", "secret": 1, "stack": 1},
        # What a task registers.
        {"stack_status": {"changed": False, "failed": False, "release": None}},
        # Used by another variable, as deep as it is.
        {"registry_host": "x", "stack_services": {"web": {"image": ["{{ registry_host }}/web:1"]}}},
        {"deploy_user": "ada", "ansible_user": "{{ deploy_user }}"},
        # Similar to none of the role's.
        {"deploy_user": "ada", "registry_password": "x", "images_folder": "x", "engine_room": 1},
        {"ansible_facts": {"stack_x": 1}, "inventory_hostname": "stack_1"},
    ],
)
def test_variables_of_the_team_are_accepted(variables: dict[str, Any]) -> None:
    assert variable_names.problems(variables, []) == []


def test_a_team_names_its_own_variables() -> None:
    given = {"registry_region": "x", "registry_zone": "x", "stack_owner": "x", "stack_ownr": "x"}
    found = variable_names.problems(given, ["registry_*", "stack_owner"])
    assert found == ["stack_ownr: the collection has no such variable", LAST]


def test_a_name_that_only_itself_uses_is_refused() -> None:
    assert variable_names.problems({"stack_sekrets": "{{ stack_sekrets | default({}) }}"}, [])[1:] == [LAST]


def test_what_tasks_and_playbooks_use_is_known() -> None:
    texts = [
        path.read_text() for path in itertools.chain(ROOT.glob("roles/*/tasks/*.yml"), ROOT.glob("playbooks/*.yml"))
    ]
    set_by_tasks = {name for text in texts for name in re.findall(r"(?:register|loop_var): (\w+)", text)}
    assert {name for name in set_by_tasks if not name.startswith("_")} == variable_names._OF_TASKS
    used = {name for path in ROOT.glob("playbooks/*.yml") for name in _names_in(load(path))}
    defaults = {name for role in roles() for name in _names_in(role.defaults)}
    read = {name for name in used | defaults if name.partition("_")[0] not in ("ansible", "inventory", "lookup")}
    assert read | {"plan_exit_code"} >= variable_names._OF_PLAYBOOKS
    assert {name for name in read if variable_names.problems({name: 1}, [])} == set()


def test_what_tasks_give_to_other_tasks_is_no_misspelt_variable() -> None:
    paths = itertools.chain(ROOT.glob("roles/*/tasks/*.yml"), ROOT.glob("playbooks/*.yml"))
    given = {name for path in paths for name in _given_in(load(path))}
    assert "refresh_file" in given
    assert {name: problem for name in given if (problem := variable_names.problems({name: 1}, []))} == {}


def _given_in(value: Any) -> Iterator[str]:
    """Yield the names of variables that tasks and plays set themselves."""
    if isinstance(value, list):
        for one in value:
            yield from _given_in(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in ("vars", "ansible.builtin.set_fact") and isinstance(one, dict):
                yield from one
            yield from _given_in(one)


def _names_in(value: Any) -> set[str]:
    """Return all words in templates and conditions that may be variables."""
    return set(re.findall(r"(?<![.'\w])[a-z]+(?:_[a-z]+)*\b(?!')", str(value)))
