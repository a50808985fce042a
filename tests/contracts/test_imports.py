"""The packages of the pipeline import each other in one direction: the table of docs/architecture.md, as code."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT

PLUGINS = ROOT / "plugins"
PREFIX = "ansible_collections.slipway.stack.plugins."

#: By package, the packages that it may import beside itself.
ALLOWED: dict[str, set[str]] = {
    "plugin_utils.compose_reader": set(),
    "plugin_utils.policy": {"plugin_utils.compose_reader"},
    "plugin_utils.description": {"plugin_utils.compose_reader", "plugin_utils.policy", "module_utils.state"},
    "plugin_utils.compose_files": {
        "plugin_utils.compose_reader",
        "plugin_utils.policy",
        "plugin_utils.description",
        "module_utils.state",
    },
    "plugin_utils.rendering": {"plugin_utils.description", "module_utils.state", "module_utils.release"},
    "plugin_utils.images": {
        "plugin_utils.compose_reader",
        "plugin_utils.policy",
        "plugin_utils.description",
        "module_utils.engine",
    },
    "plugin_utils.workspace": {
        "plugin_utils.compose_reader",
        "plugin_utils.policy",
        "plugin_utils.description",
        "plugin_utils.compose_files",
        "plugin_utils.rendering",
        "module_utils.state",
        "module_utils.edge",
        "module_utils.refresh",
    },
    "plugin_utils.project": {
        "plugin_utils.compose_reader",
        "plugin_utils.policy",
        "plugin_utils.compose_files",
        "module_utils.state",
    },
    "plugin_utils.controller": {
        "plugin_utils.compose_reader",
        "plugin_utils.policy",
        "plugin_utils.description",
        "plugin_utils.compose_files",
        "plugin_utils.rendering",
        "plugin_utils.images",
        "plugin_utils.workspace",
        "plugin_utils.refresh",
        "plugin_utils.swarm",
        "plugin_utils.project",
        "module_utils.state",
    },
    "plugin_utils.report": {"plugin_utils.controller", "module_utils.state"},
    "module_utils.report": {
        "module_utils.state",
        "module_utils.engine",
        "module_utils.edge",
        "module_utils.certificates",
        "module_utils.backup",
        "module_utils.release",
        "module_utils.monitoring",
    },
    "plugin_utils.swarm": {"plugin_utils.description", "module_utils.state", "module_utils.swarm"},
    "module_utils.swarm": {"module_utils.state", "module_utils.engine"},
    "module_utils.state": set(),
    "module_utils.engine": {"module_utils.state"},
    "module_utils.edge": {"module_utils.state", "module_utils.engine"},
    "plugin_utils.refresh": {"plugin_utils.compose_reader", "module_utils.refresh"},
    "module_utils.refresh": {"module_utils.state", "module_utils.engine", "module_utils.backup"},
    "module_utils.backup": {"module_utils.state", "module_utils.engine"},
    "module_utils.certificates": {"module_utils.state", "module_utils.engine", "module_utils.edge"},
    "module_utils.release": {"module_utils.state", "module_utils.engine", "module_utils.edge"},
    "module_utils.monitoring": {
        "module_utils.state",
        "module_utils.engine",
        "module_utils.edge",
        "module_utils.certificates",
        "module_utils.backup",
        "module_utils.release",
    },
    "module_utils.rollout": {
        "module_utils.certificates",
        "module_utils.state",
        "module_utils.engine",
        "module_utils.edge",
        "module_utils.backup",
        "module_utils.release",
    },
    "module_utils.rotation": {
        "module_utils.state",
        "module_utils.engine",
        "module_utils.backup",
        "module_utils.release",
        "module_utils.rollout",
    },
    "module_utils.operation": {
        "module_utils.state",
        "module_utils.engine",
        "module_utils.backup",
        "module_utils.release",
    },
}


def packages() -> list[str]:
    """Return the packages of the pipeline, by their dotted path below `plugins`."""
    folders = (path for base in ("plugin_utils", "module_utils") for path in (PLUGINS / base).iterdir())
    return sorted(".".join(folder.relative_to(PLUGINS).parts) for folder in folders if any(folder.glob("*.py")))


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of ours that a file imports, by their dotted path below `plugins`, type checking included."""
    module = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix(PREFIX) for alias in node.names if alias.name.startswith(PREFIX))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")[: -node.level]
                base = PREFIX + ".".join([*above, *filter(None, [base])])
            if f"{base}.".startswith(PREFIX):
                inside = base.removeprefix(PREFIX)
                for alias in node.names:
                    below = PLUGINS.joinpath(*inside.split("."), alias.name)
                    is_module = below.is_dir() or below.with_suffix(".py").is_file()
                    yield f"{inside}.{alias.name}" if is_module else inside


def package_of(module: str) -> str:
    """Return the package that a module below `plugins` belongs to."""
    return ".".join(module.split(".")[:2])


def test_every_package_is_in_the_table() -> None:
    assert packages() == sorted(ALLOWED)


def test_no_module_lies_beside_the_packages() -> None:
    assert [path.name for base in ("plugin_utils", "module_utils") for path in (PLUGINS / base).glob("*.py")] == []


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_what_the_table_allows(package: str) -> None:
    upwards = [
        f"{path.relative_to(PLUGINS)} imports {module}"
        for path in sorted(PLUGINS.joinpath(*package.split(".")).rglob("*.py"))
        for module in imports(path)
        if package_of(module) not in {package, *ALLOWED[package]}
    ]
    assert upwards == []


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_no_module_imports_itself_through_others(package: str) -> None:
    """Circles inside a package are not allowed either, not even for type checking."""
    graph = {
        ".".join(path.relative_to(PLUGINS).with_suffix("").parts): set(imports(path))
        for path in PLUGINS.joinpath(*package.split(".")).rglob("*.py")
    }
    finished: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> list[str]:
        if module in path:
            return [" -> ".join((*path[path.index(module) :], module))]
        if module in finished:
            return []
        found = [circle for other in sorted(graph.get(module, ())) for circle in visit(other, (*path, module))]
        finished.add(module)
        return found

    assert [circle for module in sorted(graph) for circle in visit(module, ())] == []


def test_the_unit_tests_mirror_the_packages() -> None:
    tested = {
        ".".join(path.relative_to(ROOT / "tests/unit").parts)
        for base in ("plugin_utils", "module_utils")
        for path in (ROOT / "tests/unit" / base).iterdir()
        if any(path.glob("test_*.py"))
    }
    assert sorted(tested) == packages()


@pytest.mark.parametrize(
    "module",
    [
        "compose_files.translation",
        "compose_reader.reading",
        "policy.file_check",
        "policy.formats",
        "controller.deploy_hooks",
    ],
)
def test_a_deploy_imports_nothing_that_only_other_stacks_need(
    module: str, imported_by_a_deploy: frozenset[str]
) -> None:
    """Ansible compiles what a play imports in every run. Most stacks have no Compose files, and no hooks."""
    assert f"{PREFIX}plugin_utils.{module}" not in imported_by_a_deploy


@pytest.fixture(scope="module")
def imported_by_a_deploy() -> frozenset[str]:
    code = f"import sys, {PREFIX}action.release; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    found = frozenset(done.stdout.split())
    assert f"{PREFIX}plugin_utils.policy.release_check" in found
    return found


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / ".collections")}
