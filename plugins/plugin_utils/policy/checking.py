"""From file names to reviews: settings found and merged, files read, other environments read beside them.

What the command line and the action ``slipway.stack.policy`` have in common. Reads files, prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import exchange, interpolation, reading, report, settings, source
from .review import Review, review
from .stack import Stack, from_document

FORMATS = ("table", "json", "sarif", "junit", "github")


@dataclass(frozen=True)
class Wanted:
    """What is to be reviewed, and how. ``also``: the files of other environments by name, to compare with."""

    files: Sequence[Path] = ()
    environment: str = "production"
    config: Path | None = None
    env_files: Sequence[Path] = ()
    profiles: Sequence[str] | None = None
    also: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    baseline: Path | None = None
    extra: settings.Settings = field(default_factory=settings.Settings)


def check(wanted: Wanted, today: str) -> Review:
    """Return the review of *wanted*.

    :raises ValueError: with one sentence for what cannot be read, a setting that is none, a baseline that is none.
    """
    files = list(wanted.files) or reading.defaults(Path())
    found = _settings(wanted.config, files[0].parent)
    document = _read(files, wanted)
    given = document.top.get("x-slipway")
    if isinstance(given, Mapping) and "policy" in given:
        found = found.plus(settings.read(given["policy"], f"{files[0]}, x-slipway.policy"))
    found = found.plus(wanted.extra)
    others: dict[str, Stack] = {
        name: from_document(_read(list(paths), wanted), found.registries) for name, paths in wanted.also.items()
    }
    known = _baseline(wanted.baseline) if wanted.baseline else ()
    return review(from_document(document, found.registries), wanted.environment, found, today, others, known)


def _read(files: Sequence[Path], wanted: Wanted) -> reading.Document:
    variables: dict[str, str] = {}
    for path in wanted.env_files:
        variables.update({name: value for name, (value, _line) in interpolation.dotenv(_text(path)).items()})
    return reading.read(files, variables, wanted.profiles)


def _settings(config: Path | None, folder: Path) -> settings.Settings:
    path = config or folder / settings.FILE
    if config is None and not path.is_file():
        return settings.Settings()
    documents = source.parse(_text(path), str(path))
    return settings.read(documents[0] if documents else None, str(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise source.Unreadable(f"{path}: cannot be read: {error}") from None


def _baseline(path: Path) -> list[str]:
    try:
        given = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise source.Unreadable(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    known = given.get("findings") if isinstance(given, dict) else None
    if not isinstance(known, list):
        raise source.Unreadable(f"{path}: not a baseline; --write-baseline makes one")
    return [str(one) for one in known]


def baseline(reviews: Iterable[Review]) -> str:
    """Return the text of a baseline in which all that is found now is known."""
    found = sorted({finding.fingerprint for one in reviews for finding in one.findings if not finding.excepted})
    return json.dumps({"findings": found}, indent=1, ensure_ascii=False) + "\n"


def written(reviews: Sequence[Review], form: str, width: int = 120) -> str:
    """Return reviews in one of :data:`FORMATS`."""
    if form == "table":
        return "\n".join("\n".join(report.table(one, width)) for one in reviews)
    writers: dict[str, Any] = {
        "json": exchange.as_json,
        "sarif": exchange.as_sarif,
        "junit": exchange.as_junit,
        "github": exchange.as_github,
    }
    return str(writers[form](reviews))
