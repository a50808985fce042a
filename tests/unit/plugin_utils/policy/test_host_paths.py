"""Every spelling of a path counts as that path."""

from __future__ import annotations

import posixpath

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.host_paths import has_socket, is_socket, normal
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.lists(st.sampled_from(["var", "run", "etc", "docker.sock", "a"]), min_size=1, max_size=4)
DETOURS = st.lists(st.sampled_from(["/", "/.", "/x/..", "//", "/././"]), min_size=5, max_size=5)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(names=NAMES, detours=DETOURS)
def test_a_detour_is_no_other_path(names: list[str], detours: list[str]) -> None:
    plain = "/" + "/".join(names)
    spelled = "".join(f"{detour}/{name}" for name, detour in zip(names, detours, strict=False))
    assert normal(spelled + detours[-1]) == plain == posixpath.normpath(plain)


@pytest.mark.parametrize(
    "path",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/x/podman.sock",
        "//./pipe/docker_engine",
        "/var/lib/incus/unix.socket",
    ],
)
def test_the_socket_of_an_engine_is_found_by_its_name(path: str) -> None:
    assert is_socket(normal(path))


@pytest.mark.parametrize("path", ["/run/docker.sock.md", "/run/postgresql/.s.PGSQL.5432", "/run/php/fpm.sock", "", "/"])
def test_another_socket_is_none_of_an_engine(path: str) -> None:
    assert not is_socket(normal(path))


@pytest.mark.parametrize("path", ["/", "/run/", "/var/run", "/run/user/1000", "${HOME}/.docker/run", "/run/containerd"])
def test_a_directory_with_the_socket_is_found(path: str) -> None:
    assert has_socket(normal(path))


@pytest.mark.parametrize("path", ["/var", "/srv/run", "/run/postgresql", "${HOME}", "./run"])
def test_another_directory_has_no_socket(path: str) -> None:
    assert not has_socket(normal(path))
