"""The command line: arguments in, a report out. Exit codes: 0 all well, 1 findings, 2 nothing could be reviewed."""

from __future__ import annotations

import argparse
import datetime
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from . import checking, repair, settings
from .registry import ENVIRONMENTS, RULES
from .review import Review


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="policy",
        description="Review a Compose stack. Exit code 0: all well; 1: findings at or above the level; 2: unreadable.",
    )
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="FILE", help="Compose files, merged in this order; else the usual ones")
    add("--environment", "-e", default="production", help=f"{', '.join(ENVIRONMENTS)} (default: %(default)s)")
    add("--each", action="store_true", help="every file is a stack of its own")
    add("--also", action="append", default=[], metavar="NAME=FILE[,FILE]", help="another environment, to compare with")
    add("--profile", action="append", metavar="NAME", help="only services without profiles and those of this one")
    add("--env-file", action="append", default=[], type=Path, metavar="FILE", help="variables, before those of .env")
    add("--config", type=Path, metavar="FILE", help=f"settings (default: {settings.FILE} beside the first file)")
    add("--level", choices=settings.LEVELS, help="from which severity on it fails (default: error)")
    add("--format", "-f", choices=checking.FORMATS, default="table", help="(default: %(default)s)")
    add("--output", "-o", type=Path, metavar="FILE", help="write the report there")
    add("--baseline", type=Path, metavar="FILE", help="findings in it are known and do not count")
    add("--write-baseline", type=Path, metavar="FILE", help="write all findings into it, and end with 0")
    add("--fix", action="store_true", help="repair what can be repaired for certain, in the files themselves")
    add("--explain", metavar="RULE", help="print a rule, why it is one and how it is repaired")
    add("--rules", action="store_true", help="print all rules")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with *arguments*, those of the process where ``None``, and return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        if given.rules or given.explain:
            return _explain(given.explain)
        if given.fix:
            for line in repair.files(given.files):
                print(line)
        reviews = _reviews(given)
        if given.write_baseline:
            given.write_baseline.write_text(checking.baseline(reviews), encoding="utf-8")
            return 0
        _put(checking.written(reviews, given.format, shutil.get_terminal_size((120, 24)).columns), given.output)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if any(review.failing for review in reviews) else 0


def _reviews(given: argparse.Namespace) -> list[Review]:
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    stacks: list[list[Path]] = [[path] for path in given.files] if given.each else [list(given.files)]
    also = {}
    for one in given.also:
        name, equals, files = one.partition("=")
        if not equals or not name or not files:
            raise settings.BadSettings(f"--also {one}: NAME=FILE is expected, such as staging=compose.staging.yaml")
        also[name] = [Path(file) for file in files.split(",")]
    extra = settings.Settings({given.environment: given.level} if given.level else {})
    return [
        checking.check(
            checking.Wanted(
                files=files,
                environment=given.environment,
                config=given.config,
                env_files=given.env_file,
                profiles=given.profile,
                also=also,
                baseline=given.baseline,
                extra=extra,
            ),
            today,
        )
        for files in stacks
    ]


def _put(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


def _explain(wanted: str | None) -> int:
    if wanted is not None and wanted not in RULES:
        raise settings.BadSettings(f"there is no rule {wanted!r}; --rules prints them all")
    for rule in RULES.values():
        if wanted is None:
            print(f"{rule.id}  {rule.title}")
        elif rule.id == wanted:
            severities = ", ".join(f"{name} {severity}" for name, severity in rule.severities.items())
            print(
                f"{rule.id}  {rule.title}\n\n{rule.reason}\n\nRepair: {rule.fix}\nSee: {rule.reference}\n{severities}"
            )
    return 0
