"""Streams between commands and compressed files: real processes, and zstd as Debian has it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError

NUMBERS = ["sh", "-ec", "seq 300000; echo done >&2"]


def test_a_stream_comes_back(tmp_path: Path) -> None:
    saved = streams.save(NUMBERS, tmp_path / "numbers.zst", 60.0)
    assert saved.errors == ("done",)
    assert saved.size == (tmp_path / "numbers.zst").stat().st_size
    assert (tmp_path / "numbers.zst").stat().st_mode & 0o777 == 0o600
    said = streams.restore(
        tmp_path / "numbers.zst", ["sh", "-ec", f"cat > {tmp_path}/back; echo all of it >&2"], saved.sha256, 60.0
    )
    assert said == ("all of it",)
    assert (tmp_path / "back").read_text() == subprocess.run(NUMBERS, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["sh", "-ec", "seq 10; echo 'error: no such table' >&2; exit 3"], "no such table"),
        (["sh", "-ec", "kill -9 $$"], "exit code -9"),
        (["no-such-program"], "cannot be started"),
        (["sh", "-ec", "sleep 60"], "did not end within 1 s"),
        (["sh", "-ec", "while true; do echo more; done"], "did not end within 1 s"),
    ],
)
def test_a_command_that_fails_leaves_no_file(tmp_path: Path, command: list[str], message: str) -> None:
    with pytest.raises(StreamError, match=message):
        streams.save(command, tmp_path / "file.zst", 1.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["flip", "cut", "append"])
def test_a_damaged_file_is_noticed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "numbers.zst"
    saved = streams.save(NUMBERS, path, 60.0)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes({"flip": content, "cut": content[:-100], "append": content + b"x"}[damage])
    for use in (
        lambda: streams.check(path, saved.sha256),
        lambda: streams.restore(path, ["sh", "-c", "cat >/dev/null"], saved.sha256, 60.0),
    ):
        with pytest.raises(StreamError, match="truncated or damaged"):
            use()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "ended before it had read the whole archive"),
        ("head -c 10 >/dev/null; echo 'ERROR: it exists' >&2; exit 1", "it exists"),
        ("sleep 60", "did not end within 1 s"),
    ],
)
def test_a_command_that_does_not_read_on_is_no_wait_without_an_end(tmp_path: Path, script: str, message: str) -> None:
    saved = streams.save(["sh", "-ec", "head -c 30000000 /dev/urandom"], tmp_path / "noise.zst", 60.0)
    with pytest.raises(StreamError, match=message):
        streams.restore(tmp_path / "noise.zst", ["sh", "-c", script], saved.sha256, 1.0)
