"""Closing the edge for maintenance, and opening it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import (
    closing,
    configuration,
    nginx,
    proxies,
    rewriting,
    traefik,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.state import damage, maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease, LeaseHeld
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import container, spec

EDGE = spec(edge=True, proxy="nginx", ports=["80:8080"], balancers=[], follows={}, secrets={}, depends_on=[])
DOOR = "maintenance.conf"


class _Proxy:
    """The files of nginx; it refuses what the test says."""

    NAME_LOOKUP_SECONDS = 0.0
    host_files, door = staticmethod(nginx.host_files), staticmethod(nginx.door)

    def __init__(self) -> None:
        self.reloads = 0
        self.refuses = False

    def test(self, *_arguments: Any) -> None:
        if self.refuses:
            raise EdgeError("nginx refuses it")

    def reload(self, *_arguments: Any) -> None:
        self.reloads += 1


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> _Proxy:
    found = _Proxy()
    monkeypatch.setitem(proxies.PROXIES, "nginx", found)  # type: ignore[arg-type]
    monkeypatch.setattr(configuration, "confirm", lambda *_: None)
    monkeypatch.setattr(docker, "containers", lambda *_: [container("web"), container("edge")])
    return found


def _deployed(folder: Path, **edge: Any) -> Home:
    home = Home(str(folder))
    home.make_directories()
    services = {"web": {**spec(), "secrets": {}}, **({"edge": {**EDGE, **edge}} if edge != {"edge": False} else {})}
    content = {"stack": "shop", "addresses": {}, "mounted": [], "services": services}
    write_text(home.release("r1") / "manifest.json", json.dumps({**content, "upstreams": [], "probes": []}))
    write_text(home.release("r1") / "edge/nginx.conf", "events {}\n")
    link(home.current, "releases/r1")
    return home


def _asked(*allow: str) -> maintenance.Maintenance:
    return closing.wanted("ada", allow, 300)


def _door(home: Home) -> str:
    return (home.edge / "current" / DOOR).read_text()


def _records(home: Home) -> list[tuple[str, str, str]]:
    lines = map(json.loads, home.journal.read_text().splitlines())
    return [(line["step"], line["state"], line["text"]) for line in lines if line["text"]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return _deployed(tmp_path)


@pytest.mark.usefixtures("proxy")
def test_it_closes_and_opens(home: Home) -> None:
    assert closing.switch(home, _asked("192.0.2.7", "192.0.2.9/24"), "ada")
    assert '    192.0.2.7/32 "";\n    192.0.2.0/24 "";\n' in _door(home)
    found = closing.standing(home, home.manifest("r1"))
    assert found is not None
    assert (found["owner"], found["allow"], found["complete"]) == ("ada", ["192.0.2.7/32", "192.0.2.0/24"], True)
    assert closing.switch(home, None, "ada")
    assert "default 1" not in _door(home)
    assert closing.standing(home, home.manifest("r1")) is None
    ends = [text for step, _, text in _records(home) if step == "end"]
    assert ends == ["the edge is closed for maintenance", "the edge is open"]


def test_a_second_run_changes_nothing(home: Home, proxy: _Proxy) -> None:
    for asked in (_asked(), None):
        assert closing.switch(home, asked, "ada")
        reloads = proxy.reloads
        assert not closing.switch(home, asked and closing.wanted("bob", (), 300), "bob")
        assert proxy.reloads == reloads


@pytest.mark.usefixtures("proxy")
def test_a_change_keeps_the_beginning(home: Home) -> None:
    closing.switch(home, _asked(), "ada")
    before = maintenance.read(home).value
    assert closing.switch(home, _asked("::1"), "ada")
    after = maintenance.read(home).value
    assert before is not None
    assert after is not None
    assert (before.since, ("::1/128",)) == (after.since, after.allow)


@pytest.mark.parametrize("is_closed", [False, True])
def test_if_the_proxy_refuses_all_is_as_before(home: Home, proxy: _Proxy, is_closed: bool) -> None:
    closing.switch(home, _asked(), "ada")
    if not is_closed:
        closing.switch(home, None, "ada")
    before, record = _door(home), maintenance.read(home).value
    proxy.refuses = True
    with pytest.raises(RolloutFailed, match="nginx refuses it"):
        closing.switch(home, None if is_closed else _asked(), "ada")
    assert (_door(home), maintenance.read(home).value) == (before, record)
    assert _records(home)[-1] == ("end", "failed", "The edge stays as it was")


def test_a_switch_that_was_killed_is_seen_and_completed(
    home: Home, proxy: _Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing.switch(home, None, "ada")

    def killed(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "renew", killed)
        with pytest.raises(KeyboardInterrupt):
            closing.switch(home, _asked(), "ada")
    standing = closing.standing(home, home.manifest("r1"))
    assert standing is not None
    assert standing["complete"] is False
    assert closing.switch(home, _asked(), "ada")
    assert "default 1;" in _door(home)


@pytest.mark.usefixtures("proxy")
def test_an_interrupted_rollout_comes_first(home: Home) -> None:
    """Its revert needs the configuration that was live before it."""
    closing.switch(home, None, "ada")
    Transaction("r2", "r1", "bob", edge_before=configuration.live_version(home)).save(home.transaction)
    with pytest.raises(RolloutFailed, match="the rollout of r2 was interrupted; deploy again or roll back first"):
        closing.switch(home, _asked(), "ada")
    assert maintenance.read(home).value is None


@pytest.mark.usefixtures("proxy")
def test_other_work_comes_first(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "_PATIENCE", 0.0)
    lease = Lease(home.lease, "bob", "r2", lambda: 0)
    with pytest.raises(LeaseHeld, match="a rollout of release r2 by bob has been under way"):
        closing.switch(home, _asked(), "ada")
    lease.close_own_copy()
    assert closing.switch(home, _asked(), "ada")


@pytest.mark.usefixtures("proxy")
def test_a_damaged_record_is_named_and_written_anew(home: Home) -> None:
    closing.switch(home, _asked(), "ada")
    home.maintenance.write_text("{")
    problem = next(one for one in damage.blocking(home) if str(home.maintenance) in one)
    assert "Run playbooks/maintenance.yml with -e maintenance=on or off" in problem
    with pytest.raises(EdgeError, match="Run playbooks"):
        configuration.render(home, home.manifest("r1") or {}, {})
    assert closing.switch(home, None, "ada")
    assert damage.blocking(home) == []


@pytest.mark.usefixtures("proxy")
def test_a_damaged_record_of_a_drain_does_not_end_the_status(home: Home) -> None:
    closing.switch(home, _asked(), "ada")
    home.drain.write_text("{")
    standing = closing.standing(home, home.manifest("r1"))
    assert standing is not None
    assert standing["complete"] is False
    with pytest.raises(RolloutFailed, match="Run playbooks"):
        closing.switch(home, None, "ada")


@pytest.mark.usefixtures("proxy")
def test_what_cannot_be_closed(tmp_path: Path) -> None:
    with pytest.raises(RolloutFailed, match="no release is live on this host, so there is nothing to close"):
        closing.switch(Home(str(tmp_path / "none")), _asked(), "ada")
    with pytest.raises(RolloutFailed, match="the live release has no edge; close what is in front of it"):
        closing.switch(_deployed(tmp_path / "bare", edge=False), _asked(), "ada")
    old = _deployed(tmp_path / "old")
    manifest = json.loads((old.release("r1") / "manifest.json").read_text())
    del manifest["services"]["edge"]["balancers"]
    write_text(old.release("r1") / "manifest.json", json.dumps(manifest))
    with pytest.raises(RolloutFailed, match="release r1 is of a version of this collection before maintenance"):
        closing.switch(old, _asked(), "ada")
    assert DOOR not in configuration.render(old, old.manifest("r1") or {}, {})


@pytest.mark.usefixtures("proxy")
def test_a_host_whose_edge_is_elsewhere_has_nothing_to_close(tmp_path: Path) -> None:
    home = _deployed(tmp_path, edge=False)
    manifest = json.loads((home.release("r1") / "manifest.json").read_text())
    write_text(home.release("r1") / "manifest.json", json.dumps({**manifest, "edge_elsewhere": True}))
    assert not closing.switch(home, _asked(), "ada")
    assert not home.maintenance.exists()


@pytest.mark.usefixtures("proxy")
def test_a_release_that_would_open_the_edge_is_refused(home: Home) -> None:
    closing.switch(home, _asked(), "ada")
    manifest = home.manifest("r1") or {}
    del manifest["services"]["edge"]["balancers"]
    with pytest.raises(EdgeError, match="it would open the edge; end the maintenance first"):
        configuration.render(home, manifest, {})


@pytest.mark.parametrize(
    ("allow", "retry_after", "said"),
    [
        (["10.0.0.0/99"], 300, "maintenance_allow: '10.0.0.0/99' is no network; write it like 192.0.2.0/24"),
        (["office"], 300, "maintenance_allow: 'office' is no network"),
        ([], 0, "maintenance_retry_after: 0 is not a number of seconds from 1 to 604800"),
        ([], 604801, "maintenance_retry_after: 604801 is not"),
    ],
)
def test_what_is_asked_for_is_checked(allow: list[str], retry_after: int, said: str) -> None:
    with pytest.raises(RolloutFailed, match=said):
        closing.wanted("ada", allow, retry_after)


def test_the_doors_of_traefik() -> None:
    closed = traefik.door(["10.0.0.1/32"], _asked("192.0.2.0/24"), True)["maintenance.yml"]
    middlewares = json.loads(closed)["http"]["middlewares"]
    assert middlewares["health"]["ipAllowList"] == {"sourceRange": ["127.0.0.1"], "rejectStatusCode": 503}
    assert sorted(middlewares) == [
        "health",
        "maintenance",
        "maintenance-by-balancer",
        "maintenance-door",
        "maintenance-door-by-balancer",
        "maintenance-opens-after",
    ]
    by_balancer = middlewares["maintenance-door-by-balancer"]["ipAllowList"]
    assert by_balancer == {
        "sourceRange": ["127.0.0.1", "192.0.2.0/24"],
        "rejectStatusCode": 503,
        "ipStrategy": {"excludedIPs": ["10.0.0.1/32"]},
    }
    opened = json.loads(traefik.door([], None, False)["maintenance.yml"])["http"]["middlewares"]
    assert opened["maintenance-door"] == {"ipAllowList": {"sourceRange": ["0.0.0.0/0", "::/0"]}}
