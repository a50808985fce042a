"""What is missing until the hosts of a stack are one Swarm."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import lines, plan
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Host, Network, Wanted
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.plan import Labels, Plan, Step

from tests.support import swarms
from tests.support.swarms import node, report, swarm, wanted

MANAGERS = [node("a", "manager", leader=True), node("b", "manager"), node("c", "manager")]


def _plan(hosts: list[Host], said: Wanted) -> Plan:
    found, problems = plan.make(hosts, said)
    assert problems == []
    assert found is not None
    return found


def _fresh(names: str) -> list[Host]:
    return [swarms.host(name, number, report()) for number, name in enumerate(names, 1)]


def test_without_a_swarm_the_first_manager_makes_it_and_the_others_join_as_workers() -> None:
    found = _plan(_fresh("abcd"), wanted("a", "b", "c"))
    assert (found.via, found.make, found.join, found.managers) == ("a", True, ("b", "c", "d"), ("10.0.0.1:2377",))
    assert found.promote == (Step("b"), Step("c"))
    assert (found.network, found.ready, found.prove) == (True, 4, ("a", "b", "c", "d"))


def test_a_swarm_as_it_should_be_needs_nothing() -> None:
    found = _plan(swarm(MANAGERS), wanted("a", "b", "c"))
    assert not found.changes
    assert (found.via, found.left, found.prove) == ("a", (), ("a", "b", "c"))
    assert lines.of_plan(found, Network("x")) == []


def test_a_new_host_joins_the_managers_that_are_there() -> None:
    hosts = [*swarm(MANAGERS), swarms.host("d", 4, report())]
    found = _plan(hosts, wanted("a", "b", "c"))
    assert (found.make, found.join, found.promote, found.ready) == (False, ("d",), (), 4)
    assert found.managers == ("10.0.0.1:2377", "10.0.0.2:2377", "10.0.0.3:2377")
    assert found.labels == (Labels("d", "", {"slipway.host": "d", "slipway.group.stack": "true"}, ()),)


def test_managers_change_places() -> None:
    found = _plan(swarm([*MANAGERS, node("d")]), wanted("b", "c", "d"))
    # The one that is to be a worker does not make the changes.
    assert (found.via, found.promote, found.demote) == ("b", (Step("d", "id-d"),), (Step("a", "id-a"),))


def test_labels_of_groups_that_a_host_has_left_are_removed_and_others_kept() -> None:
    labels = {"slipway.host": "a", "slipway.group.old": "true", "rack": "7"}
    found = _plan(swarm([node("a", "manager", labels=labels)]), wanted("a"))
    assert found.labels == (Labels("a", "id-a", {"slipway.group.stack": "true"}, ("slipway.group.old",)),)
    assert lines.of_plan(found, Network("x")) == ["a  labels +slipway.group.stack=true -slipway.group.old"]


@pytest.mark.parametrize("availability", ["drain", "pause"])
def test_the_network_is_not_tried_where_nothing_can_be_attached(availability: str) -> None:
    nodes = [node("a", "manager"), node("b", availability=availability)]
    found = _plan(swarm(nodes), wanted("a"))
    assert (found.changes, found.prove) == (False, ("a",))


@pytest.mark.parametrize(
    ("present", "asked", "becomes"),
    [(False, None, None), (False, True, True), (True, None, None), (True, False, False)],
)
def test_autolock_changes_only_if_somebody_says_so(present: bool, asked: bool | None, becomes: bool | None) -> None:
    assert _plan(swarm(MANAGERS[:1], a={"autolock": present}), wanted("a", autolock=asked)).autolock is becomes


def test_a_node_of_no_host_is_named_with_the_commands_and_stays() -> None:
    found = _plan(swarm([*MANAGERS, node("gone")], 3), wanted("a", "b", "c"))
    assert (found.changes, found.left) == (False, (Step("gone", "id-gone"),))
    assert lines.of_plan(found, Network("x")) == [
        (
            "gone  is in the Swarm and not among the hosts; to remove it, run the playbook with -e swarm_remove=gone, "
            "or on a: docker node update --availability drain id-gone, and when its tasks have moved: "
            "docker node rm --force id-gone"
        )
    ]


def test_a_node_of_another_stack_is_left_alone() -> None:
    found = _plan(swarm([*MANAGERS, node("d")], 3), wanted("a", "b", "c"))
    assert (found.changes, found.left) == (False, ())


def test_a_node_is_removed_by_its_name() -> None:
    found = _plan(swarm([*MANAGERS, node("gone", "manager")], 3), wanted("a", "b", "c", remove=("gone",)))
    assert (found.changes, found.remove, found.left) == (True, (Step("gone", "id-gone", True),), ())


def test_a_host_of_the_stack_is_not_removed() -> None:
    assert plan.make(swarm(MANAGERS), wanted("a", "b", "c", remove=("b",))) == (
        None,
        ["swarm_remove: b is a host of the stack; take it out of the group first"],
    )


def test_no_step_loses_the_majority() -> None:
    nodes = [node("a", "manager"), node("b", "manager"), node("gone", "manager", reachability="unreachable")]
    found, problems = plan.make(swarm(nodes, 2), wanted("a"))
    assert found is None
    assert problems == [
        (
            "to demote b would leave 1 of 2 managers reachable, which is no majority, and the Swarm could not be "
            "changed any more; bring back the managers that are down first"
        )
    ]


def test_a_plan_is_read_from_top_to_bottom() -> None:
    found = _plan(_fresh("ab"), wanted("a", autolock=True))
    assert lines.of_plan(found, Network("shop-mesh")) == [
        "a  makes a Swarm",
        "b  joins the Swarm of a",
        "a  labels +slipway.host=a +slipway.group.stack=true",
        "b  labels +slipway.host=b +slipway.group.stack=true",
        "a  autolock is turned on",
        "network shop-mesh is made, encrypted",
    ]


def test_a_plan_is_plain_values() -> None:
    said: dict[str, Any] = _plan(_fresh("ab"), wanted("a")).as_dict()
    assert said["changes"] is True
    assert said["labels"][0]["add"]["slipway.host"] == "a"
