"""Build images with the real playbook and a fake builder: attestations, and which images changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts import playbooks
from tests.contracts.checkout import ROOT

IMAGE = "registry.example.com/shop/api:1.4.2"
CONTAINERD = [["driver-type", "io.containerd.snapshotter.v1"]]
BOTH = ["type=provenance,mode=max", "type=sbom,generator=docker/buildkit-syft-scanner:stable-1"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a directory with an inventory, a source, and a fake `docker` in `bin`."""
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "tests/support/fake_buildx.py", tmp_path / "bin/docker")
    (tmp_path / "api").mkdir()
    (tmp_path / "api/Dockerfile").write_text("FROM scratch\n")
    api = {"kind": "fastapi", "image": IMAGE, "build": {"context": "api"}}
    variables = {"stack_name": "shop", "stack_environment": "production", "stack_services": {"api": api}}
    hosts = {"nowhere": {"ansible_host": "192.0.2.1"}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"stack": {"hosts": hosts, "vars": variables}}))
    _builder(tmp_path, "docker-container")
    return tmp_path


def _builder(project: Path, driver: str, store: list[list[str]] | None = None) -> None:
    (project / "bin/builder.json").write_text(json.dumps({"driver": driver, "store": store or []}))


def _run(project: Path, *options: str, **variables: Any) -> tuple[int, str]:
    """Return the number of changed tasks, and the output."""
    code, changed, text = playbooks.run(
        "images", project / "hosts.yml", *options, variables=variables, commands=project / "bin"
    )
    assert code == 0, text
    return changed, text


def _baked(project: Path) -> dict[str, Any]:
    """Return the targets of the last build."""
    return json.loads((project / "bin/baked.jsonl").read_text().splitlines()[-1])["target"]


def _digest(project: Path, reference: str = IMAGE) -> str:
    return json.loads((project / "bin/registry.json").read_text())[reference]["digest"]


def test_an_unchanged_image_keeps_its_digest_and_its_attestations(project: Path) -> None:
    """Each build has different attestations. A deploy must not replace containers because of them."""
    changed, text = _run(project)
    assert changed == 1, text
    assert _baked(project)["api"]["attest"] == BOTH
    assert "without attestations" not in text
    first = _digest(project)
    changed, text = _run(project)
    assert (changed, _digest(project)) == (0, first), text
    assert f"unchanged {IMAGE} {first[7:19]}" in text
    (project / "api/content").write_text("another")
    changed, text = _run(project)
    assert changed == 1, text
    assert _digest(project) != first


def test_an_engine_with_the_classic_image_store_builds_without_attestations(project: Path) -> None:
    _builder(project, "docker")
    changed, text = _run(project)
    assert changed == 1
    assert "attest" not in _baked(project)["api"]
    assert "images of shop without attestations: the builder 'default' is part of the engine, whose image store" in text
    assert text.count("without attestations") == 1
    assert _run(project)[0] == 0
    _builder(project, "docker", CONTAINERD)
    _run(project)
    assert _baked(project)["api"]["attest"] == BOTH


def test_attestations_can_be_selected(project: Path) -> None:
    _, text = _run(project, images_attestations=[])
    assert "attest" not in _baked(project)["api"]
    assert "without attestations" not in text
    _run(project, images_attestations=["sbom"], images_sbom_generator="registry.example.com/scanner:1")
    assert _baked(project)["api"]["attest"] == ["type=sbom,generator=registry.example.com/scanner:1"]


def test_an_image_that_is_not_pushed_has_no_attestations(project: Path) -> None:
    _, text = _run(project, images_push=False)
    assert "attest" not in _baked(project)["api"]
    assert "without attestations: api is not pushed, and attestations are read from registries only" in text


def test_check_mode_warns_about_attestations_and_builds_nothing(project: Path) -> None:
    _builder(project, "docker")
    _, text = _run(project, "--check")
    assert "images of shop without attestations" in text
    assert not (project / "bin/baked.jsonl").exists()


def test_images_of_compose_files_are_built(project: Path) -> None:
    """Building and sending use the same services."""
    (project / "docker-compose.yml").write_text(f"services: {{api: {{image: '{IMAGE}', build: api}}}}\n")
    assert _run(project, stack_services={}, stack_compose_files=["docker-compose.yml"])[0] == 1
    assert _baked(project)["api"]["context"] == str(project / "api")


def test_check_mode_accepts_a_missing_image_that_it_would_build(project: Path) -> None:
    """Check mode builds nothing, so an image without a registry is not on this machine yet."""
    service = {"kind": "fastapi", "image": "localhost/shop/api:2.0", "build": {"context": "api"}}
    changed, text = _run(project, "--check", stack_services={"api": service, "again": {**service, "like": "api"}})
    assert changed > 0
    assert text.count("would build and send localhost/shop/api:2.0") == 1
    assert not (project / "bin/baked.jsonl").exists()


def test_check_mode_refuses_a_missing_image_without_a_build(project: Path) -> None:
    service = {"kind": "fastapi", "image": "localhost/shop/api:2.0"}
    code, _, text = playbooks.run(
        "images",
        project / "hosts.yml",
        "--check",
        variables={"stack_services": {"api": service}},
        commands=project / "bin",
    )
    assert code != 0
    assert "service 'api': key 'image': this machine has no localhost/shop/api:2.0 to send" in text
