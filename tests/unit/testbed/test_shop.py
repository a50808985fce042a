from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testbed import images, registry, shell, shop

BACKEND = "127.0.0.1:5000/shop/backend:1.1.0"
FRONTEND = "127.0.0.1:5000/shop/frontend:1.1.0"


class Engine:
    """Stands in for the engine and the registry: what is built gets its label, what is pushed is held."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.held: set[str] = set()
        self.commands: list[list[str]] = []

    def run(self, _step: str, argv: list[str], env: dict[str, str] | None = None, **_: Any) -> None:
        self.commands.append(argv)
        if argv[:3] == ["docker", "buildx", "bake"] and env:
            label = next(option for option in argv if option.startswith("--set=")).rpartition("=")[2]
            for name in (*shop.NAMES, *shop.FURTHER):
                self.labels[f"{env['REGISTRY']}/shop/{name}:{env['VERSION']}"] = label
        if argv[:2] == ["docker", "push"]:
            self.held.add(argv[2])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    fake = Engine()
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend/main.py").write_text("1\n")
    monkeypatch.setattr(shop, "SOURCE", tmp_path)
    monkeypatch.setattr(shell, "run", fake.run)
    monkeypatch.setattr(images, "ensure", lambda names: None)
    monkeypatch.setattr(images, "image_id", lambda reference: f"sha256:{reference}")
    monkeypatch.setattr(images, "context_label", lambda reference: fake.labels.get(reference, ""))
    monkeypatch.setattr(registry, "holds", lambda reference, name: reference in fake.held)
    return fake


def test_a_version_is_built_and_pushed_once(engine: Engine) -> None:
    shop.ensure(["1.1.0"])
    assert engine.held == {BACKEND, FRONTEND}
    engine.commands.clear()
    shop.ensure(["1.1.0"])
    assert engine.commands == []


def test_changed_sources_are_built_again(engine: Engine, tmp_path: Path) -> None:
    shop.ensure(["1.1.0"])
    engine.commands.clear()
    (tmp_path / "backend/main.py").write_text("2\n")
    shop.ensure(["1.1.0"])
    assert engine.commands[0][:3] == ["docker", "buildx", "bake"]


def test_what_tools_leave_behind_builds_nothing(engine: Engine, tmp_path: Path) -> None:
    shop.ensure(["1.1.0"])
    engine.commands.clear()
    (tmp_path / "frontend/node_modules").mkdir(parents=True)
    (tmp_path / "frontend/node_modules/package.json").write_text("{}\n")
    shop.ensure(["1.1.0"])
    assert engine.commands == []


def test_a_registry_that_lost_an_image_gets_it_again_without_a_build(engine: Engine) -> None:
    shop.ensure(["1.1.0"])
    engine.commands.clear()
    engine.held.remove(FRONTEND)
    shop.ensure(["1.1.0"])
    assert engine.commands == [["docker", "push", FRONTEND]]


def test_an_unhealthy_version_is_made_from_its_healthy_build(engine: Engine) -> None:
    shop.ensure(["1.1.0", "1.2.0-unhealthy"])
    made = [argv for argv in engine.commands if argv[:3] == ["docker", "buildx", "build"]]
    assert [argv[-1] for argv in made] == [str(shop.VARIANTS["-unhealthy"])]
    assert "--tag=127.0.0.1:5000/shop/backend:1.2.0-unhealthy" in made[0]


def test_further_images_are_built_when_they_are_asked_for(engine: Engine) -> None:
    shop.ensure(["1.1.0"], ["backend", "edge"])
    assert [argv[-2:] for argv in engine.commands if argv[:3] == ["docker", "buildx", "bake"]] == [["backend", "edge"]]
    assert engine.held == {BACKEND, BACKEND.replace("backend", "edge")}
