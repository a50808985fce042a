"""Which ports may answer from another host, and the sentences about the others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import exposure
from ansible_collections.slipway.stack.plugins.module_utils.edge.exposure import Tried
from ansible_collections.slipway.stack.plugins.module_utils.edge.port_scan import Answers


def _port(port: int | None, service: str = "", edge: bool = False, *addresses: str, inside: int = 80) -> dict[str, Any]:
    return {
        "port": port,
        "addresses": list(addresses or ("0.0.0.0", "::")) if port else [],
        "inside": inside,
        "container": f"shop-{service}-1" if service else "ledger",
        "service": service,
        "stack": "shop" if service else "",
        "edge": edge,
    }


EDGE = _port(80, "edge-pod", True, inside=8080)
CONTAINERS = [
    EDGE,
    _port(5432, "db", inside=5432),
    _port(6379, "redis", False, "127.0.0.1", inside=6379),
    _port(None, "backend", inside=8000),
    _port(6390),
]


def _problems(*ports: int, allowed: tuple[int, ...] = (22,), **heard: Any) -> list[str]:
    answers = Answers(open=list(ports), **{"refused": 9, **heard})
    return exposure.problems(Tried("shop1", "192.0.2.10", "monitor", answers), CONTAINERS, allowed)


def test_the_edge_and_allowed_ports_may_answer() -> None:
    assert _problems(22, 80) == []
    assert _problems(22, 80, 9100, allowed=(22, 9100)) == []


_RIGHT = "bypass ufw; remove the port and let the edge send requests there, publish it as 127.0.0.1:"
_NOBODY = "and no container publishes it: a program of the host has it, or a container in the network of the host; `ss "


@pytest.mark.parametrize(
    ("port", "name", "sentence"),
    [
        (5432, " (Postgres)", f": service 'db' of the stack 'shop' publishes it, and published ports {_RIGHT}5432, or"),
        (
            6390,
            "",
            f": the container ledger publishes it, and published ports {_RIGHT}6390, or name it in verify_allowed",
        ),
        (
            6379,
            " (Redis)",
            ", although service 'redis' of the stack 'shop' publishes it on the loopback address only; ",
        ),
        (8000, "", f", {_NOBODY}-ltnp 'sport = :8000'` on shop1 names it; bind it to 127.0.0.1, close it"),
        # The port inside of the pod is not the published one.
        (8080, "", f", {_NOBODY}"),
    ],
)
def test_a_port_that_must_not_answer_is_explained(port: int, name: str, sentence: str) -> None:
    (found,) = _problems(22, 80, port)
    assert found.startswith(f"port {port}{name} of shop1 (192.0.2.10) answers from monitor{sentence}")


def test_an_edge_on_the_loopback_address_must_not_answer() -> None:
    local = _port(80, "edge-pod", True, "127.0.0.1", "::1")
    assert exposure.expected([local]) == set()
    (found,) = exposure.problems(Tried("shop1", "192.0.2.10", "monitor", Answers(open=[80])), [local], [22])
    assert "on the loopback address only" in found


def test_silence_proves_nothing() -> None:
    (found,) = _problems(refused=0, silent=65535)
    assert found.startswith(
        "nothing at shop1 (192.0.2.10) answers monitor, not even with a refusal (no answer in time)"
    )
    (found,) = _problems(refused=0, unreachable={"No route to host": 65535})
    assert "(No route to host), so nothing is proven; set verify_addresses" in found
    tried = Tried("shop1", "2001:db8::1", "monitor", Answers(silent=20), must_answer=False)
    assert exposure.problems(tried, CONTAINERS, [22]) == []
    # A refusal comes from the host, or from its firewall.
    assert _problems(refused=1, silent=65534) == []


def test_ports_for_which_there_was_no_time_are_a_problem() -> None:
    (found,) = _problems(80, untried=1000)
    assert found.startswith("1000 ports of shop1 (192.0.2.10) were not tried from monitor")


def test_many_open_ports_are_one_sentence() -> None:
    (found,) = _problems(*range(1000, 3000))
    assert found.startswith("2000 ports of shop1 (192.0.2.10) answer from monitor that must not: 1000, 1001, ")


def test_an_edge_that_does_not_answer_is_a_warning() -> None:
    def warned(answers: Answers) -> list[str]:
        return exposure.warnings(Tried("shop1", "192.0.2.10", "monitor", answers), CONTAINERS)

    assert warned(Answers(open=[80])) == []
    (found,) = warned(Answers(open=[22]))
    assert found.startswith("port 80 of shop1 (192.0.2.10) does not answer from monitor, and service 'edge-pod' of the")
    # That is a problem already.
    assert warned(Answers()) == []


def test_what_a_stack_publishes_for_its_other_hosts_answers_at_the_private_address_only() -> None:
    containers = [_port(5432, "db", False, "10.0.0.2"), _port(8480, "edge-pod", True, "10.0.0.2"), _port(6379, "redis")]

    def said(address: str, is_private: bool) -> list[str]:
        tried = Tried("data1", address, "app1", Answers(open=[5432, 6379, 8480], refused=1), is_private=is_private)
        return [sentence.split(" ")[1] for sentence in exposure.problems(tried, containers, [])]

    assert said("10.0.0.2", True) == ["6379"]
    assert said("10.0.0.2", False) == ["5432", "6379"]
    assert said("192.0.2.10", False) == ["5432", "6379"]
    # Nobody has to reach it from elsewhere.
    tried = Tried("data1", "192.0.2.10", "app1", Answers(open=[], refused=1))
    assert exposure.warnings(tried, containers) == []


def test_ports_that_matter_are_tried_first() -> None:
    first = exposure.known(CONTAINERS, [22])
    assert first[:6] == [80, 8080, 5432, 6379, 8000, 6390]
    assert {22, 2375, 27017} < set(first)
    assert sorted([*first, *exposure.others(first)]) == list(range(1, 65536))


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("a", False)],
)
def test_addresses_of_the_host_itself(address: str, local: bool) -> None:
    assert exposure.is_loopback(address) is local
