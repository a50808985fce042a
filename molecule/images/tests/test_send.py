"""Images without a registry: they are sent to the server, deployed, and rolled back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import images
from tests.support.images import Engine
from tests.support.stacks import Stack

Playbook = Callable[..., Any]

IMAGE = "localhost/pair/alpha"


def _services(tag: str = "1.0") -> dict[str, Any]:
    return {
        "alpha": {
            "kind": "custom",
            "image": f"{IMAGE}:{tag}",
            "build": {"context": "../contexts/alpha"},
            "command": ["sleep", "infinity"],
            "health": {"test": ["CMD", "test", "-e", "/content"], "interval": "1s", "start_period": "5s"},
            "stop_grace": "1s",
        }
    }


@pytest.fixture
def pair(host: Any, playbook: Playbook) -> Stack:
    """A server without a release of the stack. It has the layers of the base image from other images."""
    host.check_output("sudo rm -rf /opt/stacks/*")
    assert playbook("../molecule/images/pull").code == 0
    return Stack(host, "pair", 0)


def _content(stack: Stack) -> str:
    (container,) = stack.containers("alpha")
    return str(stack.host.check_output(f"docker exec {container} cat /content"))


def _send(playbook: Playbook) -> Any:
    run = playbook("images", stack_services=_services())
    assert run.code == 0, run.output
    return run


def _release(playbook: Playbook) -> None:
    run = playbook("deploy", stack_services=_services())
    assert run.code == 0, run.output


def test_an_image_is_sent_deployed_and_rolled_back(pair: Stack, host: Any, playbook: Playbook, engine: Engine) -> None:
    with images.contexts() as folder:
        missing = playbook("deploy", stack_services=_services())
        assert missing.code == 2
        assert f"service 'alpha': key 'image': {IMAGE}:1.0 is not on this host; send it with playbooks/images.yml" in (
            missing.output
        )

        (folder / "alpha/content").write_text("first\n")
        # The server has the lower layers from images of the registry.
        assert re.search(rf"sending {IMAGE}:1\.0: 1 of \d+ layers, 0\.0 MiB", _send(playbook).output)
        assert _send(playbook).changed == 0
        _release(playbook)
        first = pair.live()
        assert _content(pair) == "first"
        pinned = host.check_output("grep image: %s/current/compose.images.yaml", pair.home)
        assert re.search(rf'image: "sha256:[0-9a-f]{{64}}"  # {IMAGE}:1\.0', pinned)

        # Another image under the same tag.
        (folder / "alpha/content").write_text("second\n")
        check = playbook("images", "--check", stack_services=_services())
        assert (check.code, check.changed) == (0, 0), check.output
        assert "sending" in _send(playbook).output
        assert _content(pair) == "first"
        plan = playbook("plan", stack_services=_services())
        assert "alpha roll image digest" in plan.output
        _release(playbook)
        assert _content(pair) == "second"
        assert playbook("deploy", stack_services=_services()).changed == 0

        back = playbook("rollback")
        assert back.code == 0, back.output
        assert (pair.live(), _content(pair)) == (first, "first")
        assert len([one for one in engine.references() if one.startswith(f"{IMAGE}:1.0-")]) == 2


def test_a_missing_image_without_a_build_is_refused(pair: Stack, playbook: Playbook) -> None:
    services = _services("9.9")
    del services["alpha"]["build"]
    run = playbook("images", stack_services=services)
    assert run.code == 2
    assert f"service 'alpha': key 'image': this machine has no {IMAGE}:9.9 to send" in run.output
    assert pair.containers() == []


@pytest.fixture(autouse=True)
def _removed(host: Any) -> Any:
    yield
    host.run("docker ps --all --quiet --filter label=com.docker.compose.project=pair | xargs -r docker rm --force")
    host.check_output("sudo rm -rf /opt/stacks/pair")
