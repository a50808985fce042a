"""Markdown for the reference pages: tables, and values written as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

#: Ansible's markup of names in documentation: options, values, modules, code.
_MARKUP = re.compile(r"\b[COVM]\(([^)]*)\)")


def code(value: Any) -> str:
    """Return *value* as YAML in a code span, "" if it is None."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value or '""'
    else:
        text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
        text = text.removesuffix("\n").removesuffix("\n...")
    return f"`{text}`"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table and a blank line after them, an empty list if there are no rows."""
    lines = [_row(heads), *map(_row, rows)]
    if len(lines) == 1:
        return []
    lines.insert(1, re.sub(r"[^|]+", "---", lines[0]))
    return [*lines, ""]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def prose(description: str | Iterable[str]) -> str:
    """Return a description of an argument spec, which is a text or a list of texts, as one paragraph."""
    texts = [description] if isinstance(description, str) else description
    return _MARKUP.sub(lambda match: f"`{match[1]}`", " ".join(text.strip() for text in texts))


def sentence(text: str) -> str:
    """Return *text* as a sentence: with a capital letter at the start and a full stop at the end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
