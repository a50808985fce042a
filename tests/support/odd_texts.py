"""Texts of difficult characters, the same in every run, and what Compose reads in many of them at once."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.support import real_compose

#: How many times as many texts as in `make unit`. A long run sets it.
TIMES = int(os.environ.get("ODD_TEXTS_TIMES", "1"))


def texts(seed: int, count: int, parts: Sequence[str], longest: int) -> list[str]:
    """Return *count* different texts, each of at most *longest* of the *parts*."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count * TIMES:
        found["".join(chance.choice(parts) for _ in range(chance.randint(1, longest)))] = None
    return list(found)


def services_of(suite: str, folder: Path, services: dict[str, Any]) -> dict[str, Any]:
    """Return what Compose reads in *services*. The test fails if Compose refuses them; warnings are no failure."""
    (folder / "compose.yaml").write_text(json.dumps({"services": services}))
    found = real_compose.read(suite, folder)
    assert found.config is not None, found.printed
    result: dict[str, Any] = found.config["services"]
    return result


def accepted_alone(suite: str, folder: Path, services: Iterable[dict[str, Any]]) -> list[int]:
    """Return the numbers of the services that Compose accepts, each in a project of its own."""
    result = []
    for number, service in enumerate(services):
        (folder / "compose.yaml").write_text(json.dumps({"services": {"a": service}}))
        if real_compose.read(suite, folder).config is not None:
            result.append(number)
    return result
