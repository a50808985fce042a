from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import (
    parse_duration,
    parse_size,
    size_text,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("1m30s", 90),
        ("2h", 7200),
        ("1h1m1s", 3661),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("250us", 0.00025),
        ("0s", 0),
    ],
)
def test_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


# A bare number is nanoseconds to Compose, which nobody means.
@pytest.mark.parametrize("text", ["30", 30, "", "s", "30 s", "-5s", "1d", "30S", "10s later", None, True, ["30s"]])
def test_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration; write a number with its unit, such as 30s or 1m30s"):
        parse_duration(text)


def test_a_duration_that_no_program_can_count_is_refused() -> None:
    with pytest.raises(ValueError, match="'2562048h' is longer than 292 years; write a shorter time, such as 24h"):
        parse_duration("2562048h")
    assert parse_duration("2562047h") == 2562047 * 3600


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [
        ("512m", 512 * 1024**2),
        ("2g", 2 * 1024**3),
        ("64k", 65536),
        ("10b", 10),
        (1024, 1024),
        ("1GB", 1024**3),
        ("0", 0),
        ("1.5g", 3 * 1024**3 // 2),
        ("1t", 1024**4),
        ("512 m", 512 * 1024**2),
        ("512mib", 512 * 1024**2),
    ],
)
def test_size(text: object, bytes_: int) -> None:
    assert parse_size(text) == bytes_


@pytest.mark.parametrize("text", ["", "m", "-1m", "1x", "512  m", "512mm", None, True, 1.5])
def test_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="is not a size; write a number with its unit, such as 512m or 2g"):
        parse_size(text)


def test_a_size_that_no_program_can_count_is_refused() -> None:
    with pytest.raises(ValueError, match="'99999999t' is more than 8 million terabytes; write a smaller size"):
        parse_size("99999999t")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (16_400_000, "16.4 MB"), (2_000_000_000, "2 GB"), (10**13, "10 TB")],
)
def test_size_for_a_person(size: int, text: str) -> None:
    assert size_text(size) == text
