from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.slipway.stack.plugins.plugin_utils.bundle import Bundle

from testbed import compose
from tests.contracts.checkout import ROOT, load
from tests.support import inventories

VERSION = {"app_version": "1.4.2"}
ENVIRONMENTS = ["development", "staging", "production"]
INVENTORIES = {name: ROOT / "inventories" / name for name in [*ENVIRONMENTS, "demo"]}


@pytest.fixture(scope="module", params=INVENTORIES)
def release(request: pytest.FixtureRequest) -> Bundle:
    return inventories.parcel(INVENTORIES[request.param], VERSION)


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_has_a_host(name: str) -> None:
    assert inventories.hosts(INVENTORIES[name])


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_called_as_its_directory(name: str) -> None:
    assert inventories.parcel(INVENTORIES[name], VERSION).environment == name


def test_the_stack_is_described_once() -> None:
    """Environments have the same services from the same file; their own files say none of its variables again."""
    common = ROOT / "inventories/common/stack.yml"
    own = [load(INVENTORIES[name] / "group_vars/all/environment.yml") for name in ENVIRONMENTS]
    assert {(INVENTORIES[name] / "group_vars/all/stack.yml").resolve() for name in ENVIRONMENTS} == {common}
    assert set(load(common)) & {variable for values in own for variable in values} == set()
    assert len({tuple(inventories.parcel(INVENTORIES[name], VERSION).services) for name in ENVIRONMENTS}) == 1


def test_a_deploy_without_a_version_is_told_to_name_one() -> None:
    with pytest.raises(AnsibleError, match="say which version, such as -e app_version"):
        inventories.parcel(INVENTORIES["production"])


def test_what_is_built_is_there() -> None:
    services = load(ROOT / "inventories/common/stack.yml")["stack_services"]
    contexts = [service["build"]["context"] for service in services.values() if "build" in service]
    assert contexts
    assert [path for path in contexts if not (INVENTORIES["staging"] / path / "Dockerfile").is_file()] == []


@pytest.mark.parametrize("suite", compose.SUITES)
def test_compose_reads_what_is_meant(release: Bundle, suite: str, tmp_path: Path) -> None:
    merged = _config(release, compose.ensure()[suite], tmp_path)
    jobs = {facts["release"] for facts in release.services.values() if facts["release"]}
    assert set(merged) == set(release.services) | jobs
    for name, facts in release.services.items():
        service = merged[name]
        assert service["image"] == facts["image"]
        assert service["deploy"]["replicas"] == facts["replicas"]
        assert len(service.get("ports", [])) == len(facts["ports"])
        assert (service.get("environment") or {}) == facts["settings"]["environment"]
        assert service["labels"]["slipway.class"] == facts["class"]


def _config(release: Bundle, binary: Path, folder: Path) -> dict[str, Any]:
    """Return the services, release jobs too, as Compose reads a release that lies in *folder*."""
    for name, text in release.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    addresses = "".join(f'{file["variable"]}="0"\n' for file in release.secret_files)
    (folder / ".env").write_text(release.files[".env"] + addresses)
    (folder / "compose.images.yaml").write_text("services: {}\n")
    command = [str(binary), "--profile", "*", "config", "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services
