from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.module_utils.refresh import scan
from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    assets,
    development,
    fields,
    kinds,
    mounted_files,
    routes,
    variables,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from scripts import reference, reference_services
from tests.contracts.checkout import ROOT
from tests.contracts.test_imports import ALLOWED
from tests.support import real_compose, uploaded
from tests.support.descriptions import KINDS
from tests.support.descriptions import model as described


@pytest.mark.parametrize("name", reference.pages())
def test_a_reference_page_is_what_make_docs_writes(name: str) -> None:
    assert (ROOT / name).read_text() == reference.pages()[name]


def test_every_class_is_explained() -> None:
    assert tuple(reference_services._CLASSES) == kinds.CLASSES


@pytest.mark.parametrize(
    "module",
    [assets, bundle, development, fields, kinds, mounted_files, routes, variables],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_every_key_that_a_description_is_read_with_is_in_the_reference(module: ModuleType) -> None:
    tables = {name: value for name, value in vars(module).items() if name.endswith("FIELDS")}
    page = (ROOT / "docs/services.md").read_text()
    keys = {(name, key) for name, table in tables.items() if isinstance(table, Mapping) for key in table}
    assert [found for found in sorted(keys) if f"| `{found[1]}` |" not in page] == []


@pytest.fixture
def example(tmp_path: Path) -> Bundle:
    """The release of the stack in docs/kinds.md, with the kind that the page writes."""
    kind, stack = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/kinds.md").read_text(), re.DOTALL)
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds/nats.yml").write_text(kind)
    services = yaml.safe_load(stack)["stack_services"]
    loaded = kinds.load([ROOT / "kinds", tmp_path / "kinds"])
    return bundle.bundle(described(services, {}, kinds=loaded, root=str(tmp_path)), [])


def test_the_kind_of_the_page_on_kinds_is_one(example: Bundle) -> None:
    page = (ROOT / "docs/kinds.md").read_text()
    told = example.services["backend"]["settings"]["environment"]
    assert "nats" not in KINDS
    assert told["NATS_PASSWORD_FILE"] == "/run/secrets/broker_password"
    of_kind = KINDS["fastapi"].body["environment"]
    assert [name for name in told if f"`{name}`" not in page and name not in of_kind] == []
    assert example.services["broker"]["class"] == "stateful"


@pytest.mark.parametrize("suite", real_compose.SUITES)
def test_compose_reads_the_kind_of_the_page_on_kinds(example: Bundle, suite: str, tmp_path: Path) -> None:
    read = uploaded.services(example, suite, tmp_path / "release")
    assert read["broker"]["image"] == "nats:2-alpine"
    assert {secret["target"] for secret in read["broker"]["secrets"]} == {
        "/run/secrets/broker_password",
        "/run/secrets/broker.conf",
    }
    assert read["backend"]["depends_on"]["broker"]["condition"] == "service_healthy"


PACKAGES = sorted(
    path.parent.relative_to(ROOT / "plugins").as_posix()
    for folder in ("plugin_utils", "module_utils")
    for path in (ROOT / "plugins" / folder).glob("*/__init__.py")
)


@pytest.mark.parametrize("folder", PACKAGES)
def test_every_module_has_its_line_in_the_architecture(folder: str) -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    section = page.split(f"`{folder}`\n")[1].split("\n#")[0]
    named = re.findall(r"^\| `(\w+)` \| .+ \|$", section, re.MULTILINE)
    assert sorted(named) == sorted(path.stem for path in (ROOT / "plugins" / folder).glob("[!_]*.py"))


def test_the_architecture_says_which_package_may_import_which() -> None:
    section = (ROOT / "docs/architecture.md").read_text().split("## Packages\n")[1].split("\n## ")[0]
    said = {}
    for base, package, cell in re.findall(r"^\| `(\w+)/(\w+)` .*\|([^|]*)\|$", section, re.MULTILINE):
        own, _, other = cell.partition(";") if base == "plugin_utils" else ("", "", cell)
        names = {f"plugin_utils.{name}" for name in re.findall(r"\w+", own)}
        if "all packages" in own:
            every = {name for name in ALLOWED if name.startswith("plugin_utils.")} - {f"{base}.{package}"}
            names = every - {f"plugin_utils.{name}" for name in re.findall("but ([a-z_]+)", own)}
        said[f"{base}.{package}"] = names | {f"module_utils.{name}" for name in re.findall(r"\w+", other)}
    assert said == ALLOWED


def _phone_numbers(cell: int) -> list[str]:
    """Return the examples of the page on refreshes: of those that are found (2), or of those that are not (3)."""
    page = (ROOT / "docs/refresh.md").read_text()
    table = page.partition("| begins with | found |")[2].partition("\n\n")[0].split("\n")[2:]
    return [text for row in table for text in re.findall(r"`(.+?)`", row.split("|")[cell])]


@pytest.mark.parametrize(
    ("text", "found"), [(text, found) for cell, found in ((2, True), (3, False)) for text in _phone_numbers(cell)]
)
def test_the_phone_numbers_of_the_page_on_refreshes_are_found_or_not(text: str, found: bool) -> None:
    scanner = scan.Scanner([scan.Searched("phone", scan.ALL)], "example.com", ())
    # Most texts are not searched further if they have no long run of digits.
    scanner.feed(f"at 1732712345678: call {text}, please\n".encode())
    assert dict(scanner.finds) == ({("phone", scan.PHONE): 1} if found else {})


def test_the_page_on_refreshes_has_phone_numbers() -> None:
    assert len(_phone_numbers(2)) > 10
    assert len(_phone_numbers(3)) > 10
