"""Commands of a team around the verbs of a rollout: ``deploy_hooks``, checked before anything changes. Pure.

Place in the pipeline: controller, before upload and before a rollout; the action ``hook`` runs them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

_VARIABLE = "deploy_hooks"
#: The points of a rollout that have hooks, in the order of time. ``after_revert`` takes the place of those that follow
#: a failure. Until ``before_finalize`` a rollout can be reverted.
POINTS = (
    "before_begin",
    "after_begin",
    "before_prepare",
    "after_prepare",
    "before_switch",
    "after_switch",
    "before_finalize",
    "after_finalize",
    "after_revert",
)
#: Points between the same two verbs, by the verb after them. The hosts wait meanwhile, each for a limited time.
_WAITS = {
    "prepare": ("after_begin", "before_prepare"),
    "switch": ("after_prepare", "before_switch"),
    "finalize": ("after_switch", "before_finalize"),
}
#: How the rollout has ended at the points after its end.
_OUTCOMES = {"after_finalize": "succeeded", "after_revert": "reverted"}
CONTROLLER, HOST = "controller", "host"
_FIELDS = {
    "at": Field("str", "When it runs, such as before_switch.", required=True, choices=POINTS),
    "command": Field("any", "A list of words, or a text.", required=True),
    "run_on": Field("str", "Where it runs.", CONTROLLER, choices=(CONTROLLER, HOST)),
    "timeout": Field("int", "Seconds that it may take.", 60),
    "name": Field("str", "What messages call it.", ""),
}
#: The longest time limit in seconds, the most hooks, and the most characters of a command and of a name.
_MAX_SECONDS, _MAX_HOOKS, _MAX_COMMAND, _MAX_NAME = 3600, 50, 16_384, 80
#: A shorter secret is looked for as a word of its own: it may be a part of any other one.
_SHORT_SECRET, _SHORTEST_SECRET = 8, 4
#: Lines of the output that are shown, and characters of each.
_MAX_LINES, _MAX_LINE = 20, 500


@dataclass(frozen=True)
class Hook:
    """A command at one of :data:`POINTS`. ``timeout`` is in seconds."""

    at: str
    command: Sequence[str]
    run_on: str
    timeout: int
    name: str

    @property
    def stops(self) -> bool:
        """Whether the rollout stops if it fails."""
        return self.at.startswith("before_")

    def plain(self) -> dict[str, Any]:
        """Return it as an entry of ``deploy_hooks``."""
        return {**asdict(self), "command": list(self.command)}

    def about(self, host: str) -> str:
        """Return what messages call it. :param host: where it runs, unless that is the controller."""
        where = "on the controller" if self.run_on == CONTROLLER else f"on {host}"
        return f"hook {self.name!r} ({self.at}, {where})"


def read(given: object, barrier_timeout: float, secrets: Mapping[str, Secret]) -> list[Hook]:
    """Return the hooks of ``deploy_hooks``.

    :param barrier_timeout: seconds that a host waits between two verbs before it reverts.
    :param secrets: none of them may be in a command.
    :raises ValueError: for one that cannot be, with one sentence.
    """
    if not isinstance(given, (list, tuple)):
        raise ValueError(f"{_VARIABLE}: {type(given).__name__} is not a list of hooks")
    if len(given) > _MAX_HOOKS:
        raise ValueError(f"{_VARIABLE}: {len(given)} hooks are too many; at most {_MAX_HOOKS}")
    hooks = [_hook(one, f"{_VARIABLE}, entry {number}", secrets) for number, one in enumerate(given, 1)]
    for verb, points in _WAITS.items():
        longest = sum(hook.timeout for hook in hooks if hook.at in points)
        if longest >= barrier_timeout:
            raise ValueError(
                f"{_VARIABLE}: those at {' and '.join(points)} may take {longest} s together, but a host that waits "
                f"for {verb} reverts after {barrier_timeout:g} s; lower each 'timeout', or raise deploy_barrier_timeout"
            )
    return hooks


def _hook(given: object, where: str, secrets: Mapping[str, Secret]) -> Hook:
    if not isinstance(given, Mapping):
        raise ValueError(f"{where}: {type(given).__name__} is not a mapping with 'at' and 'command'")
    if True in given or "on" in given:
        raise ValueError(f"{where}: the key is 'run_on', and not 'on', which YAML reads as true")
    values = schema.read(given, _FIELDS, where)
    words = list(_words(values["command"], f"{where}: key 'command'"))
    if not 1 <= values["timeout"] <= _MAX_SECONDS:
        raise ValueError(
            f"{where}: key 'timeout': {values['timeout']} is not a number of seconds from 1 to {_MAX_SECONDS}"
        )
    name = values["name"] or _shortened(shlex.join(words))
    if len(name) > _MAX_NAME or not name.isprintable():
        raise ValueError(f"{where}: key 'name': {name[:_MAX_NAME]!r} is not one line of at most {_MAX_NAME} characters")
    for secret in secrets.values():
        if any(_has(text, secret.value or "") for text in (*words, name)):
            raise ValueError(
                f"{where}: it has the secret {secret.name!r}, and everybody on the machine can see a command line; let "
                f"the command read the secret where it is"
            )
    return Hook(values["at"], words, values["run_on"], values["timeout"], name)


def _words(command: object, where: str) -> Iterator[str]:
    words = command
    if isinstance(command, str):
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"{where}: it cannot be split into words: {str(error).lower()}") from None
    if not isinstance(words, (list, tuple)):
        raise ValueError(f"{where}: {type(command).__name__} is neither a list of words nor a text")
    if not words or not words[0]:
        raise ValueError(f"{where}: it is empty; write it like 'curl --fail https://shop.example.com/'")
    for word in words:
        if isinstance(word, bool) or not isinstance(word, (str, int, float)):
            raise ValueError(f"{where}: one of its words is {type(word).__name__} and not text; put it in quotes")
        if "\0" in str(word):
            raise ValueError(f"{where}: it has a NUL character")
        yield str(word)
    if sum(len(str(word)) for word in words) > _MAX_COMMAND:
        raise ValueError(f"{where}: it has more than {_MAX_COMMAND} characters; write it to a file, and run the file")


def _shortened(text: str) -> str:
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _MAX_NAME else f"{line[: _MAX_NAME - 1]}…"


def _has(text: str, secret: str) -> bool:
    secret = secret.strip()
    if len(secret) >= _SHORT_SECRET:
        return secret in text
    return len(secret) >= _SHORTEST_SECRET and re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None


def told(hook: Hook, hosts: Iterable[str], host: str) -> dict[str, str]:
    """Return the variables that a hook gets besides those of the release, which the host knows. None is a secret.

    :param hosts: those that take part. :param host: the one that it runs on; it is left out on the controller.
    """
    found = {"SLIPWAY_POINT": hook.at, "SLIPWAY_HOSTS": " ".join(hosts)}
    found |= {"SLIPWAY_HOST": host} if hook.run_on == HOST else {}
    return found | ({"SLIPWAY_OUTCOME": _OUTCOMES[hook.at]} if hook.at in _OUTCOMES else {})


def failure(hook: Hook, code: int | None, problem: str) -> str:
    """Return how a hook failed, as the end of a sentence; empty if it did not.

    :param code: its exit code; ``None`` if it was killed at its limit. :param problem: why it could not be started.
    """
    if problem:
        return f"cannot be started: {problem}"
    if code is None:
        return f"did not end within {hook.timeout} s, so it was killed"
    if code < 0:
        return f"was ended by signal {-code}"
    return f"failed with exit code {code}" if code else ""


def last_lines(output: str) -> list[str]:
    """Return the last lines of a hook's output, as they are shown."""
    lines = [line.rstrip() for line in output.splitlines()]
    return [line[:_MAX_LINE] for line in lines if line][-_MAX_LINES:]
