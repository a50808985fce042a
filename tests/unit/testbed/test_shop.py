from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testbed import images, registry, shell, shop

BACKEND = "127.0.0.1:5000/shop/backend:1.1.0"
FRONTEND = "127.0.0.1:5000/shop/frontend:1.1.0"


class Engine:
    """Stands in for the engine and the registry: records the labels of built images, and which images were pushed."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.pushed: set[str] = set()
        self.commands: list[list[str]] = []

    def run(self, _step: str, argv: list[str], env: dict[str, str] | None = None, **_: Any) -> None:
        self.commands.append(argv)
        if argv[:3] == ["docker", "buildx", "bake"] and env:
            label = next(option for option in argv if option.startswith("--set=")).rpartition("=")[2]
            for name in (*shop.NAMES, *shop.FURTHER):
                self.labels[f"{env['REGISTRY']}/shop/{name}:{env['VERSION']}"] = label
        if argv[:2] == ["docker", "push"]:
            self.pushed.add(argv[2])


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
    monkeypatch.setattr(registry, "holds", lambda reference, name: reference in fake.pushed)
    return fake


def test_a_version_is_built_and_pushed_once(engine: Engine) -> None:
    shop.ensure(["1.1.0"])
    assert engine.pushed == {BACKEND, FRONTEND}
    engine.commands.clear()
    shop.ensure(["1.1.0"])
    assert engine.commands == []


def test_changed_sources_are_rebuilt(engine: Engine, tmp_path: Path) -> None:
    shop.ensure(["1.1.0"])
    engine.commands.clear()
    (tmp_path / "backend/main.py").write_text("2\n")
    shop.ensure(["1.1.0"])
    assert engine.commands[0][:3] == ["docker", "buildx", "bake"]


def test_files_of_tools_cause_no_build(engine: Engine, tmp_path: Path) -> None:
    shop.ensure(["1.1.0"])
    engine.commands.clear()
    (tmp_path / "frontend/node_modules").mkdir(parents=True)
    (tmp_path / "frontend/node_modules/package.json").write_text("{}\n")
    shop.ensure(["1.1.0"])
    assert engine.commands == []


def test_an_image_that_the_registry_lost_is_pushed_without_a_build(engine: Engine) -> None:
    shop.ensure(["1.1.0"])
    engine.commands.clear()
    engine.pushed.remove(FRONTEND)
    shop.ensure(["1.1.0"])
    assert engine.commands == [["docker", "push", FRONTEND]]


def test_an_unhealthy_version_is_built_on_its_healthy_build(engine: Engine) -> None:
    shop.ensure(["1.1.0", "1.2.0-unhealthy"])
    builds = [argv for argv in engine.commands if argv[:3] == ["docker", "buildx", "build"]]
    assert [argv[-1] for argv in builds] == [str(shop.VARIANTS["-unhealthy"])]
    assert "--tag=127.0.0.1:5000/shop/backend:1.2.0-unhealthy" in builds[0]


def test_more_images_are_built_on_request(engine: Engine) -> None:
    shop.ensure(["1.1.0"], ["backend", "edge"])
    assert [argv[-2:] for argv in engine.commands if argv[:3] == ["docker", "buildx", "bake"]] == [["backend", "edge"]]
    assert engine.pushed == {BACKEND, BACKEND.replace("backend", "edge")}
