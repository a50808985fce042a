"""The edge's directory on the host, as far as no container is needed for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import public_address
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from tests.support.on_host import container, spec, tree

MANIFEST: dict[str, Any] = {
    "release": "r1",
    "services": {"web": spec(), "edge": spec(edge=True, ports=["80:8080"])},
    "upstreams": [{"service": "web", "port": 8000}],
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    write_text(home.release("r1") / "edge/nginx.conf", "events {}\n")
    return home


@pytest.mark.parametrize(
    ("port", "address"),
    [
        ("80:8080", ("127.0.0.1", 80)),
        ("8420:8080/tcp", ("127.0.0.1", 8420)),
        ("0.0.0.0:80:8080", ("127.0.0.1", 80)),
        ("10.0.0.1:80:8080", ("10.0.0.1", 80)),
        ("[::]:80:8080", ("::1", 80)),
        ("[fd00::1]:80:8080", ("fd00::1", 80)),
    ],
)
def test_where_the_edge_answers_on_this_host(port: str, address: tuple[str, int]) -> None:
    published = [port, "9999:9999"]
    alone = {"services": {"web": spec(), "edge": spec(edge=True, ports=published)}}
    with_pod = {"services": {"edge-pod": spec(ports=published), "edge": spec(edge=True, pod="edge-pod")}}
    assert public_address(alone) == public_address(with_pod) == address


def test_which_service_is_the_edge() -> None:
    assert configuration.edge_of(MANIFEST) == "edge"
    assert configuration.edge_of({"services": {"web": spec()}}) is None


def test_one_that_is_to_be_started_has_no_name_yet(home: Home) -> None:
    for targets in ({}, {"web": []}):
        files = configuration.render(home, MANIFEST, targets)
        assert files["upstreams/web_8000.conf"] == "server to-be-started:8000 resolve max_fails=0;\n"


def test_what_is_no_file_of_the_release_is_none_of_the_configuration(home: Home) -> None:
    (home.release("r1") / "edge/.nginx.conf.swp").write_bytes(b"b0VIM 9.1\0\xff\xfe")
    (home.release("r1") / "edge/nginx.conf").write_bytes(b"# Gr\xf6\xdfe\n")
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1"]})
    assert ".nginx.conf.swp" not in files
    name = configuration.write_version(home, files)
    assert (home.edge / "versions" / name / "nginx.conf").read_bytes() == b"# Gr\xf6\xdfe\n"


def test_a_configuration_is_completed_by_what_the_host_knows(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1", "shop-web-2"]})
    assert files == {
        "nginx.conf": "events {}\n",
        "release.conf": 'map "" $slipway_release { default "r1"; }\n',
        "upstreams/web_8000.conf": (
            "server shop-web-1:8000 resolve max_fails=0;\nserver shop-web-2:8000 resolve max_fails=0;\n"
        ),
    }


def test_a_configuration_is_laid_down_once_and_is_not_live_by_that(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1"]})
    name = configuration.write_version(home, files)
    assert configuration.write_version(home, files) == name
    assert configuration.live_version(home) is None
    assert tree(home.edge) == [f"versions/{name}/{path}" for path in sorted(files)]
    other = configuration.write_version(home, configuration.render(home, MANIFEST, {"web": ["shop-web-2"]}))
    assert other != name


def test_what_a_killed_process_left_half_done_is_made_anew(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1"]})
    name = configuration.write_version(Home(str(home.path / "elsewhere")), files)
    write_text(home.edge / "versions" / f".{name}" / "rest.conf", "half")
    assert configuration.write_version(home, files) == name
    assert tree(home.edge) == [f"versions/{name}/{path}" for path in sorted(files)]


def test_the_live_configuration_is_kept_and_no_other(home: Home) -> None:
    one, two = (
        configuration.write_version(home, configuration.render(home, MANIFEST, {"web": [name]})) for name in ("a", "b")
    )
    configuration.set_live(home, one)
    configuration.set_live(home, two)
    assert configuration.live_version(home) == two
    configuration.prune_versions(home)
    assert [path.name for path in (home.edge / "versions").iterdir()] == [two]
    assert (home.edge / "current/nginx.conf").is_file()


class _Proxy:
    """A proxy that takes every configuration, and remembers which it was to check and to serve."""

    LOOK_UP_SECONDS = 0.0

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.served: list[str | None] = []

    def host_files(self, _manifest: Any, targets: dict[str, list[str]]) -> dict[str, str]:
        return {"names": json.dumps(targets)}

    def test(self, _home: Home, _manifest: Any, names: list[str], _running: Any) -> None:
        self.checked += names

    def reload(self, home: Home, _manifest: Any, _running: Any) -> None:
        assert set(self.checked) >= {configuration.live_version(home)}
        self.served.append(configuration.live_version(home))

    def has_old_connections(self, *_given: Any) -> bool:
        return False


def test_what_was_checked_ahead_is_not_checked_at_the_switch(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = _Proxy()
    monkeypatch.setattr(configuration, "proxy", lambda _manifest: proxy)
    monkeypatch.setattr(configuration, "confirm", lambda *_given: None)
    manifest = {**MANIFEST, "services": {"web": spec(), "edge": spec(edge=True, drain_seconds=0.0)}}
    home.state.mkdir()
    journal = Journal(home.journal, "r1")
    found = {"web": [container("web", number) for number in (1, 2)], "edge": [container("edge")]}
    final = configuration.write_version(home, configuration.render(home, manifest, {"web": ["shop-web-2"]}))
    accepted = configuration.test_ahead(home, manifest, found, final)
    assert accepted == set(proxy.checked)
    configuration.apply(home, manifest, found, final, journal, accepted=accepted)
    both, last = proxy.served
    assert ({both, last}, last, len(proxy.checked)) == (accepted, final, 2)

    # Another container than was thought of.
    found["web"].append(container("web", 3))
    configuration.apply(home, manifest, found, final, journal, accepted=accepted)
    assert (proxy.checked[2:], proxy.served[3]) == ([proxy.served[2]], final)
