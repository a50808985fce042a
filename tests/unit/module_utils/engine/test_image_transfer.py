"""Images that no registry has, on the host that receives them."""

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
    """An engine with images. Loading an archive adds the images in `loads`."""

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

    def _run(self, arguments: list[str], **_: Any) -> str:
        self.commands.append(arguments)
        if arguments[0] == "load":
            self.images.update(self.loads)
        return ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def test_another_build_of_the_same_layers_is_another_image() -> None:
    identity = image_transfer.image_identity(_record("a", "b"))
    assert image_transfer.image_identity({**_record("a", "b"), "Id": "sha256:of another store"}) == identity
    assert image_transfer.image_identity(_record("a", "b", created="2026-11-21T10:00:01Z")) != identity
    assert image_transfer.image_identity(_record("a", "c")) != identity


def test_attestations_do_not_change_the_identity(engine: Engine) -> None:
    """In containerd's store the id belongs to the index with the attestations. Date and layers belong to the image."""
    identities = {IMAGE: image_transfer.image_identity({**_record("a", "b"), "Id": "sha256:index with attestations"})}
    engine.images = {IMAGE: {**_record("a", "b"), "Id": "sha256:index with others"}}
    assert image_transfer.missing_images(identities) == []


def test_absent_and_different_images_are_missing(engine: Engine) -> None:
    engine.images = {"localhost/a:1": _record("a"), "localhost/b:1": _record("b")}
    identities = {
        "localhost/a:1": image_transfer.image_identity(_record("a")),
        "localhost/b:1": image_transfer.image_identity(_record("b", "c")),
        "localhost/c:1": image_transfer.image_identity(_record("c")),
    }
    assert image_transfer.missing_images(identities) == ["localhost/b:1", "localhost/c:1"]


def test_the_layers_of_all_images(engine: Engine) -> None:
    engine.images = {"a:1": _record("a", "b"), "b:1": _record("a", "c")}
    assert image_transfer.image_layers() == [["a", "b"], ["a", "c"]]


def test_containerds_store_reports_no_layers(engine: Engine) -> None:
    engine.images = {"a:1": _record("a", "b")}
    engine.driver = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert image_transfer.image_layers() == []


def test_a_loaded_image_gets_a_tag_with_its_identity(engine: Engine) -> None:
    engine.loads = {IMAGE: _record("a")}
    identity = image_transfer.image_identity(_record("a"))
    image_transfer.load_archive("/tmp/images.tar.gz", {IMAGE: identity})
    assert engine.commands == [
        ["load", "--quiet", "--input", "/tmp/images.tar.gz"],
        ["tag", IMAGE, f"{IMAGE}-{identity[:12]}"],
    ]


def test_another_image_in_the_archive_is_an_error(engine: Engine) -> None:
    engine.loads = {IMAGE: _record("x")}
    with pytest.raises(DockerError, match=f"{IMAGE} is not the image that was sent"):
        image_transfer.load_archive("/tmp/images.tar.gz", {IMAGE: image_transfer.image_identity(_record("a"))})
