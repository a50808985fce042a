"""Whatever the files are: one clear sentence, soon, and in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import checking, source
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.checking import Wanted

from tests.support.complaints import complaint
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
    "bomb": (_TENFOLD, "values, aliases counted"),
    "bomb-of-mappings": (_MERGED, "values, aliases counted"),
    "recursive": ("services: &a\n  web: *a\n", "contains itself"),
    "deep": ("a: " + "[" * 100_000, "nested deeper"),
    "deep-blocks": ("".join(" " * i + "a:\n" for i in range(1000)), "nested deeper"),
    "long-value": ("services: {a: {image: '" + "${" * 100_000 + "'}}", "more than 64 kB"),
    "unknown-anchor": ("services: *a", "not defined above"),
    "twice": ("services:\n  a: {image: x, image: y}\n", "stands twice"),
    "collection-as-key": ("services: {[a]: b}", "has to be a word"),
    "merge-of-text": ("services: {<<: text}", "takes a mapping"),
    "empty": ("", "is empty"),
    "list": ("- a", "not a Compose file"),
    "services-as-number": ("services: 3", "not a mapping"),
    "includes-itself": ("include: [compose.yaml]\nservices: {}", "goes in a circle"),
    "include-of-nothing": ("include: [other.yaml]", "is not there"),
    "extends-itself": ("services: {a: {extends: b}, b: {extends: a}}", "goes in a circle"),
    "extends-nothing": ("services: {a: {extends: b}}", "is no service"),
    "long-extends": (
        "services:\n" + "".join(f"  a{i}: {{extends: a{i + 1}, environment: {{E{i}: x}}}}\n" for i in range(100)),
        "more than 20",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_one_sentence_soon_and_small(name: str, tmp_path: Path) -> None:
    text, said = BAD[name]
    path = tmp_path / "compose.yaml"
    path.write_text(text, encoding="utf-8")
    tracemalloc.start()
    begun = time.process_time()
    message = complaint(checking.check, Wanted(files=[path]), DAY)
    seconds = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said in message
    assert message.startswith(str(tmp_path))
    assert "\n" not in message
    # Counting the memory makes it several times slower; without that it is a fraction.
    assert seconds < 10
    assert peak < 150 * 1024**2


@pytest.mark.parametrize("name", ["many-values", "bomb", "ten-megabytes"])
def test_the_worst_within_two_seconds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(BAD[name][0], encoding="utf-8")
    begun = time.process_time()
    complaint(checking.check, Wanted(files=[path]), DAY)
    assert time.process_time() - begun < 2


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(bytes(range(256)))
    assert "not UTF-8" in complaint(checking.check, Wanted(files=[tmp_path / "compose.yaml"]), DAY)


def test_without_the_loader_in_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(source.yaml, "CSafeLoader")
    assert source.parse("a: [1, {b: on}]", "x") == [{"a": [1, {"b": "on"}]}]


def test_a_thousand_services_within_two_seconds(tmp_path: Path) -> None:
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
    begun = time.process_time()
    found = checking.check(Wanted(files=[tmp_path / "compose.yaml"]), DAY)
    assert time.process_time() - begun < 2
    assert len(found.findings) > 5000


def test_it_runs_without_ansible(tmp_path: Path) -> None:
    """By its path, by an interpreter that finds PyYAML and nothing else."""
    (tmp_path / "only").mkdir()
    (tmp_path / "only/yaml").symlink_to(Path(source.yaml.__file__).parent)
    script = (
        f"import runpy, sys; sys.path.insert(1, {str(tmp_path / 'only')!r}); "
        f"sys.argv = ['policy', {str(FOLDER / 'corpus/hardened.yaml')!r}]; "
        f"runpy.run_path({str(CLI)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "policy for production: 0 errors, 0 warnings, 3 hints"
