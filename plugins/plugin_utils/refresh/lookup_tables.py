"""Plausible names, addresses and words of the library Faker, as tables that travel to production's host.

Place in the pipeline: controller, before the masked snapshot is made. The key of the snapshot chooses the entries
there, so the tables themselves say nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable

_SEED = 0
_WANTED = 1000
#: Faker has fewer words than this in some languages. So the number of attempts ends.
_ATTEMPTS = 20


class FakerMissingError(Exception):
    """The library is not installed on the controller. The message says how to install it."""


def make(locale: str = "en_US") -> dict[str, list[str]]:
    """Return the tables: at most a thousand entries each, the same for each call.

    :param locale: a locale of Faker, such as ``de_DE``.
    :raises FakerMissingError: if Faker is not installed.
    :raises ValueError: if Faker does not have this locale.
    """
    try:
        # Only those who refresh from production need it.
        from faker import Faker
    except ImportError:
        raise FakerMissingError(
            "the Python package faker is not installed on the controller; install it with: pip install faker"
        ) from None
    try:
        fake = Faker(locale)
    except AttributeError:
        raise ValueError(f"faker has no locale {locale!r}; use one such as en_US or de_DE") from None
    fake.seed_instance(_SEED)
    sources: dict[str, Callable[[], str]] = {
        "first_names": fake.first_name,
        "last_names": fake.last_name,
        "streets": fake.street_name,
        "cities": fake.city,
        "postcodes": fake.postcode,
        "words": fake.word,
    }
    return {name: _different(source) for name, source in sources.items()}


def _different(source: Callable[[], str]) -> list[str]:
    found: dict[str, None] = {}
    for _attempt in range(_WANTED * _ATTEMPTS):
        found[str(source())] = None
        if len(found) == _WANTED:
            break
    return list(found)
