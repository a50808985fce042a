"""The check of Compose files: finds and merges the settings, reads the files and those of other environments.

Place in the pipeline: none; it checks files without a deploy. The command line and the action ``slipway.stack.policy``
use it. It reads files and prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..compose_reader import reading, regular_file, yaml_parser
from . import exported_variables, formats, report, settings
from .review import Review, review
from .stack import Stack, from_document

FORMATS = ("table", "json", "sarif", "junit", "github")


@dataclass(frozen=True)
class Options:
    """What is checked, and how.

    ``files``: the files of one stack; without any, those that Compose would read in the current directory.
    ``also``: the files of other environments by name, to compare with.
    ``extra``: settings that take precedence over those in files.
    ``exported``: the variables of the process. They are never used; the report says which ones Compose would use.
    """

    files: Sequence[Path] = ()
    environment: str = "production"
    config: Path | None = None
    env_files: Sequence[Path] = ()
    profiles: Sequence[str] | None = None
    also: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    baseline: Path | None = None
    extra: settings.Settings = field(default_factory=settings.Settings)
    exported: Mapping[str, str] = field(default_factory=dict, repr=False)


def check(options: Options, today: str) -> Review:
    """Return the review of the files in *options*.

    :param today: the day, such as ``2026-11-21``, for exceptions with a last day.
    :raises ValueError: if a file cannot be read, or a setting or the baseline is not valid.
    """
    files = list(options.files) or reading.default_files(Path())
    merged = _settings(options.config, files[0].parent)
    document = _read(files, options)
    extension = document.top.get("x-slipway")
    if isinstance(extension, Mapping) and "policy" in extension:
        merged = merged.merged_with(settings.read(extension["policy"], f"{files[0]}, x-slipway.policy"))
    merged = merged.merged_with(options.extra)
    others: dict[str, Stack] = {
        name: from_document(_read(list(paths), options), merged.registries) for name, paths in options.also.items()
    }
    known = _read_baseline(options.baseline) if options.baseline else ()
    result = review(from_document(document, merged.registries), options.environment, merged, today, others, known)
    return replace(result, notes=(*result.notes, *exported_variables.notes(document, options.exported)))


def require_services(reviews: Iterable[Review]) -> None:
    """:raises ValueError: if no review has a service, so that nothing was checked."""
    if not any(one.services for one in reviews):
        raise ValueError("the files have no service whose profile is active, so nothing was checked")


def _read(files: Sequence[Path], options: Options) -> reading.Document:
    variables = reading.variables_of(list(options.env_files))
    profiles = options.profiles
    if profiles is None:
        known = {**reading.project_variables(files[0].parent), **variables}
        profiles = [name for name in known.get("COMPOSE_PROFILES", "").split(",") if name] or None
    return reading.read(files, variables, profiles)


def _settings(config: Path | None, folder: Path) -> settings.Settings:
    """Return the settings in *config*, or in the settings file of *folder* if it exists."""
    path = config or folder / settings.FILE
    if config is None and not path.is_file():
        return settings.Settings()
    documents = yaml_parser.parse(regular_file.read_text(path), str(path))
    return settings.read(documents[0] if documents else None, str(path))


def _read_baseline(path: Path) -> list[str]:
    try:
        content = json.loads(regular_file.read_text(path))
    except json.JSONDecodeError as error:
        raise yaml_parser.Unreadable(f"{path}:{error.lineno}: the baseline is not JSON: {error.msg}") from None
    known = content.get("findings") if isinstance(content, dict) else None
    if not isinstance(known, list):
        raise yaml_parser.Unreadable(f"{path}: the file is not a baseline; --write-baseline writes one")
    return [str(fingerprint) for fingerprint in known]


def baseline(reviews: Iterable[Review]) -> str:
    """Return the text of a baseline with all findings of *reviews* except the excepted ones."""
    known = sorted({finding.fingerprint for one in reviews for finding in one.findings if not finding.excepted})
    return json.dumps({"findings": known}, indent=1, ensure_ascii=False) + "\n"


def render(reviews: Sequence[Review], form: str, width: int = 120, verbose: bool = False) -> str:
    """Return reviews as text.

    :param form: one of :data:`FORMATS`.
    :param width: characters of a line, for the table. :param verbose: every finding in the table, too.
    """
    if form == "table":
        return "\n".join("\n".join(report.table(one, width, verbose)) for one in reviews)
    writers: dict[str, Any] = {
        "json": formats.as_json,
        "sarif": formats.as_sarif,
        "junit": formats.as_junit,
        "github": formats.as_github,
    }
    return str(writers[form](reviews))
