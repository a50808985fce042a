"""Values of a description that would become an argument, a path or a line of their own, each with its sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import example, model, plain
from tests.support.errors import error_of

NO_IMAGE = "is not an image reference, such as registry.example.com/shop/backend:1.4.2"


def _one(**keys: Any) -> dict[str, Any]:
    return {"web": plain(**keys)}


REFUSED = [
    (_one(image="--privileged"), f"service 'web': key 'image': '--privileged' {NO_IMAGE}"),
    (_one(image="app:1\nevil: 1"), f"service 'web': key 'image': 'app:1\\nevil: 1' {NO_IMAGE}"),
    (
        example(db={"version": "17 --x"}),
        (
            "service 'db': key 'version': '17 --x' is not a word of letters, digits and '_.,:/@+-' that begins "
            "with a letter, a digit or '/'"
        ),
    ),
    (
        _one(environments={"production": {"image": "-x"}}),
        f"service 'web': key 'environments.production.image': '-x' {NO_IMAGE}",
    ),
    ({"w" * 300: plain()}, f"service '{'w' * 300}': the name has 300 characters; use at most 63"),
    (
        _one(user="4294967295"),
        (
            "service 'web': key 'user': '4294967295' is not numeric; write uid:gid, because its secret files get "
            "that owner"
        ),
    ),
    (
        _one(compose={"labels": {"a\nb": "1"}}),
        "service 'web': key 'compose.labels': 'a\\nb' is not a name; it is empty or has a control character",
    ),
    (
        _one(compose={"networks": ["a b"]}),
        "service 'web': key 'compose.networks': ['a b'] is neither a list of names nor a mapping by name",
    ),
    (
        _one(volumes=["data:/x\n"]),
        (
            "service 'web': key 'volumes': 'data:/x\\n' is not a volume in Compose's short notation, such as "
            "data:/path or /srv/data:/path:ro"
        ),
    ),
    (
        _one(publish=["\u0661:80"]),
        (
            "service 'web': published port '\u0661:80' is not HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each port "
            "from 1 to 65535"
        ),
    ),
]


@pytest.mark.parametrize(("services", "message"), REFUSED)
def test_value(services: Any, message: str) -> None:
    assert error_of(model, services) == message
