"""What services use of each other by their Compose keys: the order, the replacement, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    START_FIRST,
    replacement,
)

from tests.support.compose_projects import release_of
from tests.support.descriptions import example, model, parcel, plain

_PROJECT = """\
services:
  web: {{image: "registry.example.com/web:1", {web}}}
  vpn: {{image: "registry.example.com/vpn:1", cap_add: [NET_ADMIN], {vpn}}}
"""


def _manifest(folder: Path, web: str, vpn: str = "init: true") -> dict[str, Any]:
    return dict(release_of(_PROJECT.format(web=web, vpn=vpn), folder).content()["services"])


@pytest.mark.parametrize(
    ("web", "vpn", "key"),
    [
        ("network_mode: 'service:vpn'", "init: true", "network_mode"),
        ("network_mode: 'service:vpn', depends_on: [vpn]", "ports: ['8080:8080']", "network_mode"),
        ("network_mode: 'container:tunnel'", "container_name: tunnel", "network_mode"),
        ("ipc: 'service:vpn'", "ipc: shareable", "ipc"),
        ("pid: 'service:vpn'", "init: true", "pid"),
    ],
)
def test_a_shared_namespace_makes_both_be_replaced_together_in_place(
    tmp_path: Path, web: str, vpn: str, key: str
) -> None:
    services = _manifest(tmp_path, web, vpn)
    # The order of the file is the other way round.
    assert list(services) == ["vpn", "web"]
    assert (services["web"]["follows"], services["web"]["depends_on"]) == ({"vpn": [key]}, ["vpn"])
    assert replacement(services["vpn"]) == replacement(services["web"]) == IN_PLACE


@pytest.mark.parametrize(
    ("web", "key", "of_vpn"),
    [
        ("volumes_from: ['vpn:ro']", "volumes_from", IN_PLACE),
        ("links: ['vpn:tunnel']", "links", START_FIRST),
        ("depends_on: {vpn: {condition: service_started, restart: true}}", "depends_on", START_FIRST),
    ],
)
def test_volumes_links_and_restarts_make_a_follower_that_rolls(tmp_path: Path, web: str, key: str, of_vpn: str) -> None:
    services = _manifest(tmp_path, web)
    assert services["web"]["follows"] == {"vpn": [key]}
    assert (replacement(services["vpn"]), replacement(services["web"])) == (of_vpn, START_FIRST)


@pytest.mark.parametrize("web", ["depends_on: [vpn]", "network_mode: host", "network_mode: 'container:of-another'"])
def test_other_services_are_not_followed(tmp_path: Path, web: str) -> None:
    services = _manifest(tmp_path, web)
    assert services["web"]["follows"] == {}
    assert replacement(services["vpn"]) == START_FIRST


def test_a_service_in_the_network_of_another_has_no_network_of_its_own(tmp_path: Path) -> None:
    """Compose refuses both together."""
    release = release_of(
        _PROJECT.format(web="network_mode: 'service:vpn', depends_on: [vpn]", vpn="init: true"), tmp_path
    )
    web = yaml.safe_load(release.files["compose.yaml"])["services"]["web"]
    assert "networks" not in web
    described = {"a": plain(), "b": plain(needs=["a"], compose={"network_mode": "service:a"})}
    assert "networks" not in yaml.safe_load(parcel(described).files["compose.yaml"])["services"]["b"]


def test_a_chain_is_ordered_and_late_together() -> None:
    services = {
        "c": plain(compose={"network_mode": "service:b"}, needs=["app"]),
        "b": plain(compose={"network_mode": "service:a"}),
        "a": plain(),
        "app": plain(),
    }
    content = parcel(services).content()["services"]
    assert [name for name in content if name != "app"] == ["a", "b", "c"]
    # The last of them waits for the application, so the others stay with it.
    assert [content[name]["late"] for name in ("a", "b", "c")] == [True, True, True]


def test_a_one_shot_may_use_a_service_that_is_replaced_before_it() -> None:
    services = {"vpn": plain(), "job": plain(**{"class": "oneshot"}, compose={"network_mode": "service:vpn"})}
    assert list(parcel(services).content()["services"]) == ["vpn", "job"]


@pytest.mark.parametrize(
    ("services", "message"),
    [
        (
            {"a": plain(compose={"network_mode": "service:b"}), "b": plain(compose={"pid": "service:a"})},
            "service 'a': keys 'needs', 'network_mode', 'pid' are a circle: a -> b -> a",
        ),
        (
            {"a": plain(compose={"network_mode": "service:a"})},
            "service 'a': keys 'needs', 'network_mode' are a circle: a -> a",
        ),
        (
            {"vpn": plain(), "a": plain(compose={"ipc": "service:vnp"})},
            "service 'a': key 'ipc': there is no service 'vnp'; did you mean 'vpn'?",
        ),
        (
            {"a": plain(compose={"volumes_from": ["data:ro"]})},
            "service 'a': key 'volumes_from': there is no service 'data'",
        ),
        (
            {"seed": plain(**{"class": "oneshot"}), "a": plain(compose={"network_mode": "service:seed"})},
            "service 'a': key 'network_mode': 'seed' is a one-shot, which ends and takes it along",
        ),
        (
            example(exporter=plain(compose={"network_mode": "service:edge"})),
            "service 'exporter': key 'network_mode': 'edge' is the edge, whose containers are replaced side by side",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(services: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="service") as caught:
        model(services)
    assert str(caught.value).startswith(message)
