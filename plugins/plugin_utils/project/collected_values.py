"""The variables of all services of a repository, and what each becomes: collected while the services are read.

Place in the pipeline: project. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import variable
from ansible_collections.slipway.stack.plugins.plugin_utils.project import decisions, production_values, secret_origins
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision, Setting
from ansible_collections.slipway.stack.plugins.plugin_utils.project.given_values import GivenValue
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production_values import ProductionValue

#: The value of an undecided variable while the description is made. It is in no file.
STAND_IN = "undecided"


@dataclass
class CollectedValues:
    """``templates``: for the files' variables, what the inventory has. ``secrets``: their sources, by name.

    ``reasons``: by secret, where its value is today. ``empty``: secrets whose value is empty in the repository.
    """

    around: production_values.Surroundings
    templates: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, dict[str, int] | str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    decided: list[Decision] = field(default_factory=list)
    vault: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict, repr=False)
    _references: dict[str, str] = field(default_factory=dict)

    def reference(self, name: str, given: GivenValue | None, service: str = "") -> str:
        """Return how a Compose file refers to a variable in production; the first call decides what it is.

        :param given: its value in the repository. :param service: the service that gets it; another value of the same
            name is a variable of this service.
        """
        text = given.text if given else None
        own = re.sub("[^A-Za-z0-9_]", "_", name)
        if own in self._texts and self._texts[own] != text and service:
            own = f"{re.sub('[^A-Za-z0-9_]', '_', service).upper()}_{own}"
        if own not in self._references:
            self._texts[own] = text
            value = production_values.decide(name, text, bool(given and given.is_example), self.around)
            self._references[own] = self._add(own, value, given)
        return self._references[own]

    def secret(self, name: str, given: GivenValue) -> str:
        """Return how a Compose file refers to a secret that the server makes."""
        secret = secret_origins.secret_name(name)
        self._texts.setdefault(variable(secret), given.text)
        self.secrets.setdefault(secret, {"generate": secret_origins.length(name)})
        return self._references.setdefault(variable(secret), secret_origins.reference(secret))

    def issued(self, name: str, given: GivenValue | None) -> str:
        """Return how a Compose file refers to a secret that somebody has issued, and that a vault has."""
        secret = secret_origins.secret_name(name)
        key = f"vault_{secret}"
        if key not in self.vault:
            place = given.place if given else ""
            where = f"{name} of {place}" if place else name
            self.secrets[secret] = f"{{{{ {key} }}}}"
            self.vault[key] = f"{where}: write the value of production"
            self.decided.append(
                Decision(decisions.VAULT, f"{key}:", f"the secret {name}, which only you know", f"{key}: VALUE", place)
            )
        return secret_origins.reference(secret)

    def name_of_secret(self, reference: str) -> str:
        """Return the secret that a reference is, empty if it is none."""
        return next((name for name in self.secrets if secret_origins.reference(name) == reference), "")

    def _add(self, name: str, value: ProductionValue, given: GivenValue | None) -> str:
        if value.kind == production_values.GENERATED:
            return self.secret(name, given or GivenValue("", "", 0))
        if value.kind == production_values.VAULT:
            return self.issued(name, given)
        self.templates[name] = value.text
        if value.kind in (production_values.SETTING, production_values.MISSING):
            self._add_setting(name, value, given)
        return f"${{{name}}}"

    def _add_setting(self, name: str, value: ProductionValue, given: GivenValue | None) -> None:
        key = f"app_{name.lower()}"
        self.templates[name] = f"{{{{ {key} }}}}"
        what = f"{name} {value.reason}"
        yaml = json.dumps(value.text, ensure_ascii=False) if value.text else decisions.undecided(f"write {name}")
        self.settings[key] = Setting(key, yaml, f"{name} {value.reason}{f' ({given.place})' if given else ''}.")
        self.decided.append(
            Decision(
                decisions.ENVIRONMENT,
                f"{key}:",
                what,
                f"{key}: {yaml if value.text else 'VALUE'}",
                given.place if given else "",
                required=not value.text,
            )
        )

    def evaluated(self, domain: str) -> dict[str, str]:
        """Return the values of :attr:`templates` while the description is made."""
        known = {f"{{{{ {key} }}}}": _stand_in(setting) for key, setting in self.settings.items()}
        result = {}
        for name, text in self.templates.items():
            value = known.get(text, text)
            result[name] = value.replace(production_values.DOMAIN, domain)
        return result


def _stand_in(setting: Setting) -> str:
    return STAND_IN if "undef(" in setting.value else str(json.loads(setting.value))


def used_only(settings: Mapping[str, Setting], text: str) -> dict[str, Setting]:
    """Return the settings that a text refers to."""
    return {name: one for name, one in settings.items() if re.search(rf"\b{re.escape(name)}\b", text)}
