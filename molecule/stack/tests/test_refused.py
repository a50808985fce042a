"""Releases that cannot work are refused with a message, before anything on the host changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack, described

Playbook = Callable[..., Any]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
# nginx is in the registry, but not with this tag. Nothing listens on the second address.
NO_SUCH_TAG = "registry:5000/library/nginx:0.1"
NO_SUCH_REGISTRY = "127.0.0.1:9/page:1"
TAKEN = "8499"


def _page(**keys: Any) -> dict[str, Any]:
    return {"stack_services": described(INVENTORY, page=keys)}


@pytest.fixture
def _port_taken(host: Any) -> Iterator[None]:
    host.check_output("sudo systemd-run --quiet --unit=squatter python3 -m http.server %s", TAKEN)
    yield
    host.check_output("sudo systemctl stop squatter")


def _refused(kiosk: Stack, playbook: Playbook, variables: dict[str, Any], *sentences: str) -> None:
    before, containers = kiosk.tree(), kiosk.containers()
    run = playbook("deploy", **variables)
    assert run.code == 2, run.output
    assert run.changed == 0
    for sentence in sentences:
        assert sentence in run.output
    assert kiosk.tree() == before
    assert kiosk.containers() == containers


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param(
            _page(replica=3), "service 'page': unknown key 'replica'; did you mean 'replicas'?", id="misspelt key"
        ),
        pytest.param(_page(kind="custm"), "service 'page': unknown kind 'custm'; did you mean 'custom'?", id="kind"),
        pytest.param(
            _page(needs=["stor"]),
            "service 'page': key 'needs': there is no other service 'stor'; did you mean 'store'?",
            id="needs nothing",
        ),
        pytest.param(
            {"stack_services": described(INVENTORY, store={"needs": ["page"]})},
            "service 'store': key 'needs' is a circle: store -> page -> store",
            id="circle",
        ),
        pytest.param(
            {"stack_services": described(INVENTORY, store={"publish": ["8421:6379"]})},
            "service 'edge': port 8421/tcp of the host is published twice, here and by service 'store'",
            id="duplicate port",
        ),
        pytest.param(
            _page(stop_grace="90"),
            "service 'page': key 'stop_grace': '90' is not a duration; "
            "write a number with its unit, such as 30s or 1m30s",
            id="duration",
        ),
        pytest.param(
            _page(secrets=["api_token"]),
            "service 'page': key 'secrets': secret 'api_token' has no source; valid values: store_password; "
            "set stack_secrets.api_token to a vaulted value",
            id="secret without a source",
        ),
        pytest.param(_page(image="nginx:{{ page_version }}"), "'page_version' is undefined", id="missing variable"),
        pytest.param(
            _page(image=NO_SUCH_TAG),
            f"service 'page': key 'image': {NO_SUCH_TAG} is neither on this host nor in registry:5000 (no such image); "
            "build and push it, or correct the reference",
            id="missing image",
        ),
        pytest.param(
            _page(image=NO_SUCH_REGISTRY),
            f"service 'page': key 'image': {NO_SUCH_REGISTRY} is not on this host, and 127.0.0.1:9 cannot be reached",
            id="unreachable registry",
        ),
    ],
)
def test_a_wrong_description_is_refused(
    kiosk: Stack, playbook: Playbook, variables: dict[str, Any], sentence: str
) -> None:
    _refused(kiosk, playbook, variables, sentence)


@pytest.mark.usefixtures("_port_taken")
def test_all_findings_of_a_host_are_reported_together(kiosk: Stack, playbook: Playbook) -> None:
    services = described(INVENTORY, page={"image": NO_SUCH_TAG}, edge={"http_port": int(TAKEN)})
    services["extra"] = {**services["page"], "image": NO_SUCH_REGISTRY}
    _refused(
        kiosk,
        playbook,
        {"stack_services": services, "stack_min_free": "999999g"},
        f"service 'page': key 'image': {NO_SUCH_TAG} is neither on this host nor in registry:5000",
        f"service 'extra': key 'image': {NO_SUCH_REGISTRY} is not on this host, and 127.0.0.1:9 cannot be reached",
        f"service 'edge': port {TAKEN} of the host is taken by another process; stop it, or publish another port",
        "images: /var/lib/docker has",
        "MiB are required (stack_min_free)",
    )


def test_a_refused_first_deploy_leaves_no_files(host: Any, playbook: Playbook) -> None:
    stranger = Stack(host, "stranger", 0)
    _refused(stranger, playbook, {"stack_name": "stranger", "stack_min_free": "999999g"}, "(stack_min_free)")
    assert not host.file(stranger.home).exists


def test_files_in_an_anonymous_volume_are_not_lost(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    def notes(line: str, **keys: Any) -> dict[str, Any]:
        # Redis' image declares /data as a volume.
        keeper = {
            "kind": "custom",
            "class": "singleton",
            "image": "redis:8",
            "user": "999:999",
            "command": ["sh", "-c", f"echo {line} >> /data/notes && exec sleep infinity"],
            "health": {"test": ["CMD", "test", "-e", "/data/notes"]},
            "stop_grace": "1s",
        }
        return {"stack_services": described(INVENTORY, notes={**keeper, **keys})}

    first = playbook("deploy", **notes("one"))
    assert first.code == 0, first.output
    assert "data in /data is deleted with the container; mount a named volume or a tmpfs there" in first.output
    (keeper,) = kiosk.containers("notes")
    _refused(
        kiosk,
        playbook,
        notes("two"),
        "service 'notes': the data in /data, an anonymous volume",
        "docker cp kiosk-notes-1:/data DIRECTORY",
    )
    assert host.check_output("docker exec %s cat /data/notes", keeper) == "one"

    forgotten = playbook("deploy", **notes("two", compose={"tmpfs": ["/data:mode=1777"]}))
    assert forgotten.code == 0, forgotten.output
    (keeper,) = kiosk.containers("notes")
    assert host.check_output("docker exec %s cat /data/notes", keeper) == "two"
    back = playbook("deploy")
    assert back.code == 0, back.output


def test_a_network_with_containers_is_not_changed(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    narrow = {"stack_networks": {"app": {"driver_opts": {"com.docker.network.driver.mtu": "1400"}}}}
    _refused(
        kiosk,
        playbook,
        narrow,
        "network 'app': driver_opts changed while containers are attached",
        "'docker compose down' in its directory 'current' keeps the volumes",
    )
    # Do what the message says.
    for variables, options in ((narrow, '{"com.docker.network.driver.mtu":"1400"}'), ({}, "{}")):
        host.check_output("cd %s/current && sudo docker compose down", kiosk.home)
        run = playbook("deploy", **variables)
        assert run.code == 0, run.output
        assert host.check_output("docker network inspect -f '{{json .Options}}' kiosk_app") == options


def test_an_existing_volume_is_not_changed(kiosk: Stack, playbook: Playbook) -> None:
    memory = {"driver": "local", "driver_opts": {"type": "tmpfs", "device": "tmpfs"}}
    _refused(
        kiosk,
        playbook,
        {"stack_volumes": {"store-data": memory}},
        "volume 'store-data': driver, driver_opts changed, but the existing volume kiosk_store-data cannot be changed",
    )
