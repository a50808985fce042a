from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import image_references


@pytest.mark.parametrize(
    ("reference", "repository", "registry"),
    [
        ("postgres:17", "postgres", "the default registry"),
        ("postgres", "postgres", "the default registry"),
        ("library/postgres:17", "library/postgres", "the default registry"),
        ("registry:5000/shop/backend:1.0", "registry:5000/shop/backend", "registry:5000"),
        ("registry:5000/shop/backend", "registry:5000/shop/backend", "registry:5000"),
        ("ghcr.example.com/a/b@sha256:00ff", "ghcr.example.com/a/b", "ghcr.example.com"),
        ("ghcr.example.com/a/b:1@sha256:00ff", "ghcr.example.com/a/b", "ghcr.example.com"),
        ("localhost/a:1", "localhost/a", "localhost"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000/a", "127.0.0.1:5000"),
    ],
)
def test_the_repository_and_the_registry_of_a_reference(reference: str, repository: str, registry: str) -> None:
    assert (image_references.repository(reference), image_references.registry_host(reference)) == (repository, registry)
