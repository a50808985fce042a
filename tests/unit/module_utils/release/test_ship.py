"""Shipping a release to a host: a fake engine and a real directory."""

from __future__ import annotations

from errno import EADDRINUSE
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused, Shipped
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import link
from ansible_collections.slipway.stack.plugins.module_utils.state.rotation import Rotation
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.descriptions import example
from tests.support.fake_host import container, tree
from tests.support.ship_host import ORIGIN, RUNNING, ShipHost, make_live


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShipHost:
    return ShipHost(tmp_path, monkeypatch)


def _actions(shipped: Shipped) -> dict[str, str]:
    return {entry["service"]: entry["action"] for entry in shipped.plan}


def test_the_first_release_is_written_and_does_not_becomemake_live(host: ShipHost) -> None:
    shipped = host.ship("r1")
    assert (shipped.changed, shipped.release) == (True, "r1")
    assert set(_actions(shipped).values()) == {"create"}
    assert host.home.release_ids() == ["r1"]
    assert host.home.current_id() is None
    manifest = host.home.manifest("r1")
    assert manifest is not None
    assert {key: manifest[key] for key in (*ORIGIN, "release")} == {**ORIGIN, "release": "r1"}
    assert manifest["services"]["backend"]["pinned"] == "registry.example.com/shop/backend@sha256:11"
    assert host.commands == [["compose", "--profile", "*", "config", "--quiet"]]


def test_images_are_pinned_for_a_service_and_its_release_job(host: ShipHost) -> None:
    host.ship("r1")
    document = yaml.safe_load((host.home.release("r1") / "compose.images.yaml").read_text())["services"]
    assert document["backend"] == document["backend-release"]
    assert document["db"] == {"image": "postgres@sha256:11"}
    assert sorted(document) == sorted([*example(), "backend-release", "edge-pod"])


def test_the_addresses_of_secrets_are_in_the_env_file_of_compose(host: ShipHost) -> None:
    host.ship("r1")
    manifest = host.home.manifest("r1")
    assert manifest is not None
    lines = (host.home.release("r1") / ".env").read_text().splitlines()
    address = manifest["addresses"]["SECRET_SECRET_KEY_10001"]
    assert f'SECRET_SECRET_KEY_10001="{address}"' in lines
    assert (host.home.path / "secrets/10001" / f"secret_key.{address}").is_file()


def test_a_dry_run_writes_nothing(host: ShipHost) -> None:
    shipped = host.ship("r1", dry_run=True)
    assert set(_actions(shipped).values()) == {"create"}
    assert any(change["after_header"] == "compose.yaml" for change in shipped.diff)
    assert tree(host.root) == []


@pytest.mark.parametrize("fault", ["image", "disk"])
def test_a_refused_release_changes_nothing_on_the_host(host: ShipHost, fault: str) -> None:
    if fault == "image":
        host.missing = {"registry.example.com/shop/backend:1.4.2", "redis:8"}
    with pytest.raises(Refused) as caught:
        host.ship("r1", min_free=1 if fault == "image" else 1 << 62)
    # One line for each problem.
    assert len(str(caught.value).splitlines()) == (2 if fault == "image" else 1)
    assert tree(host.root) == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_unfinished_rotation_refuses_every_release(host: ShipHost, dry_run: bool) -> None:
    make_live(host)
    Rotation("key", "me", "r1").save(host.home)
    before = tree(host.root)
    with pytest.raises(Refused, match=r"playbooks/rotate_secret\.yml -e secret=key"):
        host.ship("r2", dry_run=dry_run)
    assert tree(host.root) == before


def test_a_release_that_compose_refuses_is_not_kept(host: ShipHost) -> None:
    host.refuses = "services.web.ports must be a list"
    with pytest.raises(Refused, match=r"^Compose does not accept the release: /compose.yaml: services.web.ports must"):
        host.ship("r1")
    assert host.home.release_ids() == []
    assert list(host.home.releases.iterdir()) == []


def test_the_plan_and_the_diff_show_the_differences_from_the_live_release(host: ShipHost) -> None:
    make_live(host)
    services = example(backend={"environment": {"LOG": "debug"}}, edge={"max_body": "1m"})
    shipped = host.ship("r2", services)
    assert shipped.changed
    changed = {entry["service"]: entry["because"] for entry in shipped.plan if entry["action"] != "unchanged"}
    assert changed["backend"] == ["variable LOG"]
    assert _actions(shipped)["edge"] == "reload"
    diff = {change["after_header"]: change for change in shipped.diff}
    assert 'LOG="debug"' in diff["env/backend.env"]["after"]
    assert 'LOG="debug"' not in diff["env/backend.env"]["before"]
    assert "compose.yaml" not in diff


def test_stray_and_edited_files_of_the_live_release_do_not_disturb(host: ShipHost) -> None:
    make_live(host)
    folder = host.home.release("r1")
    (folder / "edge/.nginx.conf.swp").write_bytes(b"b0VIM 9.1\0\xff\xfe")
    (folder / "compose.yaml").write_bytes(b"# Gr\xf6\xdfe\n")
    (folder / "env/backend.env").unlink()
    shipped = host.ship("r2", example(backend={"environment": {"LOG": "debug"}}))
    assert _actions(shipped)["edge"] == "unchanged"
    diff = {change["after_header"]: change["before"] for change in shipped.diff}
    assert diff["compose.yaml"].startswith("# Gr\ufffd\ufffde")
    assert diff["env/backend.env"] == ""
    assert "edge/.nginx.conf.swp" not in diff


def test_the_diff_shows_a_mounted_file_by_its_path_in_the_container(host: ShipHost) -> None:
    def services(text: str) -> dict[str, Any]:
        return example(backend={"files": {"/etc/app.conf": {"content": text}}})

    host.ship("r1", services("colour: red"))
    link(host.home.current, "releases/r1")
    host.running = RUNNING
    shipped = host.ship("r2", services("colour: blue"), dry_run=True)
    (diff,) = [change for change in shipped.diff if change["after_header"] == "backend:/etc/app.conf"]
    assert (diff["before"], diff["after"]) == ("colour: red", "colour: blue")
    because = {entry["service"]: entry["because"] for entry in shipped.plan}
    assert because["backend"] == ["file /etc/app.conf"]


@pytest.mark.parametrize("live", [True, False])
def test_removed_files_of_a_release_on_the_host_are_written_again(host: ShipHost, live: bool) -> None:
    services = example(backend={"files": {"/etc/app.conf": {"content": "colour: red"}}})
    host.ship("r1", services)
    if live:
        link(host.home.current, "releases/r1")
        host.running = RUNNING
    removed = [*host.home.files.rglob("app.conf"), *host.home.path.glob("secrets/*/secret_key.*")]
    assert len(removed) >= 2
    before = tree(host.root)
    for path in removed:
        path.unlink()
    removed[0].mkdir()
    without = tree(host.root)
    host.ship("r2", services, dry_run=True)
    assert tree(host.root) == without
    assert host.ship("r2", services).release == "r1"
    assert tree(host.root) == before


def test_the_release_of_a_failed_deploy_is_used_again(host: ShipHost) -> None:
    make_live(host)
    services = example(frontend={"image": "registry.example.com/shop/frontend:2"})
    assert host.ship("r2", services).release == "r2"
    assert host.ship("r3", services).release == "r2"
    assert host.home.release_ids() == ["r1", "r2"]


def test_a_new_release_is_later_than_all_others_whatever_the_clocks_say(host: ShipHost) -> None:
    make_live(host, "20261121T235959Z-b")
    services = example(frontend={"image": "registry.example.com/shop/frontend:2"})
    # The controller of the live release was an hour ahead.
    assert host.ship("20261121T225959Z-a", services, dry_run=True).release == "20261122T000000Z-a"
    assert host.ship("20261121T225959Z-a", services).release == "20261122T000000Z-a"
    # The release of a failed deploy is used again.
    assert host.ship("20261121T230000Z-c", services).release == "20261122T000000Z-a"
    other = example(frontend={"image": "registry.example.com/shop/frontend:3"})
    assert host.ship("20261122T000000Z-a", other).release == "20261122T000001Z-a"
    assert host.ship("20261123T000000Z-a", example(frontend={"replicas": 2})).release == "20261123T000000Z-a"
    assert host.home.release_ids()[-1] == "20261123T000000Z-a"


def test_a_directory_that_somebody_has_named_does_not_disturb_the_order(host: ShipHost) -> None:
    make_live(host, "20261121T235959Z-b")
    (host.home.releases / "backup").mkdir()
    services = example(frontend={"image": "registry.example.com/shop/frontend:2"})
    assert host.ship("20261122T000000Z-a", services).release > "backup"


def test_a_port_of_another_service_of_the_stack_is_checked_against_the_plan(
    host: ShipHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_live(host)
    monkeypatch.setattr(preflight, "_bind_error", lambda _address, port, _protocol: EADDRINUSE if port == 81 else None)
    monkeypatch.setattr(docker, "containers_publishing", lambda *_place: ["shop-frontend-1"])
    services = example(edge={"http_port": 81})
    with pytest.raises(Refused, match=r"service 'edge': port 81 of the host belongs to service 'frontend'"):
        host.ship("r2", services)
    # An interrupted rollout is reverted first. Until then, the holder of the port is not known.
    Transaction("r2", "r1", "ada@laptop", old={one.service: [one.id] for one in RUNNING}).save(host.home.transaction)
    assert host.ship("r3", services).changed


def test_a_moved_tag_does_not_stop_a_database(host: ShipHost) -> None:
    make_live(host)
    host.digest = "sha256:22"
    shipped = host.ship("r2", example(backend={"environment": {"LOG": "debug"}}))
    actions = _actions(shipped)
    assert (actions["db"], actions["redis"]) == ("unchanged", "unchanged")
    assert (actions["backend"], actions["frontend"]) == ("roll", "roll")


def test_a_database_is_stopped_only_if_it_is_allowed_by_name(host: ShipHost) -> None:
    make_live(host)
    services = example(db={"memory": "1g"})
    before = tree(host.root)
    with pytest.raises(Refused, match=r"service 'db': it holds data and would be down .*deploy_allow_downtime: \[db\]"):
        host.ship("r2", services)
    assert tree(host.root) == before
    assert _actions(host.ship("r2", services, allow_downtime=["db"]))["db"] == "recreate"


def test_a_pod_keeps_its_image_when_nginx_changes(host: ShipHost) -> None:
    make_live(host)
    host.digest = "sha256:22"
    shipped = host.ship("r2", example(edge={"version": "1.31", "memory": "128m"}))
    actions = _actions(shipped)
    assert (actions["edge-pod"], actions["edge"]) == ("unchanged", "roll")
    manifest = host.home.manifest("r2")
    assert manifest is not None
    services = manifest["services"]
    assert (services["edge-pod"]["image"], services["edge-pod"]["pinned"]) == ("nginx:1.30", "nginx@sha256:11")
    assert (services["edge"]["image"], services["edge"]["pinned"]) == ("nginx:1.31", "nginx@sha256:22")
    document = yaml.safe_load((host.home.release("r2") / "compose.images.yaml").read_text())["services"]
    assert document["edge-pod"] == {"image": "nginx@sha256:11"}


def test_another_port_recreates_the_pod_and_the_edge(host: ShipHost) -> None:
    make_live(host)
    host.digest = "sha256:22"
    shipped = host.ship("r2", example(edge={"version": "1.31", "http_port": 81}))
    entries = {entry["service"]: entry for entry in shipped.plan}
    assert (entries["edge-pod"]["action"], entries["edge"]["action"]) == ("recreate", "recreate")
    assert [entries[name]["downtime"] for name in ("edge-pod", "edge")] == [True, True]
    assert "ports" in entries["edge-pod"]["because"]
    manifest = host.home.manifest("r2")
    assert manifest is not None
    assert manifest["services"]["edge-pod"]["pinned"] == "nginx@sha256:22"


def test_data_of_a_killed_first_deploy_is_not_in_use(host: ShipHost) -> None:
    """The deploy was killed after it started the database. No release was ever live."""
    host.ship("r1")
    Transaction("r1", None, "ada@laptop").save(host.home.transaction)
    host.running = [container("db"), container("redis")]
    assert set(_actions(host.ship("r2")).values()) == {"create"}


def test_the_database_of_the_live_release_is_protected_after_an_interrupted_rollout(host: ShipHost) -> None:
    make_live(host)
    old = {name: [one.id for one in RUNNING if one.service == name] for name in example()}
    Transaction("r2", "r1", "ada@laptop", old=old).save(host.home.transaction)
    with pytest.raises(Refused, match="service 'db': it holds data"):
        host.ship("r3", example(db={"memory": "1g"}))
