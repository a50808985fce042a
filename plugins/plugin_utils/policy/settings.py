"""The settings of a check: the severity from which it fails, exceptions with their reasons, and allowed registries.

Place in the pipeline: check, before the rules run. Settings have the same shape in three places: the file
``.slipway-policy.yml`` next to the Compose file, the variables ``stack_policy_*``, and ``x-slipway`` in the Compose
file.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .rule_registry import RULES
from .spelling import Suggestions

FILE = ".slipway-policy.yml"
LEVELS = ("error", "warning", "info", "off")
_KEYS = ("level", "exceptions", "registries")
_EXCEPTION_KEYS = ("rule", "service", "environment", "reason", "until")


class BadSettings(ValueError):
    """A setting is not valid. The message starts with the place of the setting."""


@dataclass(frozen=True)
class RuleException:
    """One entry of ``exceptions``: findings that do not count.

    ``service`` and ``environment`` are empty for all. ``until`` is the last day of the exception, or empty.
    """

    rule: str
    service: str
    environment: str
    reason: str
    until: str

    def covers(self, rule: str, service: str, environment: str) -> bool:
        """Return whether the exception is about such a finding."""
        return self.rule == rule and self.service in ("", service) and self.environment in ("", environment)

    def expired(self, today: str) -> bool:
        """Return whether the last day is over. :param today: such as ``2026-11-21``, so the order of texts is right."""
        return bool(self.until) and self.until < today

    @property
    def reason_and_end(self) -> str:
        """The reason and the last day, for reports."""
        return f"{self.reason} (until {self.until})" if self.until else self.reason


@dataclass(frozen=True)
class Settings:
    """``levels``: the severity from which a check fails, by environment. The key ``""`` is for all others."""

    levels: Mapping[str, str] = field(default_factory=dict)
    exceptions: tuple[RuleException, ...] = ()
    registries: tuple[str, ...] = ()

    def level(self, environment: str) -> str:
        """Return the severity from which a check fails in *environment*."""
        return self.levels.get(environment, self.levels.get("", "error"))

    def merged_with(self, other: Settings) -> Settings:
        """Return these settings with *other* added. The levels of *other* take precedence."""
        return Settings(
            {**self.levels, **other.levels}, self.exceptions + other.exceptions, self.registries + other.registries
        )


def read(value: Any, where: str) -> Settings:
    """Return the settings in *value*, a mapping as in the file.

    :param where: the place of the settings, for messages.
    :raises BadSettings: if a key, a rule or a level is unknown, or an exception has no reason.
    """
    if value is None:
        return Settings()
    if not isinstance(value, Mapping):
        raise BadSettings(f"{where}: a mapping is needed, with the keys {', '.join(_KEYS)}")
    _check_keys(value, _KEYS, where)
    return Settings(
        levels(value.get("level"), where),
        exceptions(value.get("exceptions"), f"{where}, exceptions"),
        _registries(value.get("registries"), f"{where}, registries"),
    )


def levels(value: Any, where: str) -> dict[str, str]:
    """Return the level of each environment. *value* is one level, or a mapping of environments to levels.

    :raises BadSettings: if a level is unknown.
    """
    # YAML 1.1 reads `off` without quotes as false. Ansible converts that to the text "False".
    by_environment = value if isinstance(value, Mapping) else {} if value is None else {"": value}
    result = {str(name): "off" if level in (False, "False") else str(level) for name, level in by_environment.items()}
    for level in result.values():
        if level not in LEVELS:
            raise BadSettings(f"{where}: level {level!r} is not valid; valid values: {', '.join(LEVELS)}")
    return result


def exceptions(value: Any, where: str) -> tuple[RuleException, ...]:
    """Return the exceptions in a list of mappings.

    :raises BadSettings: if a rule is unknown, or an exception has no reason.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise BadSettings(f"{where}: a list is needed; each entry has a rule and a reason")
    return tuple(_exception(entry, f"{where}, entry {number}") for number, entry in enumerate(value, 1))


def _exception(entry: Any, where: str) -> RuleException:
    if not isinstance(entry, Mapping):
        raise BadSettings(f"{where}: {entry!r} is not a mapping with rule and reason")
    _check_keys(entry, _EXCEPTION_KEYS, where)
    texts = {key: str(entry[key]) if entry.get(key) is not None else "" for key in _EXCEPTION_KEYS}
    if texts["rule"] not in RULES:
        raise BadSettings(f"{where}: there is no rule {texts['rule']!r}{Suggestions().text(texts['rule'], RULES)}")
    if len(texts["reason"].strip()) < 4:
        raise BadSettings(
            f"{where}: the exception of {texts['rule']} has no reason; write why the finding is right here"
        )
    if texts["until"]:
        try:
            texts["until"] = datetime.date.fromisoformat(texts["until"]).isoformat()
        except ValueError:
            raise BadSettings(f"{where}: until {texts['until']!r} is not a day such as 2027-01-31") from None
    return RuleException(**texts)


def _registries(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise BadSettings(f"{where}: a list of names is needed, such as registry.example.com")
    return tuple(value)


def _check_keys(entry: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    for key in entry:
        if key not in keys:
            hint = Suggestions().text(str(key), keys)
            raise BadSettings(f"{where}: key {key!r} is unknown{hint}; valid keys: {', '.join(keys)}")
