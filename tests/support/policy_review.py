"""Reviews of texts, for tables of test cases."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import settings
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import Review, review
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack, from_document

DAY = "2026-11-21"


def whole(text: str) -> str:
    """Return *text* as a Compose file. Services without the key `services` get it."""
    if "services:" in text:
        return text
    return "services:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def stack(text: str, registries: tuple[str, ...] = (), files: Mapping[str, str] | None = None) -> Stack:
    """Return the stack that a text describes, in a directory with only *files*: their texts by name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files or {}).items():
            Path(folder, name).write_text(content, encoding="utf-8")
        path = Path(folder, "compose.yaml")
        path.write_text(whole(text), encoding="utf-8")
        return from_document(reading.read([path]), registries)


def reviewed(
    text: str,
    environment: str = "production",
    config: Any = None,
    other: str = "",
    today: str = DAY,
    files: Mapping[str, str] | None = None,
) -> Review:
    """Return the review of a text.

    :param config: settings as in their file.
    :param other: the text of a second environment, `staging`.
    :param files: the texts of other files, such as `.env`, by name.
    """
    policy_settings = settings.read(config, "settings")
    others: Mapping[str, Stack] = {"staging": stack(other)} if other else {}
    return review(stack(text, policy_settings.registries, files), environment, policy_settings, today, others)


def rules(result: Review) -> set[str]:
    """Return the ids of the rules with findings."""
    return {finding.rule for finding in result.findings}
