"""Services on some hosts only: who has what, who reaches whom, and a release that goes over all of them."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, Visitor, wait_until

Playbook = Callable[..., Any]
_ASK = 'c.request("GET", "/version"); print(c.getresponse().status)'


def _services(stack: Stack) -> set[str]:
    listed = stack.host.check_output("docker ps --format '{{.Label \"com.docker.compose.service\"}}'")
    return set(listed.split())


def _versions(edges: list[Stack]) -> set[str]:
    return {stack.get("/version").body for stack in edges * 4}


def test_each_host_has_its_services(stacks: dict[str, Stack], edges: list[Stack], apps: list[Stack]) -> None:
    assert _services(stacks["place5"]) == {"db", "redis"}
    for stack in edges:
        assert _services(stack) == {"edge", "edge-pod"}
    for stack in apps:
        assert _services(stack) == {"backend", "reader", "edge", "edge-pod"}
    assert len({stack.live() for stack in stacks.values()}) == 1


def test_all_hosts_share_data_and_secrets(edges: list[Stack]) -> None:
    assert [stack.get("/visits").body for stack in [*edges, *edges]] == ["1", "2", "3", "4"]
    assert len({stack.get("/key").body for stack in edges * 4}) == 1


def test_an_edge_sends_requests_to_all_hosts_of_a_service(edges: list[Stack]) -> None:
    for stack in edges:
        assert {stack.get("/host").body for _ in range(8)} == {"place3", "place4"}


def test_the_application_knows_the_client_of_the_edge(edges: list[Stack]) -> None:
    host, address, request_id = edges[0].get("/claims").body.split()
    assert host == f"{edges[0].server}:8423"
    # The testbed, which no inner edge has ever seen.
    assert address not in ("None", *(edge.server for edge in edges))
    assert len(request_id) == 32
    answer = edges[0].get("/claims")
    assert answer.headers["x-request-id"] == answer.body.split()[2]


def test_nobody_else_may_ask_the_hosts_of_the_application(stacks: dict[str, Stack], apps: list[Stack]) -> None:
    for stack in apps:
        connection = http.client.HTTPConnection(stack.server, 8480, timeout=5)
        connection.request("GET", "/version", headers={"X-Forwarded-For": "172.31.250.35"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (403, 404)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()
    ask = f"""python3 -c 'import http.client as h; c = h.HTTPConnection("{apps[0].server}", 8480); {_ASK}'"""
    assert stacks["place5"].host.check_output(ask) in ("403", "404")
    assert stacks["place1"].host.check_output(ask) == "200"


def test_a_secret_is_generated_where_it_belongs(stacks: dict[str, Stack]) -> None:
    generated = {
        name: set(stack.host.check_output("sudo ls %s/secrets/generated", stack.home).split())
        for name, stack in stacks.items()
        if stack.host.run("sudo test -d %s/secrets/generated", stack.home).succeeded
    }
    assert generated == {"place3": {"session_key"}, "place5": {"db_password", "redis_password"}}


def test_ports_are_published_at_private_addresses_only(stacks: dict[str, Stack]) -> None:
    published = {}
    for name in ("place3", "place5"):
        listening = stacks[name].host.check_output("ss --listening --tcp --numeric --no-header")
        found = [line.split()[3] for line in listening.splitlines()]
        published[name] = sorted(one for one in found if one.endswith((":5432", ":6379", ":8000", ":8423", ":8480")))
    assert published == {"place3": ["172.31.250.37:8480"], "place5": ["172.31.250.39:5432", "172.31.250.39:6379"]}
    with socket.create_connection(("172.31.250.39", 6379), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_a_release_goes_over_all_hosts(
    stacks: dict[str, Stack], edges: list[Stack], apps: list[Stack], playbook: Playbook
) -> None:
    data = stacks["place5"]
    before = data.live(), data.containers()
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook("deploy", spread_version="2")
    assert run.code == 0, run.output
    assert _versions(edges) == {"spread 2"}
    # One database, one migration.
    assert edges[0].get("/anything").body == "1"
    jobs = [stack.host.check_output("sudo cat %s/state/journal.jsonl", stack.home) for stack in apps]
    assert [text.count('"step": "release", "part": "job"') > 0 for text in jobs] == [True, False]
    assert first.statuses | second.statuses == {200}
    assert (data.live(), data.containers()) == before


def test_all_hosts_revert_if_one_fails(stacks: dict[str, Stack], edges: list[Stack], playbook: Playbook) -> None:
    before = [stack.live() for stack in stacks.values()]
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook("deploy", spread_version="3", spread_unhealthy="place4")
    assert run.code != 0
    assert "place4: service 'backend'" in run.output, run.output
    assert [stack.live() for stack in stacks.values()] == before
    assert _versions(edges) == {"spread 2"}
    assert first.statuses | second.statuses == {200}


def test_a_rollback_leaves_hosts_without_a_change_alone(
    stacks: dict[str, Stack], edges: list[Stack], playbook: Playbook
) -> None:
    others = [stacks["place5"], *edges]
    before = [(stack.live(), stack.containers()) for stack in others]
    second = stacks["place3"].live()
    run = playbook("rollback")
    assert run.code == 0, run.output
    assert _versions(edges) == {"spread 1"}
    assert [(stack.live(), stack.containers()) for stack in others] == before
    # These hosts have never had that release.
    run = playbook("rollback", rollback_release=second)
    assert run.code == 0, run.output
    assert _versions(edges) == {"spread 2"}
    assert [(stack.live(), stack.containers()) for stack in others] == before
    run = playbook("rollback", rollback_release="20200101T000000Z-00000000")
    assert run.code != 0
    assert "rollback_release is 20200101T000000Z-00000000, which was live on no host of this play" in run.output
    assert run.changed == 0
    run = playbook("rollback", rollback_release=stacks["place5"].live())
    assert run.code == 0, run.output
    assert _versions(edges) == {"spread 1"}


def test_the_playbook_may_end_before_the_old_containers(
    stacks: dict[str, Stack], edges: list[Stack], apps: list[Stack], playbook: Playbook
) -> None:
    run = playbook("deploy", spread_version="8", spread_grace="30s")
    assert run.code == 0, run.output
    with Visitor(edges[0], "/x", 0.02) as visitor:
        run = playbook("deploy", spread_version="9", deploy_return="proven")
        assert run.code == 0, run.output
        assert run.output.count("is live; the host stops what it has replaced") == len(apps)
        assert [len(stack.containers("backend")) for stack in apps] == [2, 2]
        assert _versions(edges) == {"spread 9"}
        run = playbook("status")
        assert run.output.count("has been under way for") == len(apps), run.output
        assert run.output.count("backend 1 of 1 healthy") == len(apps), run.output
        run = playbook("verify")
        assert run.code == 0, run.output
        # The next deploy waits for the end.
        run = playbook("deploy", spread_version="10", deploy_return="proven")
        assert run.code == 0, run.output
        assert "has been under way for" in run.output
        assert "waiting for its end" in run.output
    assert visitor.statuses == {200}
    wait_until(lambda: all(len(stack.containers("backend")) == 1 for stack in apps), 40)
    assert _versions(edges) == {"spread 10"}
    assert [stack.audit()[-1]["outcome"] for stack in apps] == ["ok", "ok"]
    run = playbook("deploy")
    assert run.code == 0, run.output


def test_a_report_is_one_page_about_all_hosts(playbook: Playbook, tmp_path: Path) -> None:
    path = tmp_path / "spread.html"
    run = playbook("report", "--check", report_path=str(path))
    assert run.code == 0, run.output
    assert not path.exists()
    run = playbook("report", report_path=str(path), report_rollouts=20)
    assert run.code == 0, run.output
    html = path.read_text()
    verdict = re.findall(r'<p class="verdict .*?</p>', html, re.DOTALL)
    assert "everything is up" in verdict[0], (verdict, re.findall(r"<dd>.*?</dd>", html, re.DOTALL))
    for number in range(1, 6):
        assert f"<h3>place{number}</h3>" in html
    assert 'aria-label="edge needs backend; backend needs db, redis; reader needs db"' in html
    # The release that place4 has refused, and what the edges have answered meanwhile.
    assert "service &#39;backend&#39;: spread-backend-" in html
    answered = [int(count) for count in re.findall(r"(\d+) requests, at most \d+ in a second, 0 failed", html)]
    assert max(answered) > 100
    path.write_text("mine\n")
    run = playbook("report", report_path=str(path))
    assert run.code != 0
    assert f"report_path: {path} is there and no report" in run.output
    assert path.read_text() == "mine\n"


def test_a_part_of_the_hosts_is_refused(playbook: Playbook) -> None:
    run = playbook("deploy", "--limit", "place1", spread_version="4")
    assert run.code != 0
    assert "the play leaves out place2, place3, place4, place5, and the services of this stack are spread" in run.output


def test_data_is_not_left_behind(playbook: Playbook) -> None:
    run = playbook("deploy", "--check", stack_placement={"postgres": "data", "redis": "place3"})
    assert run.code != 0
    assert "service 'redis': its data is on this host, in volume redis-data, and it would be on place3" in run.output
    assert "service 'redis': it is at 172.31.250.39, and would be on this host" in run.output


def test_verify_names_what_is_not_reached(stacks: dict[str, Stack], playbook: Playbook) -> None:
    data, app = stacks["place5"].host, stacks["place4"].host
    data.check_output("docker stop spread-redis-1")
    app.check_output("docker stop --time 0 $(docker ps --quiet --filter label=com.docker.compose.service=edge)")
    run = playbook("verify", verify_timeout=1)
    data.check_output("docker start spread-redis-1")
    app.check_output("docker start $(docker ps --all --quiet --filter label=com.docker.compose.service=edge)")
    assert run.code != 0
    assert "service 'backend': cannot reach 'redis' at 172.31.250.39, port 6379: Connection refused" in run.output
    assert "service 'edge': cannot reach host place4 at 172.31.250.38, port 8480: Connection refused" in run.output


def test_a_second_run_and_a_check_change_nothing(stacks: dict[str, Stack], playbook: Playbook) -> None:
    trees = [stack.tree() for stack in stacks.values()]
    run = playbook("deploy", "--check", spread_version="5")
    assert run.code == 0, run.output
    run = playbook("deploy")
    assert (run.code, run.changed) == (0, 0), run.output
    assert [stack.tree() for stack in stacks.values()] == trees


def test_what_hosts_publish_for_each_other_is_no_exposure(stacks: dict[str, Stack], playbook: Playbook) -> None:
    run = playbook("verify", verify_from="place3", verify_scan=False)
    assert run.code == 0, run.output
    # The same port for everybody is.
    server = stacks["place5"].host
    image = server.check_output("docker inspect --format '{{.Image}}' spread-redis-1")
    server.check_output("docker run --detach --name open --publish 6380:6379 %s", image)
    run = playbook("verify", verify_from="place3", verify_scan=False)
    server.check_output("docker rm --force --volumes open")
    assert run.code != 0
    assert "port 6380 of place5 (172.31.250.39) answers from place3" in run.output


def test_verify_and_status_pass_on_every_host(playbook: Playbook) -> None:
    for name in ("verify", "status"):
        run = playbook(name)
        assert run.code == 0, run.output
