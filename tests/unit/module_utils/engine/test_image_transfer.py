"""Images that no registry has, on the host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_transfer
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

IMAGE = "localhost/shop/app:1"


def _record(*layers: str, created: str = "2026-11-21T10:00:00Z") -> dict[str, Any]:
    return {
        "Id": f"sha256:{'-'.join(layers)}",
        "Created": created,
        "RootFS": {"Type": "layers", "Layers": list(layers)},
    }


class Engine:
    """An engine with some images; what it loads appears."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images: dict[str, dict[str, Any]] = {}
        self.loads: dict[str, dict[str, Any]] = {}
        self.driver: list[list[str]] = [["Backing Filesystem", "extfs"]]
        self.commands: list[list[str]] = []
        monkeypatch.setattr(docker, "local_image", self._image)
        monkeypatch.setattr(docker, "get", self._ask)
        monkeypatch.setattr(docker, "run", self._run)

    def _image(self, reference: str) -> dict[str, Any] | None:
        return {**self.images, **{one["Id"]: one for one in self.images.values()}}.get(reference)

    def _ask(self, path: str) -> Any:
        return {"DriverStatus": self.driver} if path == "/info" else list(self.images.values())

    def _run(self, arguments: list[str]) -> str:
        self.commands.append(arguments)
        if arguments[0] == "load":
            self.images.update(self.loads)
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def test_another_build_of_the_same_layers_is_another_image() -> None:
    one = image_transfer.image_identity(_record("a", "b"))
    assert image_transfer.image_identity({**_record("a", "b"), "Id": "sha256:of another store"}) == one
    assert image_transfer.image_identity(_record("a", "b", created="2026-11-21T10:00:01Z")) != one
    assert image_transfer.image_identity(_record("a", "c")) != one


def test_attestations_make_no_other_image(engine: Engine) -> None:
    """In containerd's store the id is that of the index, which has them; date and layers are those of the image."""
    wanted = {IMAGE: image_transfer.image_identity({**_record("a", "b"), "Id": "sha256:index with attestations"})}
    engine.images = {IMAGE: {**_record("a", "b"), "Id": "sha256:index with others"}}
    assert image_transfer.missing_images(wanted) == []


def test_missing_is_what_is_not_there_or_another(engine: Engine) -> None:
    engine.images = {"localhost/a:1": _record("a"), "localhost/b:1": _record("b")}
    wanted = {
        "localhost/a:1": image_transfer.image_identity(_record("a")),
        "localhost/b:1": image_transfer.image_identity(_record("b", "c")),
        "localhost/c:1": image_transfer.image_identity(_record("c")),
    }
    assert image_transfer.missing_images(wanted) == ["localhost/b:1", "localhost/c:1"]


def test_layers_of_all_images(engine: Engine) -> None:
    engine.images = {"a:1": _record("a", "b"), "b:1": _record("a", "c")}
    assert image_transfer.image_layers() == [["a", "b"], ["a", "c"]]


def test_containerds_store_promises_nothing(engine: Engine) -> None:
    engine.images = {"a:1": _record("a", "b")}
    engine.driver = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert image_transfer.image_layers() == []


def test_what_was_sent_gets_a_tag_that_stays_its_own(engine: Engine) -> None:
    engine.loads = {IMAGE: _record("a")}
    identity = image_transfer.image_identity(_record("a"))
    image_transfer.load_archive("/tmp/images.tar.gz", {IMAGE: identity})
    assert engine.commands == [
        ["load", "--quiet", "--input", "/tmp/images.tar.gz"],
        ["tag", IMAGE, f"{IMAGE}-{identity[:12]}"],
    ]


def test_something_else_in_the_archive_is_an_error(engine: Engine) -> None:
    engine.loads = {IMAGE: _record("x")}
    with pytest.raises(DockerError, match=f"{IMAGE} is not what was sent"):
        image_transfer.load_archive("/tmp/images.tar.gz", {IMAGE: image_transfer.image_identity(_record("a"))})
