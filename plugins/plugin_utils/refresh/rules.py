"""The rules file of a refresh: parsed and normalised, before production's host is asked for anything.

Place in the pipeline: controller, first in a refresh. Pure. What it returns travels to production's host as JSON. That
every column has a rule is checked there, where the schema is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.refresh import scan

#: By rule, the keys that it needs and those that it may have.
RULES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "keep": (frozenset(), frozenset({"reason"})),
    "null": (frozenset(), frozenset()),
    "constant": (frozenset({"value"}), frozenset()),
    "hash": (frozenset(), frozenset()),
    "email": (frozenset(), frozenset()),
    "name": (frozenset(), frozenset()),
    "phone": (frozenset(), frozenset()),
    "address": (frozenset(), frozenset()),
    "text": (frozenset(), frozenset()),
    "shift": (frozenset({"by", "days"}), frozenset()),
    "json": (frozenset({"paths"}), frozenset()),
    "sql": (frozenset({"expression"}), frozenset()),
}
#: Rules for a value inside of JSON.
_IN_JSON = tuple(name for name in RULES if name not in ("json", "sql", "shift"))
_KEYS = ("tables", "subset", "large_objects", "domain", "uploads")
_TABLE_KEYS = ("columns", "rows", "where")
_UPLOAD_KEYS = ("paths", "largest", "reason")
_PART = r'(?:"(?:[^"]|"")+"|[^".\s]+)'
_TABLE = re.compile(rf"{_PART}\.{_PART}")
_PATH = re.compile(r"[^.\[\]\s]+(\[\])*(\.[^.\[\]\s]+(\[\])*)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
#: Nobody can get mail there. Source: RFC 2606.
_FAKE_DOMAIN = "example.com"
_MAX_DAYS = 36_500


class RulesError(ValueError):
    """The rules are wrong. The message is one sentence that names the table, the column and what would be right."""


def normalise(document: object) -> dict[str, Any]:
    """Return the rules in the one shape that the server reads, with all defaults.

    :param document: the rules file as YAML gives it.
    :raises RulesError: naming the first fault.
    """
    given = _mapping(document, "the rules")
    _only(given, _KEYS, "the rules")
    tables = _mapping(given.get("tables"), "tables")
    large_objects = given.get("large_objects", "drop")
    if large_objects not in ("drop", "keep"):
        raise RulesError(f"large_objects is {large_objects!r}; valid values: drop, keep")
    domain = given.get("domain", _FAKE_DOMAIN)
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain) or not scan.RESERVED.fullmatch(domain):
        raise RulesError(f"domain is {domain!r}; use one where nobody gets mail, such as example.com or staging.test")
    return {
        "tables": {_table_name(name, "tables"): _table(str(name), entry) for name, entry in tables.items()},
        "subset": _subset(given.get("subset"), tables),
        "large_objects": large_objects,
        "domain": domain,
        "uploads": _uploads(given.get("uploads")),
    }


def _table(table: str, entry: object) -> dict[str, Any]:
    where = f"tables: {table}"
    given = _mapping(entry, where)
    _only(given, _TABLE_KEYS, where)
    rows = given.get("rows", "all")
    if rows not in ("all", "none"):
        raise RulesError(f"{where}: rows is {rows!r}; valid values: all, none")
    condition = given.get("where", "")
    if not isinstance(condition, str):
        raise RulesError(f"{where}: where is {condition!r}; it must be a condition in SQL, as a text")
    columns = _mapping(given.get("columns", {}), f"{where}: columns")
    if rows == "all" and not columns:
        raise RulesError(f"{where}: it has no columns; give each a rule, or set rows: none")
    found = {str(name): _rule(rule, f"{where}: column {name}", tuple(RULES)) for name, rule in columns.items()}
    return {"columns": found, "where": condition, "rows": rows}


def _rule(given: object, where: str, valid: tuple[str, ...]) -> dict[str, Any]:
    """Return a rule in its long form. YAML reads an unquoted ``null`` as no value."""
    if given is None or isinstance(given, str):
        given = {"rule": "null" if given is None else given}
    rule = dict(_mapping(given, where))
    if "rule" in rule and rule["rule"] is None:
        rule["rule"] = "null"
    name = rule.get("rule")
    if name not in valid:
        close = difflib.get_close_matches(str(name), valid, 1)
        hint = f"did you mean {close[0]}?" if close else f"valid values: {', '.join(valid)}"
        raise RulesError(f"{where}: rule {name!r} is unknown; {hint}")
    needed, optional = RULES[name]
    _only(rule, ("rule", *sorted(needed | optional)), f"{where}: rule {name}")
    for key in sorted(needed - set(rule)):
        raise RulesError(f"{where}: rule {name} needs the key '{key}'")
    check = _CHECKS.get(name)
    return check(rule, where) if check else rule


def _constant(rule: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(rule["value"], (str, int, float, bool)):
        raise RulesError(f"{where}: value is {rule['value']!r}; it must be a text, a number or a boolean")
    return rule


def _keep(rule: dict[str, Any], where: str) -> dict[str, Any]:
    if "reason" in rule and not (isinstance(rule["reason"], str) and rule["reason"].strip()):
        raise RulesError(f"{where}: reason is {rule['reason']!r}; it must say why the values are no personal data")
    return rule


def _shift(rule: dict[str, Any], where: str) -> dict[str, Any]:
    days = rule["days"]
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _MAX_DAYS:
        raise RulesError(f"{where}: days is {days!r}; it must be a number from 1 to {_MAX_DAYS}")
    if not isinstance(rule["by"], str) or not rule["by"]:
        raise RulesError(f"{where}: by is {rule['by']!r}; it must be the column that names the subject, such as id")
    return rule


def _json(rule: dict[str, Any], where: str) -> dict[str, Any]:
    paths = _mapping(rule["paths"], f"{where}: paths")
    for path in paths:
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise RulesError(f"{where}: path {path!r} is invalid; write it as contact.email or items[].name")
    found = {str(path): _rule(one, f"{where}: path {path}", _IN_JSON) for path, one in paths.items()}
    return {"rule": "json", "paths": found}


def _sql(rule: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(rule["expression"], str) or not rule["expression"].strip():
        raise RulesError(f"{where}: expression is {rule['expression']!r}; it must be an expression of SQL")
    return rule


_CHECKS: Mapping[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
    "constant": _constant,
    "keep": _keep,
    "shift": _shift,
    "json": _json,
    "sql": _sql,
}


def _uploads(given: object) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by service and volume which files are copied: ``paths``, and ``largest`` in bytes, 0 for any size."""
    services = _mapping({} if given is None else given, "uploads")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for service, volumes in services.items():
        for volume, rule in _mapping(volumes, f"uploads: {service}").items():
            found.setdefault(str(service), {})[str(volume)] = _upload(rule, f"uploads: {service}: {volume}")
    return found


def _upload(given: object, where: str) -> dict[str, Any]:
    rule = _mapping(given, where)
    _only(rule, _UPLOAD_KEYS, where)
    paths = rule.get("paths")
    if not isinstance(paths, list) or not paths or not all(isinstance(one, str) and one for one in paths):
        raise RulesError(f"{where}: paths is {paths!r}; it must be a list of patterns, such as avatars/*.png")
    wrong = [one for one in paths if one.startswith("/") or ".." in one.split("/")]
    if wrong:
        raise RulesError(f"{where}: path {wrong[0]!r} is invalid; write it from the directory of the volume on")
    largest = rule.get("largest", 0)
    if isinstance(largest, bool) or not isinstance(largest, int) or largest < 0:
        raise RulesError(f"{where}: largest is {largest!r}; it must be a number of bytes, 0 for any size")
    reason = rule.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise RulesError(f"{where}: reason is {reason!r}; it must say why these files have no personal data")
    return {"paths": list(paths), "largest": largest}


def _subset(given: object, tables: Mapping[Any, Any]) -> dict[str, str]:
    subset = _mapping({} if given is None else given, "subset")
    for table, condition in subset.items():
        if table not in tables:
            raise RulesError(f"subset: {table} is not one of the tables; add it to tables, or correct its name")
        if not isinstance(condition, str) or not condition.strip():
            raise RulesError(f"subset: {table} is {condition!r}; it must be a condition in SQL")
    return {str(table): condition for table, condition in subset.items()}


def _table_name(name: object, where: str) -> str:
    if not isinstance(name, str) or not _TABLE.fullmatch(name):
        raise RulesError(f"{where}: {name!r} is no table; write schema and table, as public.users")
    return name


def _mapping(given: object, where: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        found = "empty" if given is None else f"a {type(given).__name__}"
        raise RulesError(f"{where}: a mapping is expected, and it is {found}")
    return given


def _only(given: Mapping[Any, Any], valid: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in valid:
            close = difflib.get_close_matches(str(key), valid, 1)
            hint = f"did you mean {close[0]}?" if close else f"valid keys: {', '.join(valid)}"
            raise RulesError(f"{where}: key {key!r} is unknown; {hint}")
