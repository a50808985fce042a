"""Files that block, never end or grow: each gives one sentence, soon, and never the exit code of findings."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import cli, file_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.file_check import Options

from tests.support.errors import error_of
from tests.support.policy_corpus import FOLDER

CLI = FOLDER.parents[1] / "plugins/plugin_utils/policy"
DAY = "2026-11-21"
SERVICE = "services: {web: {image: 'a:1'}}\n"
_LONG_BASE = (
    "services:\n  base:\n    image: a:1\n    environment: {" + ", ".join(f"E{i}: x" for i in range(3000)) + "}\n"
)
#: By name: the files, and a part of the sentence.
TOO_MUCH: dict[str, tuple[dict[str, str], str]] = {
    "doubling-dotenv": (
        {
            "compose.yaml": SERVICE,
            ".env": "A0=xxxxxxxxxx\n" + "".join(f"A{i}=$A{i - 1}$A{i - 1}\n" for i in range(1, 40)),
        },
        ".env:14: a value has more than 64 kB with its variables replaced",
    ),
    "doubling-env-file": (
        {
            "compose.yaml": "services: {web: {image: 'a:1', env_file: [a.env]}}",
            "a.env": "A0=xxxxxxxxxx\n" + "".join(f'A{i}="${{A{i - 1}}}${{A{i - 1}}}"\n' for i in range(1, 40)),
        },
        "a.env:14: a value has more than 64 kB",
    ),
    "long-dotenv": (
        {"compose.yaml": SERVICE, ".env": "".join(f"A{i}=x\n" for i in range(160_000))},
        "more than 150000 values",
    ),
    "one-value-many-times": (
        {
            "compose.yaml": "services:\n"
            + "".join(f"  s{i}: {{image: 'a:1', labels: {{a: 'x$A'}}}}\n" for i in range(400)),
            ".env": "A=" + "x" * 60_000 + "\n",
        },
        "more than 16 MB with their variables replaced",
    ),
    "one-value-many-times-in-one": (
        {"compose.yaml": f"services: {{web: {{image: 'a:1', command: '{'$A' * 5000}'}}}}", ".env": "A=" + "x" * 60_000},
        "compose.yaml:1: a value has more than 64 kB",
    ),
    "long-base": (
        {"compose.yaml": _LONG_BASE + "".join(f"  s{i}: {{extends: base}}\n" for i in range(900))},
        "a service as often as it is extended",
    ),
    "long-base-in-a-file": (
        {
            "compose.yaml": "services:\n"
            + "".join(f"  s{i}: {{extends: {{file: base.yml, service: base}}}}\n" for i in range(900)),
            "base.yml": _LONG_BASE,
        },
        "a service as often as it is extended",
    ),
    "many-services": (
        {"compose.yaml": "services:\n" + "".join(f"  s{i}: {{image: 'a:1'}}\n" for i in range(1001))},
        "at most 1000 services",
    ),
    "many-bytes": (
        {
            "compose.yaml": "include: [" + ", ".join(f"i{i}.yml" for i in range(60)) + "]\n" + SERVICE,
            **{f"i{i}.yml": "services: {}\n" + ("#" * 127 + "\n") * 8000 for i in range(60)},
        },
        "all files together have more than 8 MB",
    ),
    "extends-in-a-circle-of-files": (
        {
            "compose.yaml": "services: {a: {extends: {file: b.yml, service: b}}}",
            "b.yml": "services: {b: {extends: {file: compose.yaml, service: a}}}",
        },
        "has a cycle",
    ),
    "include-in-a-circle-of-files": (
        {
            "compose.yaml": "include: [b.yml]\n" + SERVICE,
            "b.yml": "include: [c/d.yml]",
            "c/d.yml": "include: [../compose.yaml]",
        },
        "has a cycle",
    ),
    "includes-that-double": (
        {
            **{f"i{i}.yml": f"include: [i{i + 1}.yml, i{i + 1}.yml]" for i in range(20)},
            "i20.yml": SERVICE,
            "compose.yaml": "include: [i0.yml]",
        },
        "at most 100 files",
    ),
}


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "compose.yaml"


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_grows_ends_soon_and_takes_little_memory(name: str, tmp_path: Path) -> None:
    files, expected = TOO_MUCH[name]
    path = _write(tmp_path, files)
    start = time.process_time()
    message = error_of(file_check.check, Options(files=[path]), DAY)
    assert time.process_time() - start < 3
    assert expected in message
    assert "\n" not in message
    if name == "long-dotenv":
        # The measurement of the memory takes ten seconds here, and every line is as small as in a smaller file.
        return
    tracemalloc.start()
    error_of(file_check.check, Options(files=[path]), DAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 * 1024**2


#: Files within the limits, in which a rule compares many things with many others.
MUCH = {
    "data-paths": "services:\n  db:\n    image: minio/minio:1\n    environment: ["
    + ", ".join(f"A{i}_DATA_DIR=/x{i}" for i in range(10_000))
    + "]\n    volumes: ["
    + ", ".join(f"'v{i}:/y{i}'" for i in range(10_000))
    + "]\n",
    "hosts": "services:\n"
    + "".join(
        f"  s{i}: {{image: 'redis:7', command: celery, depends_on: [s{(i + 1) % 500}], environment: [A_HOST=s{i}]}}\n"
        for i in range(500)
    ),
    "scripts": "services:\n"
    + "".join(f"  s{i}: {{image: 'redis:7', command: [sh, -c, '{'a;' * 1900}']}}\n" for i in range(100)),
    "undeclared": "services:\n"
    + "".join(f"  s{i}: {{image: 'a:1', volumes: ['data-volume-{i}-x:/d']}}\n" for i in range(500))
    + "volumes:\n"
    + "".join(f"  data-volume-{i}:\n" for i in range(200)),
    "unknown-keys": "services:\n  a:\n    image: a:1\n" + "".join(f"    enviroment_{i}: x\n" for i in range(20_000)),
}


@pytest.mark.parametrize("name", MUCH)
def test_many_things_to_compare_take_little_time(name: str, tmp_path: Path) -> None:
    path = _write(tmp_path, {"compose.yaml": MUCH[name]})
    start = time.process_time()
    result = file_check.check(Options(files=[path]), DAY)
    assert file_check.render([result], "table")
    assert time.process_time() - start < 4


def test_a_file_that_many_services_extend_is_read_once(tmp_path: Path) -> None:
    services = "".join(f"  s{i}: {{extends: {{file: base.yml, service: base}}}}\n" for i in range(300))
    path = _write(tmp_path, {"compose.yaml": f"services:\n{services}", "base.yml": "services: {base: {image: 'a:1'}}"})
    assert file_check.check(Options(files=[path]), DAY).services == 300


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_services_does_not_matter_for_the_depth_of_extends(order: int, tmp_path: Path) -> None:
    lines = [f"  a{i}: {{extends: a{i - 1}}}\n" for i in range(1, 30)] + ["  a0: {image: 'a:1'}\n"]
    path = _write(tmp_path, {"compose.yaml": "services:\n" + "".join(lines[::order])})
    assert "more than 20" in error_of(file_check.check, Options(files=[path]), DAY)


#: Where a file that is no regular file may be: the other files, and the name of this one.
PLACES = {
    "compose": ({}, "compose.yaml"),
    "dotenv": ({"compose.yaml": SERVICE}, ".env"),
    "env-file": ({"compose.yaml": "services: {web: {image: 'a:1', env_file: odd}}"}, "odd"),
    "extends": ({"compose.yaml": "services: {web: {extends: {file: odd, service: web}}}"}, "odd"),
    "include": ({"compose.yaml": f"include: [odd]\n{SERVICE}"}, "odd"),
    "settings": ({"compose.yaml": SERVICE}, "odd"),
    "baseline": ({"compose.yaml": SERVICE}, "odd"),
    "variables": ({"compose.yaml": SERVICE}, "odd"),
}
OPTIONS = {"settings": "--config", "baseline": "--baseline", "variables": "--env-file"}


@pytest.mark.parametrize("kind", ["pipe", "directory", "device"])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_regular_file_is_refused_at_once(place: str, kind: str, tmp_path: Path) -> None:
    files, name = PLACES[place]
    _write(tmp_path, files)
    odd = tmp_path / name
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "directory":
        odd.mkdir()
    else:
        odd.symlink_to("/dev/zero")
    options = [OPTIONS[place], str(odd)] if place in OPTIONS else []
    done = subprocess.run(
        [sys.executable, str(CLI), str(tmp_path / "compose.yaml"), *options],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if (place, kind) == ("dotenv", "directory"):
        # Compose looks for no variables in a directory.
        assert done.stderr == ""
        return
    assert done.returncode == 2
    assert str(odd) in done.stderr
    assert "regular file" in done.stderr
    assert done.stderr.count("\n") == 1


def test_fix_reads_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "compose.yaml")
    done = subprocess.run(
        [sys.executable, str(CLI), str(tmp_path / "compose.yaml"), "--fix"],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), KeyError("x"), RuntimeError("bad")])
def test_a_crash_has_an_exit_code_of_its_own(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: Any) -> None:
        raise error

    monkeypatch.setattr(file_check, "check", fail)
    assert cli.main([str(_write(tmp_path, {"compose.yaml": SERVICE}))]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert type(error).__name__ in lines[0]


@pytest.mark.parametrize("options", ["--rules", "--verbose FILE", "--format json FILE", "--format github FILE"])
def test_a_reader_that_stops_early_changes_nothing(options: str, tmp_path: Path) -> None:
    text = "services:\n" + "".join(f"  s{i}: {{image: 'a:1', privileged: true}}\n" for i in range(300))
    path = _write(tmp_path, {"compose.yaml": text})
    command = f"{sys.executable} {CLI} {options.replace('FILE', str(path))} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == (1 if "FILE" in options else 0)
    assert done.stdout.count("\n") == 1


def test_a_terminal_without_unicode_shows_the_report(tmp_path: Path) -> None:
    path = _write(tmp_path, {"compose.yaml": "services: {web: {image: 'a:latest', environment: {DEBUG_é: x}}}"})
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, str(CLI), str(path), "--verbose"], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
