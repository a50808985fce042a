"""Any text of a description arrives in the container as it is: real Compose reads it back from every file of a release.

Many texts are in one release, because one start of Compose takes as long as a thousand texts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.descriptions import parcel, plain
from tests.support.real_compose import SUITES, config, write_release

#: Texts that a parser of YAML, of environment files, of Compose's variables or of a shell reads as something else.
_AWKWARD = """
0o17 1e3 1E5 1_000 0x1F 0b11 0B1 -0x1f +1 -0 08 0777 1. .5 .5e3 1:30 +.inf .nan .NaN y on NO True Null ~ null = << !x &a
*a - -- --- ... ? : % @x `x` [a {a ]a }a , | > |- >- # a#b 2026-11-21 2026-11-21T10:00:00Z
123456789012345678901234567890
$ $$ $A ${A} ${A:-b} ${A $(id) `id` \\ \\n \\$ \\\\ \\" ' '' " "" '"' %d {{x}} {%x%} !reset export A=b é 🚢
"""
AWKWARD = _AWKWARD.split()
SPACED = [
    *("", " ", "a ", " a", "\ta", "a\tb", "a: b", "a #b", ": a", "- a", "? a", "a\n", "\na", "a\n\n", "a\r\nb", "\r"),
    *("\x01", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\xa0", "\u200b", "\ue000", "x" * 300 + " y"),
    *(
        "a # b",
        "a\n# b",
        "'a'\n\"b\"",
        "A=b\nC=d",
        "\\",
        "a\\",
        "$\n",
        "\n$",
        "-----BEGIN X-----\nab\n-----END X-----\n",
    ),
]
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


def _read(suite: str, folder: Path, services: Any, secrets: Any) -> dict[str, Any]:
    """Write a release with its secrets, and return the services that Compose reads."""
    release = parcel(services, secrets, root=str(folder))
    found: dict[str, Any] = config(suite, write_release(release))["services"]
    return found


def _differences(suite: str, folder: Path, texts: list[str]) -> list[tuple[str, str, str]]:
    """Return the texts that arrive as another text: where, the text, what arrived."""
    secrets = {f"s{number}": text for number, text in enumerate(texts) if text}
    uses = [{"name": name, "env": name.upper()} for name in secrets]
    labels = {f"label.{number}": text.replace("$", "$$") for number, text in enumerate(texts)}
    names = {text: f"name {number}" for number, text in enumerate(texts) if text and text.isprintable()}
    service = plain(
        command=["run", *texts],
        environment={f"V{number}": text for number, text in enumerate(texts)},
        secrets=uses,
        compose={"labels": {**names, **labels}},
        health={"test": ["CMD", *(text.replace("$", "$$") for text in texts)]},
    )
    web = _read(suite, folder, {"web": service}, secrets)["web"]
    found = [("name", text, "nothing") for text in names if web["labels"].get(text) != names[text]]
    for number, text in enumerate(texts):
        arrived = {
            "argument": web["command"][number + 1],
            "label": web["labels"][f"label.{number}"],
            "variable": web["environment"][f"V{number}"],
            "secret variable": web["environment"].get(f"S{number}", ""),
            "health check": web["healthcheck"]["test"][number + 1],
        }
        found += [(where, text, other) for where, other in arrived.items() if other != text]
    return found


@pytest.mark.parametrize("suite", SUITES)
def test_awkward_texts_arrive(suite: str, tmp_path: Path) -> None:
    assert _differences(suite, tmp_path, list(dict.fromkeys([*AWKWARD, *SPACED]))) == []


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=150, max_size=250, unique=True))
def test_random_texts_arrive(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    for suite in SUITES:
        assert _differences(suite, tmp_path_factory.mktemp("release"), texts) == []
