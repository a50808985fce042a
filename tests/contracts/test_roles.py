from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments

from tests.contracts.checkout import ROOT, Role, load, roles


def test_every_role_specifies_its_main_entry_point() -> None:
    assert roles()
    assert [role.name for role in roles() if "main" not in role.entry_points] == []


def test_every_entry_point_and_option_is_described() -> None:
    faults = []
    for role in roles():
        for name, entry_point in role.entry_points.items():
            if not entry_point.get("short_description") or not entry_point.get("description"):
                faults.append(f"{role.name}: {name} lacks short_description or description")
        for name, option in role.options().items():
            if not option.get("description") or not option.get("type"):
                faults.append(f"{role.name}: {name} lacks description or type")
    assert faults == []


def test_defaults_equal_the_argument_specs() -> None:
    """A variable has a default in the spec when, and only when, it has the same one in defaults/main.yml."""
    faults = []
    for role in roles():
        specified = {name: option["default"] for name, option in role.options().items() if "default" in option}
        for name in sorted(specified.keys() | role.defaults.keys()):
            in_spec, in_file = specified.get(name, "absent"), role.defaults.get(name, "absent")
            if in_spec != in_file:
                faults.append(f"{role.name}: {name} is {in_spec!r} in the spec and {in_file!r} in defaults/main.yml")
    assert faults == []


def test_variables_are_named_for_their_role() -> None:
    faults = [
        f"{role.name}: {name}" for role in roles() for name in role.options() if not name.startswith(f"{role.name}_")
    ]
    assert faults == []


def test_the_role_stack_documents_the_description_as_the_actions_take_it() -> None:
    [stack] = [role for role in roles() if role.name == "stack"]
    keys = ("type", "elements", "default")
    taken = {f"stack_{name}": _only(keys, option) for name, option in arguments.spec("release").items()}
    documented = {name: _only(keys, option) for name, option in stack.options().items()}
    # The role takes the one variable of the role deploy that concerns it.
    assert documented.pop("stack_allow_downtime").pop("default") == "{{ deploy_allow_downtime | default([]) }}"
    assert taken.pop("stack_allow_downtime").pop("default") == []
    assert documented == taken


def _only(keys: tuple[str, ...], option: dict[str, Any]) -> dict[str, Any]:
    return {key: option[key] for key in keys if key in option}


def test_no_task_passes_the_description_on() -> None:
    """The actions read it themselves; a key that one task file forgot would be lost there."""
    pattern = rf"{{{{ *stack_(?:{'|'.join(arguments.spec('release'))})\b"
    files = [*ROOT.glob("roles/*/tasks/**/*.yml"), *ROOT.glob("playbooks/*.yml")]
    assert [str(path.relative_to(ROOT)) for path in files if re.search(pattern, path.read_text())] == []


@pytest.mark.parametrize("role", roles(), ids=lambda role: role.name)
def test_the_metadata_of_a_role_is_that_of_the_collection(role: Role) -> None:
    about = load(ROOT / "roles" / role.name / "meta/main.yml")["galaxy_info"]
    galaxy = load(ROOT / "galaxy.yml")
    assert [about["author"]] == galaxy["authors"]
    assert [about["license"]] == galaxy["license"]
    assert about["min_ansible_version"] in load(ROOT / "meta/runtime.yml")["requires_ansible"]
    assert about["description"].endswith(".")
    assert about["platforms"]
