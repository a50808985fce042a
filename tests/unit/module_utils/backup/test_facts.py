"""Facts: what scripts print, and what must be the same after a restore."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import facts

PRINTED = [
    "fact\trows public.orders\t12",
    "fact\tempty\t",
    "about\tserver_version\t17.6",
    "a warning of the program",
    "fact\twithout a value",
    "",
    "fact\twith a tab\ta\tb",
]


def test_lines_are_facts_or_about_or_something_else() -> None:
    found, about, others = facts.parse(PRINTED)
    assert found == {"rows public.orders": "12", "empty": "", "with a tab": "a\tb"}
    assert about == {"server_version": "17.6"}
    assert others == ["a warning of the program", "fact\twithout a value"]


def test_a_script_that_prints_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_MAX_FACTS", 3)
    found, _about, others = facts.parse(f"fact\tn{number}\t1" for number in range(5))
    assert (len(found), len(others)) == (3, 2)


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"a": "1"}, {"a": "1"}, []),
        ({"a": "1"}, {"a": "2"}, ["a: 1 saved, 2 restored"]),
        ({"a": "1"}, {}, ["a: 1 saved, nothing restored"]),
        ({}, {"a": "1"}, ["a: nothing saved, 1 restored"]),
    ],
)
def test_a_difference_is_named(expected: dict[str, str], found: dict[str, str], said: list[str]) -> None:
    assert facts.differences(expected, found) == said


def test_many_differences_are_counted() -> None:
    said = facts.differences({f"t{number}": "1" for number in range(9)}, {})
    assert len(said) == 6
    assert said[-1] == "4 more"


def test_facts_with_simple_names_become_variables() -> None:
    assert facts.variables({"owner": "shop", "rows public.orders": "3"}, {"properties": "x", "ö": "y"}) == {
        "FACT_OWNER": "shop",
        "FACT_PROPERTIES": "x",
    }
