"""Variables in texts get what both versions of Compose insert."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.interpolation import Scope, interpolate

from tests.support import odd_texts
from tests.support.real_compose import SUITES

VARIABLES = {"X": "x$X", "EMPTY": "", "_y1": "y", "A": "}"}
PARTS = [
    *["$", "$$", "{", "}", "${", "${X}", "$X", "${A", "X", "A", "_y1", "EMPTY", "NO", ":-", ":+", ":?", "-", "+", "?"],
    *["${X:-", "${NO:-", "${EMPTY:-", "${EMPTY-", "${X:+", "${NO+", "${X:?", "${NO:-d}", "}}", "{{", "{}", "\n", " "],
    *["\\", "$1", "é", "\u017f", "\u212a", "${\u017f}", "%", "'", '"', "a b", ":", "${X!}", "${}", "b", "0"],
]


def read(text: str) -> tuple[str, list[str]]:
    """Return the text with its variables replaced, and what is refused."""
    refused: list[str] = []

    def unset(name: str, reference: str) -> str:
        if reference.startswith((f"${{{name}?", f"${{{name}:?")):
            refused.append(reference)
        return ""

    return interpolate(text, Scope(VARIABLES, unset, refused.append)), refused


@pytest.mark.parametrize("suite", SUITES)
def test_compose_inserts_the_same(suite: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("X='x$X'\nEMPTY=\n_y1=y\nA='}'\n")
    found = odd_texts.texts(4, 4000, PARTS, 9)
    accepted = {f"V{number}": text for number, text in enumerate(found) if not read(text)[1]}
    refused = [text for text in found if read(text)[1]]
    theirs = odd_texts.services_of(suite, tmp_path, {"a": {"image": "x", "environment": accepted}})
    assert theirs["a"]["environment"] == {name: read(text)[0] for name, text in accepted.items()}
    alone = [{"image": "x", "environment": {"V": text}} for text in refused[:50]]
    assert [refused[number] for number in odd_texts.accepted_alone(suite, tmp_path, alone)] == []
    assert min(len(accepted), len(refused)) > len(found) // 10
