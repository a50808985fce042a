"""Other hosts that the edge of this host sends requests to: taken out, and put back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, rewriting
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.rollout import upstream_hosts
from ansible_collections.slipway.stack.plugins.module_utils.state import away, damage
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

from tests.support.fake_host import spec


class _Edge:
    """What was done to the edge, in order."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self._home = home
        self.log: list[str] = []
        self.refuses = False
        monkeypatch.setattr(docker, "containers", lambda *_: [])
        monkeypatch.setattr(rewriting, "renew", self._renew)
        monkeypatch.setattr(configuration, "finish_connections", lambda *_: self.log.append("connections ended"))

    def _renew(self, *_arguments: Any) -> None:
        if self.refuses:
            raise EdgeError("nginx refuses it")
        self.log.append(f"without {', '.join(away.read(self._home).value or ['nobody'])}")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.make_directories()
    servers = [["app1", "10.0.0.3", 8480], ["app2", "10.0.0.4", 8480]]
    content = {
        "stack": "shop",
        "addresses": {},
        "mounted": [],
        "probes": [],
        "services": {"edge": {**spec(edge=True, proxy="nginx", ports=["80:8080"]), "follows": {}}},
        "upstreams": [{"service": "web", "port": 8000, "servers": servers}],
    }
    write_text(home.release("r1") / "manifest.json", json.dumps(content))
    link(home.current, "releases/r1")
    return home


@pytest.fixture
def edge(home: Home, monkeypatch: pytest.MonkeyPatch) -> _Edge:
    return _Edge(home, monkeypatch)


def _run(home: Home, hosts: list[str], is_away: bool) -> tuple[str, str]:
    """Do the work in this process, and return the state and the text of its end."""
    lease, _name, work = upstream_hosts.begin(home, "ada", hosts, is_away)
    work()
    lease.close_own_copy()
    last = json.loads(home.journal.read_text().splitlines()[-1])
    return last["state"], last["text"]


def test_a_host_gets_nothing_until_it_is_put_back(home: Home, edge: _Edge) -> None:
    assert upstream_hosts.is_needed(home, ["app2"], True)
    assert _run(home, ["app2"], True) == ("done", "no requests go to app2")
    assert edge.log == ["without app2", "connections ended"]
    [sentence] = away.sentences(home)
    assert sentence.startswith("no requests go to app2: ada has drained it at 20")
    assert not upstream_hosts.is_needed(home, ["app2"], True)

    assert _run(home, ["app2"], False) == ("done", "requests go to all hosts")
    assert edge.log[2:] == ["without nobody", "connections ended"]
    assert not home.away.exists()
    assert not upstream_hosts.is_needed(home, ["app2"], False)


def test_a_host_that_gets_no_requests_anyway_is_no_work(home: Home) -> None:
    assert not upstream_hosts.is_needed(home, ["data1"], True)
    home.current.unlink()
    assert not upstream_hosts.is_needed(home, ["app2"], True)


def test_a_service_keeps_one_host(home: Home, edge: _Edge) -> None:
    said = r"service 'web' is on app1, app2 only, so nobody would answer; put another host back first"
    with pytest.raises(RolloutFailed, match=said):
        upstream_hosts.is_needed(home, ["app1", "app2"], True)
    _run(home, ["app1"], True)
    with pytest.raises(RolloutFailed, match="service 'web' is on app1, app2 only; app1 is drained already, so nobody"):
        upstream_hosts.begin(home, "ada", ["app2"], True)
    assert edge.log[0] == "without app1"


def test_an_edge_that_refuses_sends_requests_as_before(home: Home, edge: _Edge) -> None:
    edge.refuses = True
    state, text = _run(home, ["app2"], True)
    assert (state, text) == ("failed", "Requests go where they went before; run the playbook again")
    assert not home.away.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ('{"hosts": []}', "key 'hosts' has a value of the wrong type (list)"),
        ('{"hosts": {"app2": 1}}', "host 'app2': is no mapping"),
        ('{"hosts": {"app2": {"owner": "ada"}}}', "host 'app2': key 'since' is missing"),
    ],
)
def test_a_damaged_record_is_named(home: Home, content: str, said: str) -> None:
    write_text(home.away, content)
    assert any(said in problem and "away.json" in problem for problem in damage.blocking(home))
    with pytest.raises(RolloutFailed):
        upstream_hosts.is_needed(home, ["app2"], True)
    assert away.sentences(home) == []
