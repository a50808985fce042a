"""Services of the Compose files that a development machine needs and production does not, with the reason.

Place in the pipeline: project. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_software
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service

_TESTS = re.compile(r"(?:.*[-_])?(?:tests?|e2e|playwright|cypress|selenium|storybook|pytest|lint)(?:[-_].*)?")
_PRODUCTION = frozenset({"prod", "production", "prd", "live", "deploy", "default", "*"})


def production_profiles(profiles: Collection[str]) -> list[str]:
    """Return those of the profiles in the files that are for production by their name."""
    return sorted(name for name in profiles if name.lower() in _PRODUCTION)


def reason(service: Service, active: Collection[str]) -> str:
    """Return why a service does not run in production, in words that follow its name; empty if it runs.

    :param active: the active profiles.
    """
    profiles = [str(name) for name in service.items("profiles")]
    if profiles and not set(profiles) & {*active}:
        names = ", ".join(profiles)
        return f"is switched off in production: it is in the profile {names}, which nobody has chosen for production"
    if service.base in known_software.DEVELOPMENT_TOOLS:
        return (
            f"is switched off in production: {service.base} is a tool for development, and opens data to its visitors"
        )
    if _TESTS.fullmatch(service.name) or service.base in ("playwright", "cypress", "chrome", "standalone-chrome"):
        return "is switched off in production: it runs tests"
    return ""
