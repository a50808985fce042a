"""The edge's directory on the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import public_address
from ansible_collections.slipway.stack.plugins.module_utils.state import abort
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from tests.support.fake_host import container, spec, tree

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
def test_the_published_address_of_the_edge(port: str, address: tuple[str, int]) -> None:
    published = [port, "9999:9999"]
    without_pod = {"services": {"web": spec(), "edge": spec(edge=True, ports=published)}}
    with_pod = {"services": {"edge-pod": spec(ports=published), "edge": spec(edge=True, pod="edge-pod")}}
    assert public_address(without_pod) == public_address(with_pod) == address


def test_the_edge_of_a_manifest() -> None:
    assert configuration.edge_of(MANIFEST) == "edge"
    assert configuration.edge_of({"services": {"web": spec()}}) is None


def test_a_service_without_a_container_gets_a_name_that_does_not_exist_yet(home: Home) -> None:
    for targets in ({}, {"web": []}):
        files = configuration.render(home, MANIFEST, targets)
        assert files["upstreams/web_8000.conf"] == "server to-be-started:8000 resolve max_fails=0;\n"


def test_a_swap_file_of_an_editor_is_not_part_of_the_configuration(home: Home) -> None:
    (home.release("r1") / "edge/.nginx.conf.swp").write_bytes(b"b0VIM 9.1\0\xff\xfe")
    (home.release("r1") / "edge/nginx.conf").write_bytes(b"# Gr\xf6\xdfe\n")
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1"]})
    assert ".nginx.conf.swp" not in files
    name = configuration.write_version(home, files)
    assert (home.edge / "versions" / name / "nginx.conf").read_bytes() == b"# Gr\xf6\xdfe\n"


def test_the_host_adds_release_and_upstreams_to_the_configuration(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1", "shop-web-2"]})
    assert files == {
        "nginx.conf": "events {}\n",
        "release.conf": 'map "" $slipway_release { default "r1"; }\n',
        "upstreams/web_8000.conf": (
            "server shop-web-1:8000 resolve max_fails=0;\nserver shop-web-2:8000 resolve max_fails=0;\n"
        ),
    }


def test_a_configuration_is_written_once_and_does_not_become_live(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1"]})
    name = configuration.write_version(home, files)
    assert configuration.write_version(home, files) == name
    assert configuration.live_version(home) is None
    assert tree(home.edge) == [f"versions/{name}/{path}" for path in sorted(files)]
    other = configuration.write_version(home, configuration.render(home, MANIFEST, {"web": ["shop-web-2"]}))
    assert other != name


def test_an_incomplete_configuration_of_a_killed_process_is_written_again(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1"]})
    name = configuration.write_version(Home(str(home.path / "elsewhere")), files)
    write_text(home.edge / "versions" / f".{name}" / "rest.conf", "half")
    assert configuration.write_version(home, files) == name
    assert tree(home.edge) == [f"versions/{name}/{path}" for path in sorted(files)]


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_an_edited_live_configuration_is_found(home: Home, change: str) -> None:
    assert configuration.edited_version(home) is None
    name = configuration.write_version(home, configuration.render(home, MANIFEST, {"web": ["shop-web-1"]}))
    configuration.set_live(home, name)
    assert configuration.edited_version(home) is None
    file = home.edge / "current/nginx.conf"
    if change == "removed":
        file.unlink()
    else:
        (file if change == "edited" else file.with_name("more.conf")).write_bytes(b"# by hand \xff\n")
    assert configuration.edited_version(home) == str(home.edge / "versions" / name)


def test_only_the_live_configuration_is_kept(home: Home) -> None:
    old, live = (
        configuration.write_version(home, configuration.render(home, MANIFEST, {"web": [name]})) for name in ("a", "b")
    )
    configuration.set_live(home, old)
    configuration.set_live(home, live)
    assert configuration.live_version(home) == live
    configuration.prune_versions(home)
    assert [path.name for path in (home.edge / "versions").iterdir()] == [live]
    assert (home.edge / "current/nginx.conf").is_file()


class _Proxy:
    """A fake proxy that accepts every configuration, and records which it tests and which it loads."""

    NAME_LOOKUP_SECONDS = 0.0

    def __init__(self) -> None:
        self.tested: list[str] = []
        self.loaded: list[str | None] = []

    def host_files(
        self, _manifest: Any, targets: dict[str, list[str]], _certificate: Any, _away: Any
    ) -> dict[str, str]:
        return {"names": json.dumps(targets)}

    def test(self, _home: Home, _manifest: Any, names: list[str], _running: Any) -> None:
        self.tested += names

    def reload(self, home: Home, _manifest: Any, _running: Any) -> None:
        assert set(self.tested) >= {configuration.live_version(home)}
        self.loaded.append(configuration.live_version(home))

    def has_old_connections(self, *_arguments: Any) -> bool:
        return False


def test_a_configuration_is_not_tested_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = _Proxy()
    monkeypatch.setattr(configuration, "proxy", lambda _manifest: proxy)
    monkeypatch.setattr(configuration, "confirm", lambda *_arguments: None)
    manifest = {**MANIFEST, "services": {"web": spec(), "edge": spec(edge=True, drain_seconds=0.0)}}
    home.state.mkdir()
    journal = Journal(home.journal, "r1")
    containers = {"web": [container("web", number) for number in (1, 2)], "edge": [container("edge")]}
    final = configuration.write_version(home, configuration.render(home, manifest, {"web": ["shop-web-2"]}))
    tested = configuration.test_ahead(home, manifest, containers, final)
    assert tested == set(proxy.tested)
    configuration.apply(home, manifest, containers, final, journal, tested=tested)
    first, last = proxy.loaded
    assert ({first, last}, last, len(proxy.tested)) == (tested, final, 2)

    # A container that did not exist at the test.
    containers["web"].append(container("web", 3))
    configuration.apply(home, manifest, containers, final, journal, tested=tested)
    assert (proxy.tested[2:], proxy.loaded[3]) == ([proxy.loaded[2]], final)


def test_an_abort_ends_the_wait_for_open_connections(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = _Proxy()
    monkeypatch.setattr(proxy, "has_old_connections", lambda *_arguments: True)
    monkeypatch.setattr(configuration, "proxy", lambda _manifest: proxy)
    manifest = {**MANIFEST, "services": {"web": spec(), "edge": spec(edge=True, drain_seconds=600.0)}}
    home.state.mkdir()
    abort.request(home.abort, "r1", "eve@phone")
    abort.watch.open(home.abort, "r1")
    with pytest.raises(RolloutFailed, match="eve@phone aborted the rollout"):
        configuration.finish_connections(home, manifest, [container("edge")], Journal(home.journal, "r1"))


@pytest.mark.parametrize("text", ["", "events { worker_connections 1; }\n", None])
def test_an_edited_version_is_written_again(home: Home, text: str | None) -> None:
    files = {**configuration.render(home, MANIFEST, {}), "binary.conf": "\udcff\n"}
    name = configuration.write_version(home, files)
    path = home.edge / "versions" / name / "nginx.conf"
    before = path.stat().st_ino
    assert configuration.write_version(home, files) == name
    assert path.stat().st_ino == before
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert configuration.write_version(home, files) == name
    assert path.read_text() == "events {}\n"
