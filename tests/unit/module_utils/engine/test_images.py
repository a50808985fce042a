from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_pull, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine import images as images_
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.images import Image, ImagesError, UnusedImage
from ansible_collections.slipway.stack.plugins.module_utils.release import ship
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import spec, write_release

OLD, NEW = f"sha256:{'0' * 64}", f"sha256:{'1' * 64}"
APP = "registry:5000/shop/app"


def _release(*pinned: str) -> dict[str, Any]:
    return {"services": {f"service{number}": {"pinned": reference} for number, reference in enumerate(pinned)}}


def _image(*references: str, own_size: int = 7) -> Image:
    return Image(f"id of {references[0]}", references, own_size)


def _unused(
    *images: Image, own: list[str], others: tuple[str, ...] = (), used: tuple[str, ...] = ()
) -> list[UnusedImage]:
    releases = [_release(*own)]
    return images_.unused_images(images, releases, [*releases, _release(*others)], set(used))


def test_an_image_without_a_release_is_unused() -> None:
    old, new = _image(f"{APP}@{OLD}"), _image(f"{APP}@{NEW}")
    assert _unused(old, new, own=[f"{APP}@{NEW}"]) == [UnusedImage((f"{APP}@{OLD}",), True, 7)]


def test_tags_of_the_repository_are_removed_with_their_image() -> None:
    image = _image(f"{APP}:1.0", f"{APP}@{OLD}")
    assert _unused(image, own=[f"{APP}@{NEW}"]) == [UnusedImage((f"{APP}:1.0", f"{APP}@{OLD}"), True, 7)]


@pytest.mark.parametrize(
    ("image", "keywords"),
    [
        (_image(f"{APP}@{OLD}"), {"own": [f"{APP}@{OLD}"]}),
        (_image(f"{APP}:1.0", f"{APP}@{OLD}"), {"own": [f"{APP}@{OLD}"]}),
        (_image(f"{APP}:1.0"), {"own": [f"{APP}:1.0"]}),
        (_image(f"{APP}@{OLD}"), {"own": [f"{APP}@{NEW}"], "others": (f"{APP}@{OLD}",)}),
        (_image(f"{APP}@{OLD}"), {"own": [f"{APP}@{NEW}"], "others": (f"mirror/shop/app@{OLD}",)}),
        (_image(f"{APP}@{OLD}"), {"own": [f"{APP}@{NEW}"], "used": (f"id of {APP}@{OLD}",)}),
        (_image(f"registry:5000/shop/other@{OLD}"), {"own": [f"{APP}@{NEW}"]}),
        (_image(f"registry:5000/shop/app/more@{OLD}"), {"own": [f"{APP}@{NEW}"]}),
        (_image(f"postgres@{OLD}"), {"own": [f"postgres@{NEW}"]}),
        (_image(f"library/postgres@{OLD}"), {"own": [f"library/postgres@{NEW}"]}),
        (_image(f"mirror:5000/library/postgres@{OLD}"), {"own": [f"mirror:5000/library/postgres@{NEW}"]}),
        (_image(f"{APP}@{OLD}"), {"own": []}),
    ],
    ids=[
        "in a release",
        "in a release by digest, with a tag",
        "in a release by tag, only on this host",
        "in a release of another stack",
        "in a release of another stack, from a mirror",
        "used by a container",
        "another repository",
        "another repository below the repository",
        "official image",
        "official image with namespace",
        "official image from a mirror",
        "no release",
    ],
)
def test_an_image_is_kept(image: Image, keywords: dict[str, Any]) -> None:
    assert _unused(image, **keywords) == []


def test_an_image_without_a_registry_is_identified_by_its_id() -> None:
    local = "localhost/shop/app"
    release = {"services": {"web": {"image": f"{local}:2", "pinned": "sha256:22"}}}
    older, newer = (Image(f"sha256:{one}{one}", (f"{local}:{one}-aa",), 7) for one in "12")
    assert images_.unused_images([older, newer], [release], [release], set()) == [
        UnusedImage((f"{local}:1-aa",), True, 7)
    ]


def test_a_reference_of_another_repository_is_kept() -> None:
    image = _image(f"{APP}@{OLD}", "somebody/elses:1")
    assert _unused(image, own=[f"{APP}@{NEW}"]) == [UnusedImage((f"{APP}@{OLD}",), False, 7)]


# The answer of engine 26.1. Older engines write <none> for a missing reference, and -1 for a size that is not computed.
def test_the_images_in_the_engines_answer() -> None:
    listed = [
        {"Id": "a", "RepoTags": ["app:1"], "RepoDigests": [f"app@{OLD}"], "Size": 100, "SharedSize": 60},
        {"Id": "b", "RepoTags": None, "RepoDigests": None, "Size": 5, "SharedSize": -1},
        {"Id": "c", "RepoTags": ["<none>:<none>"], "RepoDigests": ["app@<none>", f"app@{NEW}"], "Size": 5},
    ]
    assert images_.engine_images(listed) == [
        Image("a", ("app:1", f"app@{OLD}"), 40),
        Image("b", (), 5),
        Image("c", (f"app@{NEW}",), 5),
    ]


class Engine:
    """An engine with images by reference. No layer is shared."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes
        self.commands: list[list[str]] = []

    def get(self, path: str) -> Any:
        if path.startswith("/images/json"):
            return [
                {"Id": reference, "RepoTags": [], "RepoDigests": [reference], "Size": size, "SharedSize": 0}
                for reference, size in self.sizes.items()
            ]
        return {"LayersSize": sum(self.sizes.values())} if path.startswith("/system/df") else []

    def run(self, arguments: list[str]) -> str:
        self.commands.append(arguments)
        self.sizes.pop(arguments[-1], None)
        return ""

    def local_image(self, reference: str) -> dict[str, Any] | None:
        return {} if reference in self.sizes else None


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine({f"{APP}@{OLD}": 30, f"{APP}@{NEW}": 50})
    for name in ("get", "run", "local_image"):
        monkeypatch.setattr(docker, name, getattr(fake, name))
    return fake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a directory of stacks that has one release of `shop`."""
    release = tmp_path / "shop/releases/20261121T101500Z-1a2b3c4d"
    write_release(Home(str(tmp_path / "shop")), release.name, services={"web": spec(pinned=f"{APP}@{NEW}")})
    (tmp_path / "lost+found").mkdir()
    return tmp_path


def test_prune_removes_images_and_returns_the_freed_bytes(engine: Engine, root: Path) -> None:
    assert images_.prune(root, "shop", dry_run=False) == ([f"{APP}@{OLD}"], 30)
    assert engine.commands == [["image", "rm", f"{APP}@{OLD}"]]
    assert images_.prune(root, "shop", dry_run=False) == ([], 0)


def test_a_dry_run_of_prune_removes_nothing(engine: Engine, root: Path) -> None:
    assert images_.prune(root, "shop", dry_run=True) == ([f"{APP}@{OLD}"], 30)
    assert engine.commands == []


def test_an_unknown_stack_has_nothing_to_prune(engine: Engine, root: Path) -> None:
    assert images_.prune(root, "other", dry_run=False) == ([], 0)
    assert images_.prune(root / "nowhere", "shop", dry_run=False) == ([], 0)


def test_an_unreadable_release_prevents_pruning(engine: Engine, root: Path) -> None:
    (root / "twin/releases/broken").mkdir(parents=True)
    with pytest.raises(
        ImagesError,
        match=r"twin/releases/broken/manifest\.json does not exist\. Restore the file from a backup, or remove .*/twin/"
        r"releases/broken\. Until then, the images that this release needs are unknown",
    ):
        images_.prune(root, "shop", dry_run=False)
    assert engine.commands == []


def test_pull_pulls_missing_images(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    third = f"sha256:{'2' * 64}"
    digests = {f"{APP}:1": OLD, f"{APP}:2": third}
    monkeypatch.setattr(registries, "remote_digest", digests.__getitem__)
    pulled: list[str] = []
    monkeypatch.setattr(image_pull, "pull", pulled.append)
    services = {"api": f"{APP}:1", "worker": f"{APP}:2", "beat": f"{APP}:2"}
    resolved = {f"{APP}:1": f"{APP}@{OLD}", f"{APP}:2": f"{APP}@{third}"}
    assert images_.pull(services, dry_run=True) == (resolved, [f"{APP}@{third}"])
    assert engine.commands == []
    assert images_.pull(services, dry_run=False) == (resolved, [f"{APP}@{third}"])
    assert pulled == [f"{APP}@{third}"]


def test_pull_reports_every_missing_image(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(reference: str) -> str:
        raise DockerError("no such image")

    monkeypatch.setattr(registries, "remote_digest", absent)
    with pytest.raises(ImagesError) as caught:
        images_.pull({"api": f"{APP}:1", "page": "registry:5000/shop/page:1"}, dry_run=False)
    assert "service 'api'" in str(caught.value)
    assert "service 'page'" in str(caught.value)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("localhost/app:1", "no longer on this host; send it again"),
        ("app:1", "was built on this host and is no longer on it"),
    ],
)
def test_a_missing_image_without_a_registry_is_not_pulled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image: str, message: str
) -> None:
    monkeypatch.setattr(docker, "local_image", lambda _reference: None)
    journal = Journal(tmp_path / "journal.jsonl", "r1")
    with pytest.raises(RolloutFailed, match=message):
        images_.pull_missing({"web": spec(image=image, pinned="sha256:1")}, journal, 120.0)


def test_a_pull_writes_its_limit_when_it_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def pull(pinned: str, stall_seconds: float) -> None:
        raise DockerError(f"{pinned}, {stall_seconds}")

    monkeypatch.setattr(docker, "local_image", lambda _reference: None)
    monkeypatch.setattr(image_pull, "pull", pull)
    services = {"web": spec(image="app:1", pinned="app@sha256:1")}
    with pytest.raises(DockerError, match=r"app@sha256:1, 120\.0"):
        images_.pull_missing(services, Journal(tmp_path / "journal.jsonl", "r1"), 120.0)
    record = json.loads((tmp_path / "journal.jsonl").read_text())
    assert record["text"] == "pulling app:1, for at most 2 min without progress"


@pytest.mark.parametrize("image", ["localhost/app:1", "app:1"])
def test_another_build_with_the_same_reference_is_noticed(monkeypatch: pytest.MonkeyPatch, image: str) -> None:
    monkeypatch.setattr(docker, "local_image", {image: {"Id": "sha256:2"}}.get)
    assert ship._has_other_local_image({"web": spec(image=image, pinned="sha256:2")}) is False
    assert ship._has_other_local_image({"web": spec(image=image, pinned="sha256:1")}) is True
    assert ship._has_other_local_image({"web": spec(image=image, pinned="app@sha256:1")}) is False
