"""What docs/support.md says is tested is what the scenarios, the recipes and the pinned packages say.

The versions on the servers are held by the scenarios `engine` and `platforms`.
"""

from __future__ import annotations

import re

import pytest

from testbed import recipes
from tests.contracts.checkout import ROOT, load
from tests.support import support_page
from tests.support.support_page import code

SUITES = {recipe.name: recipe.suite for recipe in recipes.RECIPES if recipe.context in ("server", "server-engine")}
#: The platforms of each scenario that boots servers.
SCENARIOS = {
    path.parent.name: platforms
    for path in (ROOT / "molecule").glob("*/molecule.yml")
    if (platforms := [one for one in load(path).get("platforms", []) if "image" in one])
}


def _commands(scenario: str) -> set[str]:
    """Return the commands that run a scenario."""
    long, long_form = (any(platform.get(key) for platform in SCENARIOS[scenario]) for key in ("long", "long_form"))
    runs = {"make test": not long, "make test-long": long or long_form}
    return {command for command, does in runs.items() if does}


def _scenarios(cell: str) -> set[str]:
    """Return the scenarios that a cell names; it may begin with "all but"."""
    named = set(code(cell))
    return set(SCENARIOS) - named if cell.startswith("all but ") else named


def test_every_debian_release_of_a_scenario_has_its_row() -> None:
    used = {SUITES[platform["image"]] for platforms in SCENARIOS.values() for platform in platforms}
    assert sorted(support_page.suite(row) for row in support_page.rows("Servers")) == sorted(used)


@pytest.mark.parametrize("row", support_page.rows("Servers"), ids=support_page.suite)
def test_a_row_of_the_servers_names_the_scenarios_that_boot_them(row: dict[str, str]) -> None:
    booted = {
        scenario
        for scenario, platforms in SCENARIOS.items()
        if support_page.suite(row) in {SUITES[platform["image"]] for platform in platforms}
    }
    assert _scenarios(row["Scenarios"]) == booted
    assert set(code(row["Run by"])) == set().union(*map(_commands, booted))


@pytest.mark.parametrize("row", support_page.rows("Images"), ids=lambda row: row["Image"])
def test_a_row_of_the_images_has_the_version_of_its_recipe(row: dict[str, str]) -> None:
    name, version = row["Image"], row["Version"]
    references = [recipe.reference for recipe in recipes.RECIPES if recipe.context == name]
    dockerfile = (ROOT / f"testbed/images/{name}/Dockerfile").read_text()
    assert f"{name}:{version}" in references or re.search(rf"\b{name}-bin=={re.escape(version)}\.\d", dockerfile)
    for scenario in code(row["Scenarios"]):
        assert set(code(row["Run by"])) <= _commands(scenario)


def test_the_controllers_are_what_the_requirements_pin() -> None:
    (row,) = support_page.rows("Controllers")
    pinned = (ROOT / "requirements.txt").read_text()
    assert re.search(rf"^ansible-core=={re.escape(row['ansible-core'])}\.\d", pinned, re.MULTILINE)
    assert f"--python-version {row['Python']} " in (ROOT / "Makefile").read_text()
