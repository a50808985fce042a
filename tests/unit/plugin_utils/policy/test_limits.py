"""Bad input: every file gives one sentence, in bounded time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import yaml_parser
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import file_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.file_check import Options

from tests.support.errors import error_of
from tests.support.policy_corpus import FOLDER

CLI = FOLDER.parents[1] / "plugins/plugin_utils/policy"
DAY = "2026-11-21"
_TENFOLD = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
_MERGED = "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i} {{b: *a{i - 1}, c: *a{i - 1}}}\n" for i in range(1, 40))
BAD = {
    "not-yaml": ("services: [\n  a: b", "not YAML"),
    "tab": ("services:\n\tweb: x", "not YAML"),
    "ten-megabytes": ("# " + "x" * 10 * 1024**2, "more than 2 MB"),
    "many-values": ("services:\n" + "".join(f"  a{i}: {{image: x}}\n" for i in range(60_000)), "values"),
    "bomb": (_TENFOLD, "an alias counts as often as it is used"),
    "bomb-of-mappings": (_MERGED, "an alias counts as often as it is used"),
    "recursive": ("services: &a\n  web: *a\n", "contains itself"),
    "deep": ("a: " + "[" * 100_000, "nested deeper"),
    "deep-blocks": ("".join(" " * i + "a:\n" for i in range(1000)), "nested deeper"),
    "long-value": ("services: {a: {image: '" + "${" * 100_000 + "'}}", "more than 64 kB"),
    "unknown-anchor": ("services: *a", "not defined above"),
    "twice": ("services:\n  a: {image: x, image: y}\n", "occurs twice"),
    "collection-as-key": ("services: {[a]: b}", "must be a word"),
    "merge-of-text": ("services: {<<: text}", "needs a mapping"),
    "empty": ("", "is empty"),
    "list": ("- a", "not a Compose file"),
    "services-as-number": ("services: 3", "not a mapping"),
    "includes-itself": ("include: [compose.yaml]\nservices: {}", "has a cycle"),
    "include-of-nothing": ("include: [other.yaml]", "does not exist"),
    "extends-itself": ("services: {a: {extends: b}, b: {extends: a}}", "has a cycle"),
    "extends-nothing": ("services: {a: {extends: b}}", "has no such service"),
    "long-extends": (
        "services:\n" + "".join(f"  a{i}: {{extends: a{i + 1}, environment: {{E{i}: x}}}}\n" for i in range(100)),
        "more than 20",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_one_sentence_in_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    text, expected = BAD[name]
    path = tmp_path / "compose.yaml"
    path.write_text(text, encoding="utf-8")
    tracemalloc.start()
    start = time.process_time()
    message = error_of(file_check.check, Options(files=[path]), DAY)
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert expected in message
    assert message.startswith(str(tmp_path))
    assert "\n" not in message
    # The measurement of the memory makes it several times slower.
    assert seconds < 10
    assert peak < 150 * 1024**2


@pytest.mark.parametrize("name", ["many-values", "bomb", "ten-megabytes"])
def test_the_largest_input_takes_less_than_two_seconds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(BAD[name][0], encoding="utf-8")
    start = time.process_time()
    error_of(file_check.check, Options(files=[path]), DAY)
    assert time.process_time() - start < 2


def test_a_file_that_is_not_text_is_reported(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(bytes(range(256)))
    assert "not UTF-8" in error_of(file_check.check, Options(files=[tmp_path / "compose.yaml"]), DAY)


def test_the_parser_works_without_the_loader_in_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml_parser.yaml, "CSafeLoader")
    assert yaml_parser.parse("a: [1, {b: on}]", "x") == [{"a": [1, {"b": "on"}]}]


def test_a_thousand_services_take_less_than_two_seconds(tmp_path: Path) -> None:
    service = """\
  service{0}:
    image: registry.example.com/app:1.{0}
    restart: unless-stopped
    environment: [A=b, "PASSWORD=${{PASSWORD:-x{0}}}", "URL=postgres://user:pass@db{0}/x"]
    depends_on: {{service{1}: {{condition: service_healthy}}}}
    ports: ["{2}:80"]
    volumes: ["data{0}:/data", "./c:/etc/c:ro"]
    healthcheck: {{test: [CMD, curl, -f, "http://localhost"], interval: 10s}}
    deploy: {{resources: {{limits: {{memory: 128M, cpus: "1"}}}}}}
"""
    text = "services:\n" + "".join(service.format(i, (i + 1) % 1000, 10_000 + i) for i in range(1000))
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    start = time.process_time()
    result = file_check.check(Options(files=[tmp_path / "compose.yaml"]), DAY)
    assert time.process_time() - start < 2
    assert len(result.findings) > 5000


def test_the_command_runs_without_ansible(tmp_path: Path) -> None:
    """The command is started by its path, by an interpreter that finds only PyYAML."""
    (tmp_path / "only").mkdir()
    (tmp_path / "only/yaml").symlink_to(Path(yaml_parser.yaml.__file__).parent)
    script = (
        f"import runpy, sys; sys.path.insert(1, {str(tmp_path / 'only')!r}); "
        f"sys.argv = ['policy', {str(FOLDER / 'corpus/hardened.yaml')!r}]; "
        f"runpy.run_path({str(CLI)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "policy for production: 0 errors, 0 warnings, 3 hints"
