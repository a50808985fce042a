"""The settings of a review: from which severity on it fails, what is excepted and why, which registries are allowed.

One shape in three places: ``.slipway-policy.yml`` beside the Compose file, the variables ``stack_policy_*``, and
``x-slipway`` in the Compose file itself.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .registry import RULES

FILE = ".slipway-policy.yml"
LEVELS = ("error", "warning", "info", "off")
_KEYS = ("level", "exceptions", "registries")
_EXCEPTION_KEYS = ("rule", "service", "environment", "reason", "until")


class BadSettings(ValueError):
    """The settings are not what they should be; the message is one sentence."""


@dataclass(frozen=True)
class Except:
    """One exception. ``service`` and ``environment`` empty: all; ``until`` is the last day it holds, or empty."""

    rule: str
    service: str
    environment: str
    reason: str
    until: str

    def covers(self, rule: str, service: str, environment: str) -> bool:
        """Return whether it is about such a finding."""
        return self.rule == rule and self.service in ("", service) and self.environment in ("", environment)

    def expired(self, today: str) -> bool:
        """Return whether its last day is over. Days are ``2026-11-21``, whose order is that of the text."""
        return bool(self.until) and self.until < today

    @property
    def said(self) -> str:
        """The reason and the last day, for reports."""
        return f"{self.reason} (until {self.until})" if self.until else self.reason


@dataclass(frozen=True)
class Settings:
    """``levels``: by environment, from which severity on a review fails; the key ``""`` is for all others."""

    levels: Mapping[str, str] = field(default_factory=dict)
    exceptions: tuple[Except, ...] = ()
    registries: tuple[str, ...] = ()

    def level(self, environment: str) -> str:
        """Return the severity from which on a review in *environment* fails."""
        return self.levels.get(environment, self.levels.get("", "error"))

    def plus(self, other: Settings) -> Settings:
        """Return these settings with *other* over them."""
        return Settings(
            {**self.levels, **other.levels}, self.exceptions + other.exceptions, self.registries + other.registries
        )


def read(given: Any, where: str) -> Settings:
    """Return the settings in *given*, a mapping as it stands in the file.

    :param where: how to name it in a message.
    :raises BadSettings: for a key, a rule or a level that there is not, and an exception without a reason.
    """
    if given is None:
        return Settings()
    if not isinstance(given, Mapping):
        raise BadSettings(f"{where}: a mapping with {', '.join(_KEYS)} is expected")
    _known(given, _KEYS, where)
    return Settings(
        levels(given.get("level"), where),
        exceptions(given.get("exceptions"), f"{where}, exceptions"),
        _names(given.get("registries"), f"{where}, registries"),
    )


def levels(given: Any, where: str) -> dict[str, str]:
    """Return a level, or a mapping of environments to levels, as the latter."""
    # YAML 1.1 reads `off` without quotes as false, and Ansible makes a text of that.
    by_environment = given if isinstance(given, Mapping) else {} if given is None else {"": given}
    result = {str(name): "off" if level in (False, "False") else str(level) for name, level in by_environment.items()}
    for level in result.values():
        if level not in LEVELS:
            raise BadSettings(f"{where}: level {level!r} is none of {', '.join(LEVELS)}")
    return result


def exceptions(given: Any, where: str) -> tuple[Except, ...]:
    """Return the exceptions in a list of mappings."""
    if given is None:
        return ()
    if not isinstance(given, (list, tuple)):
        raise BadSettings(f"{where}: a list is expected, each with rule and reason")
    return tuple(_exception(one, f"{where}, entry {number}") for number, one in enumerate(given, 1))


def _exception(given: Any, where: str) -> Except:
    if not isinstance(given, Mapping):
        raise BadSettings(f"{where}: {given!r} is not a mapping with rule and reason")
    _known(given, _EXCEPTION_KEYS, where)
    texts = {key: str(given[key]) if given.get(key) is not None else "" for key in _EXCEPTION_KEYS}
    if texts["rule"] not in RULES:
        raise BadSettings(f"{where}: there is no rule {texts['rule']!r}{_near(texts['rule'], RULES)}")
    if len(texts["reason"].strip()) < 4:
        raise BadSettings(f"{where}: the exception of {texts['rule']} has no reason; say why it is right here")
    if texts["until"]:
        try:
            texts["until"] = datetime.date.fromisoformat(texts["until"]).isoformat()
        except ValueError:
            raise BadSettings(f"{where}: until {texts['until']!r} is not a day such as 2027-01-31") from None
    return Except(**texts)


def _names(given: Any, where: str) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, str) for one in given):
        raise BadSettings(f"{where}: a list of names such as registry.example.com is expected")
    return tuple(given)


def _known(given: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    for key in given:
        if key not in keys:
            raise BadSettings(f"{where}: unknown key {key!r}{_near(str(key), keys)}; known are {', '.join(keys)}")


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
