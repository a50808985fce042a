"""Which hosts are managers, and that most of them stay reachable."""

from __future__ import annotations

from itertools import product

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import cluster, managers
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.managers import Change

from tests.support.errors import error_of
from tests.support.swarms import node


@pytest.mark.parametrize(("hosts", "expected"), [("a", "a"), ("ab", "a"), ("abc", "abc"), ("abcdefg", "abc")])
def test_without_a_pattern_three_hosts_or_one_are_managers(hosts: str, expected: str) -> None:
    assert managers.choose(tuple(hosts), "", ()) == tuple(expected)


def test_a_pattern_names_them_in_the_order_of_the_inventory() -> None:
    assert managers.choose(tuple("abcde"), "zone", ("e", "a", "c")) == ("a", "c", "e")


@pytest.mark.parametrize(
    ("matched", "message"),
    [
        ("", "swarm_managers: 'zone' matches no host of the stack; the stack has a, b"),
        (
            "ab",
            (
                "swarm_managers: 'zone' matches 2 hosts (a, b); an even number of managers tolerates no more losses "
                "than 1, so name 1 or 3"
            ),
        ),
        (
            "abcdefghi",
            (
                "swarm_managers: 'zone' matches 9 hosts; Docker recommends at most 7 managers, so name fewer, and let "
                "the others be workers"
            ),
        ),
    ],
)
def test_a_number_that_docker_advises_against_is_refused(matched: str, message: str) -> None:
    assert error_of(managers.choose, ("a", "b"), "zone", tuple(matched)) == message


def _nodes(up: int, down: int) -> list[cluster.Node]:
    said = [node(f"u{number}", "manager") for number in range(up)]
    said += [node(f"d{number}", "manager", reachability="unreachable") for number in range(down)]
    return [cluster.node(one) for one in said]


def test_the_first_change_without_a_majority_is_named() -> None:
    changes = [Change("promote", "w"), Change("demote", "u0"), Change("demote", "u1"), Change("demote", "u2")]
    assert managers.without_majority(_nodes(3, 1), changes) == (
        "to demote u2 would leave 1 of 2 managers reachable, which is no majority, and the Swarm could not be changed "
        "any more; bring back the managers that are down first"
    )


@pytest.mark.parametrize(("up", "down"), list(product(range(1, 6), range(3))))
def test_a_majority_is_more_than_half_after_each_change(up: int, down: int) -> None:
    for verb, is_reachable in (("promote", True), ("demote", True), ("demote", False), ("remove", False)):
        if not is_reachable and not down:
            continue
        step = 1 if verb == "promote" else -1
        left, total = up + (step if is_reachable else 0), up + down + step
        found = managers.without_majority(_nodes(up, down), [Change(verb, "x", is_reachable)])
        assert (found == "") is (left > total / 2), (verb, found)
        if found:
            assert found.startswith(f"to {verb} x would leave {left} of {total} managers reachable")
