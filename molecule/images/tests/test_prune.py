"""Images that are not removed from a server: those of releases, of containers, and of others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import images
from tests.support.images import Engine, digest

Playbook = Callable[..., Any]

RELEASES = "/opt/stacks/pair/releases"
KEPT = "/opt/releases.kept"


@pytest.fixture(scope="module")
def shipped(host: Any, playbook: Playbook) -> tuple[str, str]:
    """Upload two releases with different images of alpha. Return the pinned references, the older one first."""
    host.check_output(f"sudo rm -rf /opt/stacks/* {KEPT}")
    pinned = []
    with images.contexts() as folder:
        for content in ("older", "newer"):
            (folder / "alpha/content").write_text(f"{content}\n")
            for name in ("images", "../molecule/images/upload"):
                run = playbook(name)
                assert run.code == 0, run.output
            pinned.append(f"registry:5000/pair/alpha@{digest('alpha')}")
    host.check_output(f"sudo cp -a {RELEASES} {KEPT}")
    return pinned[0], pinned[1]


@pytest.fixture
def two_releases(host: Any, shipped: tuple[str, str]) -> tuple[str, str]:
    """Restore both releases and their images."""
    host.check_output(f"sudo rm -rf {RELEASES} && sudo cp -a {KEPT} {RELEASES}")
    for pinned in shipped:
        host.check_output(f"docker pull --quiet {pinned}")
    return shipped


def _remove_oldest_release(host: Any) -> None:
    host.check_output(f"sudo rm -r {RELEASES}/$(sudo ls {RELEASES} | head -1)")


def _prune(playbook: Playbook, *options: str) -> Any:
    run = playbook("../molecule/images/prune", *options)
    assert run.code == 0, run.output
    return run


def test_an_image_is_removed_after_the_last_release_that_refers_to_it(
    host: Any, engine: Engine, playbook: Playbook, two_releases: tuple[str, str]
) -> None:
    older, newer = two_releases
    _prune(playbook)
    before = engine.references()
    assert {older, newer} <= before

    _remove_oldest_release(host)
    assert f"would remove {older}" in _prune(playbook, "--check").output
    assert engine.references() == before

    run = _prune(playbook)
    assert run.changed == 1
    assert f"removed {older}" in run.output
    assert "freed" in run.output
    assert engine.references() == before - {older}
    assert engine.run(newer, "cat", "/content") == "newer"
    assert _prune(playbook).changed == 0


def test_images_of_others_stay(host: Any, engine: Engine, playbook: Playbook, two_releases: tuple[str, str]) -> None:
    older, _ = two_releases
    _remove_oldest_release(host)
    host.check_output("sudo cp -a /opt/stacks/pair /opt/stacks/twin")
    host.check_output(f"docker tag {older} somebody/elses:1")
    host.check_output("docker pull --quiet nginx:1.30")
    others = engine.references() - {older}
    assert _prune(playbook).changed == 1
    assert engine.references() == others

    host.check_output("sudo rm -r /opt/stacks/pair/releases")
    run = playbook("../molecule/images/prune")
    assert run.code == 2
    assert "stack 'pair': nothing has been deployed on this host" in run.output
    assert engine.references() == others
    host.check_output("sudo rm -r /opt/stacks/twin && docker rmi somebody/elses:1")


def test_the_image_of_a_stopped_container_stays(
    host: Any, engine: Engine, playbook: Playbook, two_releases: tuple[str, str]
) -> None:
    older, _ = two_releases
    container = host.check_output(f"docker create {older} true")
    _remove_oldest_release(host)
    assert _prune(playbook).changed == 0
    host.check_output(f"docker rm {container}")
    assert _prune(playbook).changed == 1
    assert older not in engine.references()


def test_nothing_is_removed_if_a_release_cannot_be_read(
    host: Any, engine: Engine, playbook: Playbook, two_releases: tuple[str, str]
) -> None:
    before = engine.references()
    host.check_output(f"echo '{{' | sudo tee {RELEASES}/$(sudo ls {RELEASES} | head -1)/manifest.json")
    run = playbook("../molecule/images/prune")
    assert run.code == 2
    assert "Until then, the images that this release needs are unknown" in run.output
    assert engine.references() == before


def test_the_host_loses_what_belongs_to_no_stack_and_nothing_else(
    host: Any, engine: Engine, playbook: Playbook, two_releases: tuple[str, str]
) -> None:
    host.check_output("docker network create nobodys && docker volume create nobodys")
    host.check_output("docker network create --label com.docker.compose.project=stopped stopped_default")
    build = "mkdir -p /tmp/cached && cd /tmp/cached && date > date && echo 'FROM scratch\nCOPY date /' > Dockerfile"
    host.check_output(f"{build} && echo 'services: {{cached: {{build: .}}}}' > compose.yaml && docker compose build -q")
    host.check_output("docker rmi cached-cached")
    cache = "docker system df --format '{{.Type}} {{.Size}}' | grep Build"
    assert host.check_output(cache) != "Build Cache 0B"
    before = engine.references()
    # Why images are left alone: an engine takes those of releases, which it has by digest alone, for dangling ones.
    newer = host.check_output(f"docker image inspect --format '{{{{.Id}}}}' {two_releases[1]}")
    assert newer in host.check_output("docker images --quiet --no-trunc --filter dangling=true").split()

    run = playbook("../molecule/images/prune_host")
    assert (run.code, run.changed > 0) == (0, True), run.output
    assert set(two_releases) <= engine.references() == before
    networks = host.check_output("docker network ls --format '{{.Name}}'").split()
    assert "stopped_default" in networks
    assert "nobodys" not in networks
    assert "nobodys" in host.check_output("docker volume ls --quiet")
    assert host.check_output(cache) == "Build Cache 0B"
    assert playbook("../molecule/images/prune_host").changed == 0
    host.check_output("docker network rm stopped_default; docker volume rm nobodys")


def test_the_engine_can_be_shown(host: Any, playbook: Playbook) -> None:
    run = playbook("status", status_engine=True)
    assert (run.code, run.changed) == (0, 0), run.output
    assert re.search(r"storage driver overlay2: 0 of 0 containers run, \d+ images take [\d.]+ .B", run.output)
