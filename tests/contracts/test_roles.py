from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.contracts.checkout import roles


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


def test_a_variable_of_several_roles_has_one_default() -> None:
    seen: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for role in roles():
        for name, value in role.defaults.items():
            seen[name][role.name] = value
    assert {name: by_role for name, by_role in seen.items() if len({repr(v) for v in by_role.values()}) > 1} == {}


def test_variables_are_named_for_their_role_or_the_stack() -> None:
    faults = [
        f"{role.name}: {name}"
        for role in roles()
        for name in role.options()
        if not name.startswith((f"{role.name}_", "stack_", "app_"))
    ]
    assert faults == []
