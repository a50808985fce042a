"""The overview of secrets for a person: readers, sources and lines, never a value."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import secret_overview
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import bundle

from tests.support.descriptions import example, model

GIVEN, MADE = Secret("smtp", value="x"), Secret("key", generate=40)


class EncryptedString:
    """Stands for the class of Ansible of this name, which a value with the tag `!vault` has."""


@pytest.mark.parametrize(
    ("secret", "written", "source"),
    [
        (MADE, {"generate": 40}, "generated on this host"),
        (MADE, None, "generated on this host"),
        (GIVEN, "{{ vault_smtp }}", "variable vault_smtp"),
        (GIVEN, "{{ vault_smtp | trim }}", "variable vault_smtp"),
        (GIVEN, {"value": "{{ vault_smtp }}"}, "variable vault_smtp"),
        (GIVEN, "{{ lookup('ansible.builtin.env', 'SMTP') }}", "lookup ansible.builtin.env"),
        (GIVEN, {"base64": '{{ query("file", "a")[0] }}'}, "lookup file"),
        (GIVEN, EncryptedString(), "vault"),
        (GIVEN, "hunter2", "inventory"),
        (GIVEN, None, "inventory"),
        (None, None, "generated on this host"),
        (Secret("key_previous", previous="key"), None, "before the last rotation of key"),
    ],
)
def test_the_source_of_a_secret_is_told_from_what_the_inventory_says(
    secret: Secret | None, written: Any, source: str
) -> None:
    assert secret_overview.source(secret, written) == source


def test_readers_are_files_variables_and_probes() -> None:
    stack = model(example(backend={"needs": ["redis", {"service": "db", "url": "DATABASE_URL"}]}))
    probes = [{"path": "/", "secrets": ["secret_key"], "headers": {"Authorization": "Bearer {secret_key}"}}]
    readers = secret_overview.readers(stack, bundle(stack, probes))
    assert readers["secret_key"][0] == "backend: /run/secrets/secret_key"
    assert readers["secret_key"][-1] == "probes"
    assert {"db: /run/secrets/db_password", "backend: $DATABASE_URL"} <= set(readers["db_password"])


def test_lines_have_each_reader_and_say_what_a_deploy_would_do() -> None:
    overview = [
        {
            "name": "smtp",
            "source": "vault",
            "since": 0,
            "state": "differs",
            "readers": ["web: /run/secrets/smtp", "web: $S"],
        },
        {"name": "old", "source": "generated on this host", "since": None, "state": "left", "readers": []},
    ]
    assert secret_overview.lines("one", overview) == [
        "secrets on one:",
        (
            "  smtp  vault                   since 1970-01-01T00:00:00Z  differs from the live value; the next deploy "
            "replaces web  web: /run/secrets/smtp"
        ),
        f"{'':119}web: $S",
        "  old   generated on this host                              not described any more",
    ]
    assert secret_overview.lines("one", []) == ["one: there is no secret"]
