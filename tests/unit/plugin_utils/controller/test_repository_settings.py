"""The settings of a backup repository: what restic gets, and what is refused without a value in the message."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.repository_settings import (
    environment,
    retention,
)

SECRETS: dict[str, Any] = {"phrase": "a-long-passphrase", "key": {"value": "AKIA-1"}, "made": {"generate": 30}}
NAMES = {"RESTIC_PASSWORD": "phrase"}


def test_restic_gets_the_values() -> None:
    assert environment("s3:x", {**NAMES, "AWS_SECRET_ACCESS_KEY": "key"}, SECRETS) == {
        "RESTIC_PASSWORD": "a-long-passphrase",
        "AWS_SECRET_ACCESS_KEY": "AKIA-1",
    }
    assert environment("", {}, {}) == {}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({}, "key 'RESTIC_PASSWORD' is missing"),
        ({**NAMES, "LD_PRELOAD": "key"}, "'LD_PRELOAD' is no variable of restic"),
        ({**NAMES, "RESTIC_PASSWORD_COMMAND": "key"}, "'RESTIC_PASSWORD_COMMAND' is no variable of restic"),
        ({**NAMES, "PATH": "key"}, "'PATH' is no variable of restic"),
        ({"RESTIC_PASSWORD": "phrases"}, "key 'RESTIC_PASSWORD': stack_secrets has no secret 'phrases'; did you mean"),
        ({"RESTIC_PASSWORD": ["phrase"]}, "stack_secrets has no secret ['phrase']"),
        ({"RESTIC_PASSWORD": "made"}, "secret 'made' is generated on the server, and would be lost with it"),
    ],
)
def test_what_cannot_be_is_refused(names: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="backup_repository_secrets") as error:
        environment("rest:x", names, SECRETS)
    assert said in str(error.value)
    assert "a-long-passphrase" not in str(error.value)


def test_retention() -> None:
    assert retention({"daily": 7, "weekly": "2"}) == {"daily": 7, "weekly": 2, "monthly": 0}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dayly": 1}, "'dayly'; did you mean 'daily'?; valid: daily, weekly, monthly"),
        ({"daily": -1}, "key 'daily': -1 is not a number of backups"),
        ({"daily": True}, "key 'daily': True is not a number of backups"),
        ({"daily": "many"}, "key 'daily': 'many' is not a number"),
        ({"daily": 0}, "no backup would stay"),
        ({}, "no backup would stay"),
    ],
)
def test_a_retention_that_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="backup_retention") as error:
        retention(given)
    assert said in str(error.value)
