"""The log of a container as lines with times, within limits."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import log_stream
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.log_stream import Limit

from tests.support.fake_engine import Answer

QUERY = {"stdout": 1, "stderr": 1, "timestamps": 1, "since": "1.500000000", "until": "2.000000000"}


def _path(tail: str = "all") -> str:
    return f"/v1.44/containers/c1/logs?{urllib.parse.urlencode({**QUERY, 'tail': tail})}"


def _limit(size: int = 10**6, seconds: float = 10.0) -> Limit:
    return Limit(size, time.monotonic() + seconds)


def _read(limit: Limit, tail: int = 0) -> list[tuple[str, str]]:
    return list(log_stream.read("c1", 1.5, 2.0, tail, limit))


def _frame(text: bytes, stream: int = 1) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


@pytest.fixture
def framed(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Let the engine answer with frames: the fake one sends no type of content."""

    def start(body: Any) -> None:
        monkeypatch.setattr(log_stream, "_FRAMES", "")
        answer({_path(): (200, body)})

    return start


def test_output_and_errors_are_lines(framed: Callable[[Any], None]) -> None:
    framed(_frame(b"t1 out\n") + _frame(b"t2 er", 2) + _frame(b"ror\r\nt3 last", 2))
    assert _read(_limit()) == [("t1", "out"), ("t2", "error"), ("t3", "last")]


def test_a_container_with_a_terminal_has_no_frames(answer: Answer) -> None:
    answer({_path("5"): (200, b"t1 one\r\nt2 \xff\n")})
    limit = _limit()
    assert _read(limit, 5) == [("t1", "one"), ("t2", "\ufffd")]
    assert not limit.reached


def test_a_long_line_is_cut(framed: Callable[[Any], None]) -> None:
    framed(_frame(b"t1 " + b"x" * 100_000) + _frame(b"y\nt2 z\n"))
    (_, first), second = _read(_limit())
    assert (len(first), first[-1], second) == (log_stream.LINE - len("t1 ") + 1, "…", ("t2", "z"))


def test_what_is_over_the_limit_is_left_out_and_said(framed: Callable[[Any], None]) -> None:
    framed(_frame(b"t1 one\n") + _frame(b"t2 two\n"))
    limit = _limit(10)
    assert _read(limit) == [("t1", "one")]
    assert limit.reached


def test_an_engine_that_does_not_end_its_answer_is_left_at_the_deadline(framed: Callable[[Any], None]) -> None:
    def body() -> Iterator[bytes]:
        yield _frame(b"t1 one\n")
        while True:
            time.sleep(0.05)
            yield _frame(b"t2 more\n")

    framed(body)
    limit, started = _limit(seconds=0.4), time.monotonic()
    assert _read(limit)[0] == ("t1", "one")
    assert limit.reached
    assert time.monotonic() - started < 30


def test_a_driver_that_keeps_no_log_is_an_error_in_its_words(answer: Answer) -> None:
    answer({_path(): (501, {"message": "configured logging driver does not support reading"})})
    with pytest.raises(DockerError, match="does not support reading"):
        _read(_limit())
