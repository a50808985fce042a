"""Who is told about events: the variable ``monitoring_receivers``, checked before a host is asked. Pure.

Place in the pipeline: controller, for the role ``monitoring``.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.events import EVENTS
from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema, secret_sources
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

_VARIABLE = "monitoring_receivers"
_FORMATS = ("json", "slack")
#: What a receiver is, by the key that names it.
_SORTS = {"url": "webhook", "url_secret": "webhook", "mail_to": "mail", "command": "command"}
_FIELDS = {
    "url": Field("str", "Address of a webhook."),
    "url_secret": Field("str", "Name of the secret in `stack_secrets` that is the address."),
    "mail_to": Field("str", "Address of e-mail."),
    "command": Field("str", "Command of the host."),
    "format": Field("str", "Shape of the request.", "json", choices=_FORMATS),
    "name": Field("str", "Name in the status.", ""),
    "events": Field("list", "Names of events."),
}
#: What somebody wants to know who names no events: how rollouts end, and what fails.
_DEFAULT = ["rollout_succeeded", *(event for event in EVENTS if event.endswith(("_failed", "_reverted")))]
#: One address, which is no option of a program and no second header.
_ADDRESS = re.compile(r"[^\s,;:<>()\"'\\-][^\s,;:<>()\"'\\]*@[^\s,;:<>()\"'\\@]+")


def read(given: list[Any], secrets: Any) -> list[dict[str, Any]]:
    """Return the receivers as the host reads them: ``sort``, ``target``, ``name``, ``format`` and ``on``.

    :param secrets: ``stack_secrets`` as written.
    :raises ValueError: for one that cannot be, with one sentence. It never has a URL, which may be secret.
    """
    found = [_receiver(one, f"{_VARIABLE}, entry {number}", secrets) for number, one in enumerate(given, 1)]
    return list(found)


def _receiver(given: Any, where: str, secrets: Any) -> dict[str, Any]:
    _check_shown(given, where)
    values = schema.read(given, _FIELDS, where)
    named = [key for key in _SORTS if values[key]]
    if len(named) != 1:
        raise ValueError(f"{where}: give one of {', '.join(map(repr, _SORTS))}")
    [key] = named
    sort = _SORTS[key]
    if sort != "webhook" and "format" in given:
        raise ValueError(f"{where}: key 'format' is for a webhook, and this is '{key}'")
    target = _secret(values[key], where, secrets) if key == "url_secret" else values[key]
    for problem in _PROBLEMS[sort](target):
        raise ValueError(f"{where}, key '{key}': {problem}")
    name = values["name"]
    if not name.isprintable():
        raise ValueError(f"{where}, key 'name': {name!r} is not one line")
    on = _events(values["events"], where)
    return {"sort": sort, "target": target, "name": name, "format": values["format"], "on": on}


def _check_shown(given: Any, where: str) -> None:
    """Check what a message of the schema would show. It may be a URL."""
    if not isinstance(given, Mapping):
        raise ValueError(f"{where}: {type(given).__name__} is not a mapping with one of {', '.join(map(repr, _SORTS))}")
    if True in given or "on" in given:
        raise ValueError(f"{where}: the key is 'events', and not 'on', which YAML reads as true")
    for key in ("url", "command"):
        if key in given and not isinstance(given[key], str):
            raise ValueError(f"{where}, key '{key}': {type(given[key]).__name__} is not text")


def _secret(name: str, where: str, secrets: Any) -> str:
    known = secret_sources.read(secrets)
    found = known.get(name)
    if found is None:
        hint = schema.suggestion(name, list(known))
        raise ValueError(f"{where}, key 'url_secret': stack_secrets has no secret {name!r}{hint}")
    if found.value is None:
        raise ValueError(f"{where}, key 'url_secret': secret {name!r} is generated on the server, and is no URL")
    return found.value.strip()


def _url_problems(url: str) -> Iterator[str]:
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    # urlsplit removes some of these characters without a word.
    if not valid or not url.isascii() or not url.isprintable() or " " in url:
        yield "this is no URL such as https://hooks.example.com/deploys"
    elif "@" in parts.netloc:
        yield "a URL with a user and a password is not supported; give the token in its path"


def _mail_problems(address: str) -> Iterator[str]:
    if not _ADDRESS.fullmatch(address) or not address.isprintable():
        yield f"{address!r} is no address of e-mail such as ops@example.com"


def _command_problems(command: str) -> Iterator[str]:
    words = command.split()
    if not words or not words[0].startswith("/"):
        yield "this is no absolute path of a program on the host, with its arguments after it"


_PROBLEMS = {"webhook": _url_problems, "mail": _mail_problems, "command": _command_problems}


def _events(given: list[Any] | None, where: str) -> list[str]:
    if given is None:
        return _DEFAULT
    for event in given:
        if event not in EVENTS:
            raise ValueError(
                f"{where}, key 'events': there is no event {event!r}{schema.suggestion(str(event), list(EVENTS))}"
            )
    if not given:
        raise ValueError(f"{where}, key 'events': no event is named, so nothing would be sent; remove the receiver")
    return [str(event) for event in given]
