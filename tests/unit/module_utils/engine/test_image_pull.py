"""A pull ends when the download stalls, and not before."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import image_pull, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import abort
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support.fake_engine import Answer

DIGEST = f"sha256:{'0' * 64}"
PINNED = f"registry:5000/shop/app@{DIGEST}"
CREATE = f"/v1.44/images/create?fromImage=registry%3A5000%2Fshop%2Fapp&tag=sha256%3A{'0' * 64}"
RECORD = f"/v1.44/images/{'registry%3A5000/shop/app%40sha256%3A' + '0' * 64}/json"
STALL = 0.5


def _layer(status: str, current: int | None = None) -> bytes:
    return json.dumps({"id": "a1", "status": status, "progressDetail": {"current": current}}).encode() + b"\r\n"


@pytest.fixture(autouse=True)
def _login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "login_header", lambda reference: {"X-Registry-Auth": f"login for {reference}"})


def _pulled(answer: Answer, body: Any, status: int = 200, present: bool = True) -> Any:
    return answer({CREATE: (status, body), RECORD: (200 if present else 404, {"Id": "sha256:1"})})


def test_a_pull_has_the_login_of_the_host(answer: Answer) -> None:
    requests = _pulled(answer, lambda: iter([_layer("Pulling fs layer"), _layer("Pull complete")]))
    image_pull.pull(PINNED)
    assert [path for path, _headers in requests] == [CREATE, RECORD]
    assert requests[0][1]["X-Registry-Auth"] == f"login for {PINNED}"


def test_a_slow_download_is_not_interrupted(answer: Answer) -> None:
    def slow() -> Iterator[bytes]:
        for number in range(8):
            time.sleep(STALL / 3)
            yield _layer("Downloading", number * 1000)

    _pulled(answer, slow)
    image_pull.pull(PINNED, STALL)


def _silent() -> Iterator[bytes]:
    yield b""
    time.sleep(30)


def _stops() -> Iterator[bytes]:
    yield from (_layer("Downloading", number) for number in range(3))
    time.sleep(30)


def _repeats() -> Iterator[bytes]:
    while True:
        time.sleep(0.05)
        yield _layer("Downloading", 5000)


def _retries() -> Iterator[bytes]:
    for number in range(1000, 0, -1):
        time.sleep(0.05)
        yield _layer(f"Retrying in {number} seconds")


def _readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == image_pull.READER]


@pytest.mark.parametrize("body", [_silent, _stops, _repeats, _retries])
def test_a_download_that_stalls_fails(answer: Answer, body: Callable[[], Iterator[bytes]]) -> None:
    _pulled(answer, body)
    started = time.monotonic()
    with pytest.raises(DockerError, match=rf"^pulling {PINNED} made no progress for 0\.5 s$"):
        image_pull.pull(PINNED, STALL)
    assert STALL <= time.monotonic() - started < STALL + 2
    for thread in _readers():
        thread.join(5)
    assert _readers() == []


def test_an_engine_that_does_not_answer_fails(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DockerError, match="the Docker engine does not answer"):
        image_pull.pull(PINNED, STALL)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, {"message": "pull access denied"}, "pull access denied"),
        (
            200,
            lambda: iter([_layer("Downloading"), b'{"errorDetail": {"message": "EOF"}, "error": "unexpected EOF"}\n']),
            "unexpected EOF",
        ),
        (200, lambda: iter([b"not JSON\n"]), "the Docker engine does not answer"),
    ],
)
def test_an_error_of_the_engine_is_reported(answer: Answer, status: int, body: Any, message: str) -> None:
    _pulled(answer, body, status)
    with pytest.raises(DockerError, match=message):
        image_pull.pull(PINNED, STALL)


def test_a_pull_that_ends_without_the_image_fails(answer: Answer) -> None:
    _pulled(answer, lambda: iter([_layer("Downloading", 1)]), present=False)
    with pytest.raises(DockerError, match=r"ended the pull of .* too early"):
        image_pull.pull(PINNED, STALL)


def test_an_abort_ends_a_pull(answer: Answer, tmp_path: Path) -> None:
    _pulled(answer, _silent)
    abort.watch.open(tmp_path / "abort.json", "r1")
    threading.Timer(0.2, abort.request, (tmp_path / "abort.json", "r1", "ada@laptop")).start()
    with pytest.raises(RolloutFailed, match="ada@laptop aborted the rollout"):
        image_pull.pull(PINNED, 60.0)
