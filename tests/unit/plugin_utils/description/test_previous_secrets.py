"""`previous: true`: a service reads the value of a secret before its last rotation, too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret

from tests.support.descriptions import model, parcel, plain
from tests.support.errors import error_of

GENERATED = {"key": {"generate": 40}}


def test_the_previous_value_is_a_file_next_to_the_present_one() -> None:
    stack = model({"web": plain(secrets=[{"name": "key", "previous": True}])}, GENERATED)
    web = stack.services["web"]
    assert [mount.target for mount in web.secret_mounts] == ["/run/secrets/key_previous", "/run/secrets/key"]
    assert web.environment["KEY_FILE"] == "/run/secrets/key"
    assert web.environment["KEY_PREVIOUS_FILE"] == "/run/secrets/key_previous"
    assert stack.secrets["key_previous"] == Secret("key_previous", previous="key")


def test_the_previous_value_is_a_variable_next_to_the_present_one() -> None:
    services = {"web": plain(secrets=[{"name": "key", "env": "APP_KEY", "previous": True}])}
    web = model(services, GENERATED).services["web"]
    assert sorted(web.secret_variables) == ["APP_KEY", "APP_KEY_PREVIOUS"]
    source = parcel(services, GENERATED).secrets()["key_previous"]
    assert source == {"value": None, "generate": None, "previous": "key"}


@pytest.mark.parametrize(
    ("secrets", "use", "message"),
    [
        ({"key": "text"}, {}, "only a secret that the server generates has a previous value"),
        ({**GENERATED, "key_previous": "x"}, {}, "there is a secret 'key_previous' already"),
        (GENERATED, {"target": "/key"}, "it goes with 'env' or without any other key"),
        (GENERATED, {"env": "KEY", "text": "x{key}"}, "it goes with 'env' or without any other key"),
    ],
)
def test_what_has_no_previous_value_is_refused(secrets: Any, use: dict[str, Any], message: str) -> None:
    services = {"web": plain(secrets=[{"name": "key", "previous": True, **use}])}
    assert message in error_of(model, services, secrets)
