"""Code that runs on servers can be parsed by the oldest supported Python, 3.9."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
FILES = sorted([*PLUGINS.glob("module_utils/**/*.py"), *PLUGINS.glob("modules/*.py")])


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a file without annotations, which are not evaluated."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _evaluated(child)


def _unions(text: str) -> list[int]:
    """Return the lines with an evaluated type `X | None`, which needs Python 3.10."""
    return [
        node.lineno
        for node in _evaluated(ast.parse(text, feature_version=(3, 9)))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.BitOr)
        and any(isinstance(side, ast.Constant) and side.value is None for side in (node.left, node.right))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_evaluated_type_needs_a_newer_python(path: Path) -> None:
    assert _unions(path.read_text(encoding="utf-8")) == []


def test_an_evaluated_union_is_found() -> None:
    assert _unions("Release = tuple[str | None, int]\ndef say(word: str | None) -> str | None: ...\n") == [1]
