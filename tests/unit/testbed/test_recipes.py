from __future__ import annotations

from pathlib import Path

import pytest

from testbed import apt, images, machine, recipes


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


def test_no_name_means_every_image_of_the_usual_suite() -> None:
    chosen = recipes.choose([])
    assert {recipe.suite for recipe in chosen} == {recipes.SUITE}
    left_out = [recipe for recipe in recipes.RECIPES if recipe not in chosen and recipe.suite == recipes.SUITE]
    assert [recipe.name for recipe in left_out] == [
        *("testssl", "chromium", "mariadb", "rabbitmq", "valkey", "memcached", "prometheus"),
    ]
    assert recipes.choose(["testssl"]) == left_out[:1]


@pytest.mark.parametrize(
    ("name", "references"),
    [
        ("server", ["slipway/server"]),
        ("server:forky", ["slipway/server:forky"]),
        ("slipway/server:bookworm", ["slipway/server:bookworm"]),
        ("server-engine:forky", ["slipway/server:forky", "slipway/server-engine:forky"]),
    ],
)
def test_a_server_of_another_suite_is_named_with_it(name: str, references: list[str]) -> None:
    assert [recipe.reference for recipe in recipes.choose([name])] == references


@pytest.mark.parametrize("name", ["postgres", "postgres:17"])
def test_an_image_has_two_names(name: str) -> None:
    assert [recipe.reference for recipe in recipes.choose([name])] == ["postgres:17"]


def test_a_parent_comes_with_its_child_and_before_it() -> None:
    assert [recipe.context for recipe in recipes.choose(["server-engine"])] == ["server", "server-engine"]


def test_every_parent_stands_before_its_children() -> None:
    known = {recipes.base(suite) for suite in recipes.SUITES}
    for recipe in recipes.RECIPES:
        assert recipe.parent in known, recipe
        assert recipe.suite in recipe.parent or recipe.suite == recipes.SUITE
        known.add(recipe.reference)


def test_base_alone_is_no_further_image() -> None:
    assert recipes.choose(["base"]) == []
    assert recipes.choose([recipes.OFFICIAL_BASE]) == []


def test_unknown_image_is_named() -> None:
    with pytest.raises(ValueError, match=r"mysql is not an image of the testbed; valid names: base, python"):
        recipes.choose(["mysql"])


@pytest.mark.parametrize("recipe", recipes.RECIPES, ids=lambda recipe: recipe.name)
def test_every_recipe_has_a_dockerfile_on_its_parent(recipe: recipes.Recipe) -> None:
    dockerfile = (images.CONTEXTS / recipe.context / "Dockerfile").read_text()
    assert "ARG PARENT\nFROM ${PARENT}" in dockerfile
    assert ("AS extra-certificates" in dockerfile) == recipe.certificates


def _apt_of_a_base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suite: str, *, unified: bool) -> Path:
    """Return the folder with apt's configuration in the context of a suite's base image."""
    debian = apt.Source("http://mirror.example/debian", ("bookworm",), ("main",))
    security = apt.Source("http://mirror.example/debian-security", ("bookworm-security",), ("main",))
    monkeypatch.setattr(images, "GENERATED", tmp_path)
    monkeypatch.setattr(machine, "os_release", lambda: {"ID": "debian"})
    monkeypatch.setattr(machine, "apt_source", lambda: debian)
    monkeypatch.setattr(machine, "apt_security_source", lambda: security)
    monkeypatch.setattr(machine, "has_unified_control_groups", lambda: unified)
    return images._base_context(suite) / "apt"


def test_the_usual_base_has_its_suite_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    directory = _apt_of_a_base(monkeypatch, tmp_path, "trixie", unified=False)
    assert sorted(path.name for path in directory.iterdir()) == ["apt.conf.d", "sources.list"]
    assert (directory / "sources.list").read_text() == (
        "deb http://mirror.example/debian trixie main\ndeb http://mirror.example/debian-security trixie-security main\n"
    )


@pytest.mark.parametrize("unified", [True, False])
def test_an_unreleased_suite_boots_an_older_systemd_where_it_must(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unified: bool
) -> None:
    directory = _apt_of_a_base(monkeypatch, tmp_path, "forky", unified=unified)
    own, *others = (directory / "sources.list").read_text().splitlines()
    assert own == "deb [check-valid-until=no] http://mirror.example/debian forky main"
    assert others == ([] if unified else ["deb http://mirror.example/debian trixie main"])
    assert (directory / "preferences.d/systemd").exists() is not unified
    assert (directory / "apt.conf.d/90systemd").exists() is not unified


def test_names_left_out_do_not_count_at_any_depth(context: Path) -> None:
    before = recipes.context_digest(context, {})
    (context / "conf/node_modules/left").mkdir(parents=True)
    (context / "conf/node_modules/left/pad.js").write_text("1\n")
    assert recipes.context_digest(context, {}, without=["node_modules"]) == before
    assert recipes.context_digest(context, {}) != before
