"""The steps of a rollout in which hosts go together, with the hooks around its verbs."""

from __future__ import annotations

import math

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import deploy_hooks
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.deploy_hooks import POINTS
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.rollout_steps import Step, steps


def _names(found: list[Step]) -> list[str]:
    return [f"{step['do']} {step['name']}" if step["do"] in ("hook", "switch") else step["do"] for step in found]


def test_without_hooks_the_steps_are_the_verbs() -> None:
    found = steps([], 2, [["a", "b"], ["c"]])
    assert _names(found["until_proven"]) == ["stage", "stage", "prepare", "switch a, b", "switch c"]
    assert [step["stage"] for step in found["until_proven"][:2]] == [0, 1]
    assert [step["hosts"] for step in found["until_proven"][3:]] == [["a", "b"], ["c"]]
    assert _names(found["last"]) == ["finalize"]
    assert found["reverted"] == []


def test_hooks_are_around_the_verbs_in_the_order_of_the_list() -> None:
    # Backwards, and two at one point.
    given = [{"at": point, "command": "true", "name": point} for point in reversed(POINTS)]
    given += [{"at": "before_switch", "command": "false", "name": "second"}]
    found = steps(deploy_hooks.read(given, math.inf, {}), 2, [["a"], ["b"]])
    assert _names(found["until_proven"]) == [
        "hook before_begin",
        "stage",
        "stage",
        "hook after_begin",
        "hook before_prepare",
        "prepare",
        "hook after_prepare",
        "hook before_switch",
        "hook second",
        "switch a",
        "switch b",
        "hook after_switch",
        "hook before_finalize",
    ]
    assert _names(found["last"]) == ["finalize", "hook after_finalize"]
    assert _names(found["reverted"]) == ["hook after_revert"]
    assert found["reverted"][0]["hook"] == {
        "at": "after_revert",
        "command": ["true"],
        "run_on": "controller",
        "timeout": 60,
        "name": "after_revert",
    }


def test_every_point_is_at_a_step() -> None:
    given = [{"at": point, "command": "true"} for point in POINTS]
    found = steps(deploy_hooks.read(given, math.inf, {}), 1, [["a"]])
    assert sorted(step["hook"]["at"] for part in found.values() for step in part if step["do"] == "hook") == sorted(
        POINTS
    )
