"""Facts of an archive: what its original had, such as the rows of each table, to compare with what was restored.

Place in the pipeline: target, between the scripts of a kind and the manifest of a backup. Pure. A script prints one
fact a line, with tabs: ``fact NAME VALUE``. A restored archive must have the same facts. A line ``about NAME VALUE`` is
kept and not compared, such as the version of the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Numbers that a manifest holds at most: a database with more tables than this is not compared table by table.
_MAX_FACTS = 100_000
_MAX_VALUE = 64 * 1024
#: Differences that a message names. The rest is counted.
_SHOWN = 5


def parse(lines: Iterable[str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Return the facts by name, what is kept about the archive by name, and the lines that are neither."""
    found: dict[str, dict[str, str]] = {"fact": {}, "about": {}}
    others = []
    for line in lines:
        sort, _tab, rest = line.rstrip("\n").partition("\t")
        name, tab, value = rest.partition("\t")
        if sort in found and tab and len(found[sort]) < _MAX_FACTS and len(value) <= _MAX_VALUE:
            found[sort][name] = value
        elif line.strip():
            others.append(line.rstrip("\n"))
    return found["fact"], found["about"], others


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return a text for each fact that differs, such as ``rows public.orders: 1204 saved, 1203 restored``."""
    result = []
    for name in dict.fromkeys([*expected, *found]):
        saved, restored = expected.get(name, "nothing"), found.get(name, "nothing")
        if saved != restored:
            result.append(f"{name}: {saved} saved, {restored} restored")
    more = len(result) - _SHOWN
    return result if more <= 0 else [*result[:_SHOWN], f"{more} more"]


def variables(facts: Mapping[str, str], about: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a script which restores gets: ``FACT_OWNER`` for the fact ``owner``."""
    named = {**about, **facts}
    return {f"FACT_{name.upper()}": value for name, value in named.items() if name.isidentifier() and name.isascii()}
