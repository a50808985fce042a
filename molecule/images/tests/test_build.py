"""Images are built, pushed and pulled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import images
from tests.support.images import Engine, digest

Playbook = Callable[..., Any]


@pytest.fixture
def contexts() -> Iterator[Path]:
    with images.contexts() as folder:
        yield folder


def test_the_server_has_the_built_images(contexts: Path, engine: Engine) -> None:
    alpha, beta = (f"registry:5000/pair/{name}@{digest(name)}" for name in ("alpha", "beta"))
    assert engine.run(alpha, "cat", "/content") == (contexts / "alpha/content").read_text().strip()
    assert engine.run(alpha, "printenv", "APP_VERSION") == "1.0"
    assert engine.run(beta, "cat", "/content") == (contexts / "beta/content").read_text().strip()
    assert engine.run(beta, "printenv", "FLAVOUR") == "mild"


def test_images_are_pulled_by_digest_without_a_tag(engine: Engine) -> None:
    references = {reference for reference in engine.references() if "/pair/" in reference}
    assert references >= {f"registry:5000/pair/{name}@{digest(name)}" for name in ("alpha", "beta")}
    assert [reference for reference in references if "@" not in reference] == []


def test_the_image_of_a_kind_is_pulled(host: Any) -> None:
    assert host.check_output("docker images --digests --quiet redis")


def test_a_changed_context_changes_only_its_image(contexts: Path, playbook: Playbook) -> None:
    before = {name: digest(name) for name in ("alpha", "beta")}
    (contexts / "alpha/content").write_text("another\n")
    run = playbook("images")
    assert (run.code, run.changed) == (0, 1), run.output
    assert re.search(r"alpha built and pushed in [\d.]+ s", run.output)
    assert re.search(r"alpha changed 127\.0\.0\.1:5000/pair/alpha:1\.0 [0-9a-f]{12}", run.output)
    assert "beta unchanged" in run.output
    assert digest("alpha") != before["alpha"]
    assert digest("beta") == before["beta"]


def test_check_mode_shows_changes_and_builds_nothing(playbook: Playbook) -> None:
    run = playbook("images", "--check", pair_tag="2.0")
    assert (run.code, run.changed) == (0, 1), run.output
    assert "alpha changed 127.0.0.1:5000/pair/alpha:2.0 not there yet" in run.output
    assert digest("alpha", "2.0") is None


def test_check_mode_after_a_build_finds_nothing_to_do(playbook: Playbook) -> None:
    playbook("images")
    run = playbook("images", "--check")
    assert (run.code, run.changed) == (0, 0), run.output


def test_a_failed_build_shows_the_reason_and_the_path_of_the_log(contexts: Path, playbook: Playbook) -> None:
    before = digest("alpha")
    (contexts / "alpha/Dockerfile").write_text("FROM debian:trixie-slim\nRUN echo the cupboard is bare; exit 7\n")
    run = playbook("images")
    assert run.code == 2
    assert "the cupboard is bare" in run.output
    assert "service 'alpha': key 'build': " in run.output
    log = Path(re.findall(r"the whole log is in (\S+\.log)", run.output)[0])
    assert "exit code: 7" in log.read_text()
    log.unlink()
    assert digest("alpha") == before


def test_a_missing_context_is_named(contexts: Path, playbook: Playbook) -> None:
    (contexts / "beta").rename(contexts / "gamma")
    run = playbook("images")
    assert run.code == 2
    assert f"service 'beta': key 'build.context': {contexts / 'beta'} is not a directory" in run.output
