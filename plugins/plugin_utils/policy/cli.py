"""The command line of the policy.

Exit codes: 0 no finding at or above the level, 1 such findings, 2 the files could not be checked.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from . import autofix, file_check, settings
from .review import Review
from .rule_registry import ENVIRONMENTS, RULES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="policy",
        description="Check a Compose stack against the policy. "
        "Exit codes: 0 no finding at or above the level, 1 such findings, 2 the files could not be checked.",
    )
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="FILE", help="Compose files, merged in this order (default: as Compose)")
    add("--environment", "-e", default="production", help=f"{', '.join(ENVIRONMENTS)} (default: %(default)s)")
    add("--each", action="store_true", help="every file is a stack of its own")
    add("--also", action="append", default=[], metavar="NAME=FILE[,FILE]", help="compare with another environment")
    add("--profile", action="append", metavar="NAME", help="an active profile (default: all services)")
    add("--env-file", action="append", default=[], type=Path, metavar="FILE", help="variables over those of .env")
    add("--config", type=Path, metavar="FILE", help=f"settings (default: {settings.FILE} next to the first file)")
    add("--level", choices=settings.LEVELS, help="the severity from which it fails (default: error)")
    add(
        "--format",
        "-f",
        choices=file_check.FORMATS,
        default="table",
        help="format of the report (default: %(default)s)",
    )
    add("--verbose", "-v", action="store_true", help="print every finding in a table, not one page")
    add("--output", "-o", type=Path, metavar="FILE", help="write the report to this file")
    add("--baseline", type=Path, metavar="FILE", help="findings in this file do not count")
    add("--write-baseline", type=Path, metavar="FILE", help="write all findings to this file, exit with 0")
    add("--fix", action="store_true", help="fix in the files what can be fixed safely")
    add("--explain", metavar="RULE", help="print a rule with its reason and its fix")
    add("--rules", action="store_true", help="print all rules")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. :param arguments: those of the process if ``None``."""
    options = _parser().parse_args(arguments)
    try:
        if options.rules or options.explain:
            return _print_rules(options.explain)
        if options.fix:
            for line in autofix.fix_files(options.files):
                print(line)
        reviews = _reviews(options)
        if options.write_baseline:
            options.write_baseline.write_text(file_check.baseline(reviews), encoding="utf-8")
            return 0
        width = shutil.get_terminal_size((120, 24)).columns
        _write(file_check.render(reviews, options.format, width, options.verbose), options.output)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if any(review.failing for review in reviews) else 0


def _reviews(options: argparse.Namespace) -> list[Review]:
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    stacks: list[list[Path]] = [[path] for path in options.files] if options.each else [list(options.files)]
    also = {}
    for argument in options.also:
        name, equals, files = argument.partition("=")
        if not equals or not name or not files:
            raise settings.BadSettings(f"--also {argument}: write NAME=FILE, such as staging=compose.staging.yaml")
        also[name] = [Path(file) for file in files.split(",")]
    extra = settings.Settings({options.environment: options.level} if options.level else {})
    return [
        file_check.check(
            file_check.Options(
                files=files,
                environment=options.environment,
                config=options.config,
                env_files=options.env_file,
                profiles=options.profile,
                also=also,
                baseline=options.baseline,
                extra=extra,
            ),
            today,
        )
        for files in stacks
    ]


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


def _print_rules(rule_id: str | None) -> int:
    """Print all rules, or everything about one rule."""
    if rule_id is None:
        for rule in RULES.values():
            print(f"{rule.id}  {rule.title}")
        return 0
    if rule_id not in RULES:
        raise settings.BadSettings(f"there is no rule {rule_id!r}; --rules prints all rules")
    rule = RULES[rule_id]
    severities = ", ".join(f"{name} {severity}" for name, severity in rule.severities.items())
    print(f"{rule.id}  {rule.title}\n\nWhy: {rule.reason}\nFix: {rule.fix}\nSource: {rule.reference}\n")
    print(f"Severity: {severities}")
    return 0
