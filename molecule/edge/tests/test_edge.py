"""The edge's live configuration: repaired, reloaded, and never replaced by one that nginx refuses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, Visitor, described, wait_until

Playbook = Callable[..., Any]

RESTORE = "../molecule/edge/restore"
INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]).parent / "stack"


def _started(host: Any, kiosk: Stack) -> str:
    (edge,) = kiosk.containers("edge")
    return host.check_output("docker inspect --format '{{.Id}} {{.State.StartedAt}}' %s", edge)


def _workers(host: Any, kiosk: Stack) -> set[str]:
    (edge,) = kiosk.containers("edge")
    listed = host.check_output("docker top %s -o pid,args", edge)
    return {line.split()[0] for line in listed.splitlines() if line.endswith("nginx: worker process")}


def _edit(host: Any, kiosk: Stack) -> None:
    """Add a header by hand and reload nginx."""
    (edge,) = kiosk.containers("edge")
    path = f"{kiosk.home}/edge/current/nginx.conf"
    host.check_output("sudo sed -i 's/^ *add_header X-Release.*/&\\n add_header X-By-Hand yes always;/' %s", path)
    host.check_output("docker kill --signal HUP %s", edge)
    wait_until(lambda: "x-by-hand" in kiosk.get().headers)


def test_an_edited_configuration_is_repaired_and_reloaded(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    before, started = kiosk.tree(), _started(host, kiosk)
    _edit(host, kiosk)
    edited = kiosk.tree()

    announced = playbook(RESTORE, "--check")
    assert (announced.code, announced.changed) == (0, 1), announced.output
    assert kiosk.tree() == edited

    with Visitor(kiosk, "/") as visitor:
        run = playbook(RESTORE)
    assert (run.code, run.changed) == (0, 1), run.output
    assert visitor.statuses == {200}, visitor.seen
    answer = kiosk.get()
    assert "x-by-hand" not in answer.headers
    assert answer.headers["x-release"] == kiosk.live()
    assert _started(host, kiosk) == started
    assert _digests(kiosk.tree()) == _digests(before)

    again = playbook(RESTORE)
    assert (again.code, again.changed) == (0, 0), again.output


def _digests(tree: str) -> list[str]:
    """Return the lines of a tree with digests of contents, without those with times."""
    return [line for line in tree.splitlines() if len(line.split()[0]) == 64]


def test_a_requested_reload_replaces_only_the_workers(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    started, workers = _started(host, kiosk), _workers(host, kiosk)
    run = playbook(RESTORE, edge_reload=True)
    assert (run.code, run.changed) == (0, 1), run.output
    assert _started(host, kiosk) == started
    assert _workers(host, kiosk).isdisjoint(workers)


def test_a_configuration_that_nginx_refuses_never_goes_live(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    live, started, containers = kiosk.live(), _started(host, kiosk), kiosk.containers()
    (edge,) = kiosk.containers("edge")
    routes = [{"path": "/", "to": "page"}, {"path": "/news/", "to": "page"}]
    # No description makes nginx refuse its configuration, but a file that this nginx includes can.
    host.check_output("docker exec %s sh -c 'echo nonsense >> /tmp/listen.conf'", edge)
    with Visitor(kiosk, "/") as visitor:
        run = playbook("deploy", stack_services=described(INVENTORY, edge={"routes": routes}))
    host.check_output("docker exec %s sed -i /nonsense/d /tmp/listen.conf", edge)
    assert run.code == 2, run.output
    # The message of nginx is shown.
    assert "service 'edge': nginx refuses the configuration: " in run.output
    assert "/tmp/listen.conf:" in run.output
    assert "test failed" not in run.output
    assert {(status, release) for status, _, release in visitor.seen} == {(200, live)}
    assert (kiosk.live(), _started(host, kiosk), kiosk.containers()) == (live, started, containers)


def test_a_new_route_is_a_reload(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    started, containers = _started(host, kiosk), kiosk.containers()
    routes = [{"path": "/", "to": "page"}, {"path": "/news/", "to": "page", "timeout": "5s"}]
    with Visitor(kiosk, "/") as visitor:
        run = playbook("deploy", stack_services=described(INVENTORY, edge={"routes": routes}))
    assert run.code == 0, run.output
    assert "edge reload proxy configuration" in run.output
    assert visitor.statuses == {200}, visitor.seen
    assert (_started(host, kiosk), kiosk.containers()) == (started, containers)
    back = playbook("deploy")
    assert back.code == 0, back.output


def test_a_singleton_gets_requests(kiosk: Stack, playbook: Playbook) -> None:
    def deploy(number: str) -> Any:
        page = described(INVENTORY)["page"]
        desk = page | {"class": "singleton", "replicas": None, "environment": {"DESK": number}}
        routes = [{"path": "/desk/", "to": "desk"}, {"path": "/", "to": "page"}]
        return playbook("deploy", stack_services=described(INVENTORY, desk=desk, edge={"routes": routes}))

    first = deploy("1")
    assert first.code == 0, first.output
    assert kiosk.get("/desk/").status == 200
    (before,) = kiosk.containers("desk")

    with Visitor(kiosk, "/") as visitor:
        second = deploy("2")
    assert second.code == 0, second.output
    assert "desk recreate" in second.output
    assert visitor.statuses == {200}, visitor.seen
    (after,) = kiosk.containers("desk")
    assert after != before
    assert kiosk.get("/desk/").status == 200
    unchanged = deploy("2")
    assert (unchanged.code, unchanged.changed) == (0, 0), unchanged.output

    back = playbook("deploy")
    assert back.code == 0, back.output


def test_a_server_without_the_stack_is_refused(playbook: Playbook) -> None:
    run = playbook(RESTORE, stack_name="nothing")
    assert run.code == 2
    assert "there is no /opt/stacks/nothing on this host; run playbooks/deploy.yml" in run.output
