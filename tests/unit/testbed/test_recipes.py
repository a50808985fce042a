from __future__ import annotations

from pathlib import Path

import pytest

from testbed import engine, images, recipes


@pytest.fixture
def context(tmp_path: Path) -> Path:
    directory = tmp_path / "context"
    (directory / "conf").mkdir(parents=True)
    (directory / "Dockerfile").write_text("FROM scratch\n")
    (directory / "conf/a").write_text("1\n")
    return directory


def test_digest_is_the_same_for_the_same_inputs(context: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    context.rename(copy)
    before = recipes.context_digest(copy, {"parent": "sha256:1", "target": ""})
    copy.rename(context)
    assert recipes.context_digest(context, {"target": "", "parent": "sha256:1"}) == before


@pytest.mark.parametrize("change", ["content", "name", "mode", "new file", "argument"])
def test_digest_changes_with_every_input(context: Path, change: str) -> None:
    arguments = {"parent": "sha256:1"}
    before = recipes.context_digest(context, arguments)
    match change:
        case "content":
            (context / "conf/a").write_text("2\n")
        case "name":
            (context / "conf/a").rename(context / "conf/b")
        case "mode":
            (context / "conf/a").chmod(0o755)
        case "new file":
            (context / "conf/empty").touch()
        case "argument":
            arguments["parent"] = "sha256:2"
    assert recipes.context_digest(context, arguments) != before


def test_no_name_means_every_image() -> None:
    assert recipes.choose([]) == list(recipes.RECIPES)


@pytest.mark.parametrize("name", ["postgres", "postgres:17"])
def test_an_image_has_two_names(name: str) -> None:
    assert [recipe.reference for recipe in recipes.choose([name])] == ["postgres:17"]


def test_a_parent_comes_with_its_child_and_before_it() -> None:
    assert [recipe.context for recipe in recipes.choose(["server-engine"])] == ["server", "server-engine"]


def test_every_parent_stands_before_its_children() -> None:
    known = {recipes.BASE}
    for recipe in recipes.RECIPES:
        assert recipe.parent in known, recipe
        known.add(recipe.reference)


def test_base_alone_is_no_further_image() -> None:
    assert recipes.choose(["base"]) == []
    assert recipes.choose([recipes.OFFICIAL_BASE]) == []


def test_unknown_image_is_named() -> None:
    with pytest.raises(ValueError, match=r"there is no image mysql; there are base, python"):
        recipes.choose(["mysql"])


@pytest.mark.parametrize("recipe", recipes.RECIPES, ids=lambda recipe: recipe.context)
def test_every_recipe_has_a_dockerfile_on_its_parent(recipe: recipes.Recipe) -> None:
    dockerfile = (images.CONTEXTS / recipe.context / "Dockerfile").read_text()
    assert "ARG PARENT\nFROM ${PARENT}" in dockerfile
    assert ("AS extra-certificates" in dockerfile) == recipe.certificates


def test_pins_take_only_the_named_packages_from_the_other_suite() -> None:
    assert engine.pins("trixie", ["docker.io", "docker-cli"]) == (
        "Package: *\nPin: release n=trixie\nPin-Priority: 100\n\n"
        "Package: docker.io docker-cli\nPin: release n=trixie\nPin-Priority: 990\n"
    )


def test_names_left_out_do_not_count_at_any_depth(context: Path) -> None:
    before = recipes.context_digest(context, {})
    (context / "conf/node_modules/left").mkdir(parents=True)
    (context / "conf/node_modules/left/pad.js").write_text("1\n")
    assert recipes.context_digest(context, {}, without=["node_modules"]) == before
    assert recipes.context_digest(context, {}) != before
