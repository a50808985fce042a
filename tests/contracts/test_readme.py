from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.events import EVENTS
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.contracts.checkout import ROOT, load, roles
from tests.contracts.pages import DOCS, PAGES, README, anchors, blocks, headings, links, paths
from tests.support import documented_project, inventories, real_compose, tutorial, uploaded

LAYOUT = (ROOT / "docs/server-layout.md").read_text()
#: By page, files of its example, which a reader would have.
NOT_HERE = {"kinds.md": {"kinds/nats.yml"}, "projects.md": documented_project.names(), "tutorial.md": tutorial.names()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert sorted(target for target in links(page) if not (page.parent / target).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_a_heading_find_it(page: Path) -> None:
    assert sorted(anchor for target, anchor in anchors(page) if anchor not in headings(target)) == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs/index.md"
    assert sorted({page.name for page in DOCS} - {Path(target).name for target in links(index)} - {index.name}) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    assert sorted(path for path in paths(page) - NOT_HERE.get(page.name, set()) if not (ROOT / path).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_called_by_its_full_name_exists(page: Path) -> None:
    plugins = (f"plugins/{kind}/*.py" for kind in ("filter", "lookup", "modules"))
    known = {path.stem for folder in ("playbooks/*.yml", *plugins, "roles/*") for path in ROOT.glob(folder)}
    assert sorted(set(re.findall(r"slipway\.stack\.(\w+)", page.read_text())) - known) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^ {4}|`)make((?: [a-z-]+)+)", page.read_text(), re.MULTILINE)
    assert {target for targets in named for target in targets.split()} - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_variables_exist(page: Path) -> None:
    """Those of the roles, those that playbooks take by themselves, and what roles register for each other.

    Names of events look like them.
    """
    known = {name for role in roles() for name in role.options()} | set(EVENTS)
    for path in [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")]:
        known |= set(re.findall(r"\w+", path.read_text()))
    prefixes = "|".join(["stack", "plan", "rollback", *(role.name for role in roles())])
    named = set(re.findall(rf"(?<![\w/.])((?:{prefixes})_[a-z_]+)\b(?!\*)", page.read_text()))
    assert sorted(named - known) == []


def test_the_version_is_that_of_the_collection() -> None:
    assert re.findall(r"slipway-stack-([\d.]+)\.tar", README.read_text()) == [load(ROOT / "galaxy.yml")["version"]]


def test_what_is_on_the_server_is_called_that(tmp_path: Path) -> None:
    home, release = Home("/opt/stacks/shop"), _example(tmp_path)
    names = [home.current, home.releases, home.files, home.edge, home.journal, home.audit, home.lease]
    top = {path.split("/")[0] for path in release.files}
    section = LAYOUT.split("## The directory")[1].split("## ")[0]
    wanted = {path.name for path in names} | top | {MANIFEST, "compose.images.yaml", "secrets", "state"}
    assert sorted(name for name in wanted if name not in section) == []


@pytest.mark.parametrize("suite", real_compose.SUITES)
def test_the_stack_of_the_readme_is_one(suite: str, tmp_path: Path) -> None:
    release = _example(tmp_path)
    read = uploaded.services(release, suite, tmp_path / "release")
    assert read["backend"]["image"] == "registry.example.com/shop/backend:1.4.2"
    assert read["backend"]["deploy"]["replicas"] == 2
    assert "POSTGRES_HOST" in read["worker"]["environment"]
    assert read["backend-release"]["command"] == ["alembic", "upgrade", "head"]
    assert [name for name, service in read.items() if service.get("ports")] == ["edge-pod"]


def _example(folder: Path) -> Bundle:
    """Return the release of the inventory in the README, for a server whose stacks are in *folder*."""
    path = folder / "inventory.yml"
    path.write_text(blocks(README, "yaml")[0])
    return inventories.parcel(path, {"app_version": "1.4.2", "stack_root": str(folder)})
