from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.images import bake
from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import BuildContext, Target

from tests.support.descriptions import example, model, plain
from tests.support.errors import error_of

COMMIT = "0123456789ab"
IMAGE = "registry.example.com/shop/backend:1.4.2"


def targets(services: Any, commit: str = COMMIT, **push_registries: str) -> list[Target]:
    """Return the targets of a stack whose contexts are all below `/src` and at one commit."""
    stack = model(services)
    contexts = {service.build.context for service in stack.services.values() if service.build}
    build_contexts = {context: BuildContext(f"/src/{context}", commit) for context in contexts}
    return bake.targets(stack, build_contexts, push_registries)


def target(commit: str = COMMIT, **build: Any) -> Target:
    """Return the target of the example's backend with this `build`."""
    return targets(example(backend={"build": {"context": "backend", **build}}), commit)[0]


def test_each_image_is_built_once() -> None:
    found = targets(example(backend={"build": {"context": "backend"}}, frontend={"build": {"context": "frontend"}}))
    assert [(entry.name, entry.image, entry.context) for entry in found] == [
        ("backend", IMAGE, "/src/backend"),
        ("frontend", "registry.example.com/shop/frontend:1.4.2", "/src/frontend"),
    ]


def test_a_stack_without_a_build_has_no_targets() -> None:
    assert targets(example()) == []


@pytest.mark.parametrize(
    ("commit", "tags", "revision"),
    [
        (COMMIT, (IMAGE, f"{IMAGE}-{COMMIT}"), COMMIT),
        (f"{COMMIT}-dirty", (IMAGE,), f"{COMMIT}-dirty"),
        ("", (IMAGE,), None),
    ],
    ids=["committed", "changed since", "no working copy"],
)
def test_the_commit_is_a_tag_only_if_the_files_are_committed(
    commit: str, tags: tuple[str, ...], revision: str | None
) -> None:
    found = target(commit)
    assert found.tags == tags
    assert found.args.get("GIT_COMMIT") == revision
    assert found.labels.get("org.opencontainers.image.revision") == revision


def test_the_tag_of_the_image_is_its_version() -> None:
    found = target()
    assert found.args["APP_VERSION"] == "1.4.2"
    assert found.labels["org.opencontainers.image.version"] == "1.4.2"


def test_an_image_with_its_own_version_is_the_same_in_every_release() -> None:
    """A database built with an extension must not restart because the application has a new version."""

    def database(version: str) -> Target:
        services = example(
            db={"image": "registry.example.com/shop/db:17-1", "build": {"context": "db"}},
            backend={"image": f"registry.example.com/shop/backend:{version}"},
        )
        return targets(services)[0]

    assert database("1.4.2") == database("1.4.3")


def test_build_arguments_of_the_description_take_precedence() -> None:
    found = target(args={"APP_VERSION": "v1", "GIT_COMMIT": None, "WORKERS": 4})
    assert found.args == {"APP_VERSION": "v1", "WORKERS": "4"}


@pytest.mark.parametrize(
    ("image", "pushed"),
    [
        ("registry:5000/shop/backend:1", "127.0.0.1:5000/shop/backend:1"),
        ("registry/shop/backend:1", "registry/shop/backend:1"),
        ("other:5000/registry:5000/backend:1", "other:5000/registry:5000/backend:1"),
        ("registry:5000", "registry:5000"),
    ],
)
def test_an_image_is_pushed_under_the_name_of_the_push_registry(image: str, pushed: str) -> None:
    assert bake.push_reference(image, {"registry:5000": "127.0.0.1:5000"}) == pushed


def test_both_tags_have_the_name_of_the_push_registry() -> None:
    found = targets(example(backend={"build": {"context": "backend"}}), **{"registry.example.com": "127.0.0.1:5000"})
    assert found[0].image == IMAGE
    assert found[0].tags == ("127.0.0.1:5000/shop/backend:1.4.2", f"127.0.0.1:5000/shop/backend:1.4.2-{COMMIT}")


def test_the_bake_document_of_a_target() -> None:
    found = target(target="runtime", platforms=["linux/amd64", "linux/arm64"], dockerfile="deploy/Dockerfile")
    assert bake.document([found]) == {
        "group": {"default": {"targets": ["backend"]}},
        "target": {
            "backend": {
                "context": "/src/backend",
                "dockerfile": "deploy/Dockerfile",
                "target": "runtime",
                "platforms": ["linux/amd64", "linux/arm64"],
                "args": {"APP_VERSION": "1.4.2", "GIT_COMMIT": COMMIT},
                "labels": {
                    "org.opencontainers.image.version": "1.4.2",
                    "org.opencontainers.image.revision": COMMIT,
                },
                "tags": [IMAGE, f"{IMAGE}-{COMMIT}"],
            }
        },
    }


def test_keys_that_are_not_described_are_left_out() -> None:
    assert bake.document([target()])["target"]["backend"].keys().isdisjoint({"target", "platforms"})


# The escaping was tried with buildx 0.13.
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("${HOME}", "$${HOME}"),
        ("%{if}", "%%{if}"),
        ("$${a}", "$$${a}"),
        ("costs $5 or 5%", "costs $5 or 5%"),
        ("{}", "{}"),
    ],
)
def test_texts_are_escaped_for_bake(text: str, written: str) -> None:
    assert bake.document([target(args={"TEXT": text})])["target"]["backend"]["args"]["TEXT"] == written


def test_two_different_builds_of_one_image_are_refused() -> None:
    services = {
        "a": plain(image="shop/a:1", build={"context": "a"}),
        "b": plain(image="shop/a:1", build={"context": "b"}),
    }
    assert error_of(targets, services) == (
        "service 'b': key 'build': service 'a' builds shop/a:1 differently; "
        "change the image of one of them, or make one 'like' the other"
    )


def test_a_service_with_its_own_image_does_not_inherit_a_build() -> None:
    services = {
        "a": plain(image="shop/a:1", build={"context": "a"}),
        "b": {"kind": "custom", "like": "a", "image": "shop/b:1", "health": {"test": ["CMD", "true"]}},
    }
    assert [entry.name for entry in targets(services)] == ["a"]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"build": "backend"}, "service 'a': key 'build': 'backend' is not a mapping of keys to values"),
        ({"build": {"contxt": "a"}}, "service 'a', key 'build': unknown key 'contxt'; did you mean 'context'?"),
        ({"build": {"target": "x"}}, "service 'a', key 'build': required key 'context' is missing"),
        (
            {"build": {"context": "a", "args": ["X=1"]}},
            "service 'a', key 'build': key 'args': ['X=1'] is not a",
        ),
        (
            {"build": {"context": "a", "args": {"X": True}}},
            "service 'a', key 'build.args': key 'X': True is not text; put it in quotes",
        ),
        (
            {"build": {"context": "a"}, "image": "shop/a"},
            "service 'a': key 'build': key 'image': 'shop/a' must be a reference with a tag and without a digest",
        ),
        (
            {"build": {"context": "a"}, "image": f"shop/a:1@sha256:{'0' * 64}"},
            "must be a reference with a tag and without a digest",
        ),
        (
            {"build": {"context": "a"}, "image": "registry:5000/a"},
            "must be a reference with a tag and without a digest",
        ),
    ],
)
def test_an_invalid_build_is_refused(keys: dict[str, Any], sentence: str) -> None:
    assert sentence in error_of(model, {"a": plain(**keys)})


def test_a_build_needs_an_image_of_its_own() -> None:
    services = example(edge={"build": {"context": "edge"}})
    assert error_of(model, services) == (
        "service 'edge': key 'build': key 'image' is missing; set the reference that the built image gets"
    )
