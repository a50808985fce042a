"""The command line of the policy.

Exit codes: 0 no finding at or above the level, 1 such findings, 2 the files could not be checked, 3 the check itself
failed. So a program that counts findings never takes a failure for findings.
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import shutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from . import autofix, file_check, settings
from .review import Review
from .rule_registry import ENVIRONMENTS, RULES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="policy",
        description="Check a Compose stack against the policy. "
        "Exit codes: 0 no finding at or above the level, 1 such findings, 2 the files could not be checked, "
        "3 the check itself failed.",
    )
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="FILE", help="Compose files, merged in this order (default: as Compose)")
    add("--environment", "-e", default="production", help=f"{', '.join(ENVIRONMENTS)} (default: %(default)s)")
    add("--each", action="store_true", help="every file is a stack of its own")
    add("--also", action="append", default=[], metavar="NAME=FILE[,FILE]", help="compare with another environment")
    add("--profile", action="append", metavar="NAME", help="an active profile (default: those of .env, else all)")
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
        return _run(options)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # No crash may end with the exit code of findings.
        name = f"{type(error).__name__}: {error}".rstrip(": ")
        print(f"error: the check failed with {name}; please report that, with the output of --verbose", file=sys.stderr)
        if options.verbose:
            traceback.print_exc()
        return 3


def _run(options: argparse.Namespace) -> int:
    if options.rules or options.explain:
        return _print_rules(options.explain)
    if options.fix:
        for line in autofix.fix_files(options.files):
            _print(line)
    reviews = _reviews(options)
    file_check.require_services(reviews)
    if options.write_baseline:
        options.write_baseline.write_text(file_check.baseline(reviews), encoding="utf-8")
        return 0
    width = shutil.get_terminal_size((120, 24)).columns
    text = file_check.render(reviews, options.format, width, options.verbose)
    if options.output is None:
        _print(text)
    else:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 1 if any(review.failing for review in reviews) else 0


def _print(text: str) -> None:
    """Print *text*. Whoever reads the output may stop before its end, as ``head`` does."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every terminal can show every sign of a file.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The interpreter writes the rest when it ends. There is nobody to read it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
                exported=os.environ,
            ),
            today,
        )
        for files in stacks
    ]


def _print_rules(rule_id: str | None) -> int:
    """Print all rules, or everything about one rule."""
    if rule_id is None:
        for rule in RULES.values():
            _print(f"{rule.id}  {rule.title}")
        return 0
    if rule_id not in RULES:
        raise settings.BadSettings(f"there is no rule {rule_id!r}; --rules prints all rules")
    rule = RULES[rule_id]
    severities = ", ".join(f"{name} {severity}" for name, severity in rule.severities.items())
    _print(f"{rule.id}  {rule.title}\n\nWhy: {rule.reason}\nFix: {rule.fix}\nSource: {rule.reference}\n")
    _print(f"Severity: {severities}")
    return 0
