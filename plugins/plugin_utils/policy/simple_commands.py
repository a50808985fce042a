"""The simple commands in the entrypoint and command of a container: programs with their arguments.

Place in the pipeline: check, under ``processes``. Pure. It reads what people usually write. It is no shell.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

_SHELLS = ("sh", "bash", "ash", "dash", "zsh")
#: An option of a shell that is followed by a script, such as ``-c`` or ``-euxc``.
_SCRIPT_OPTION = re.compile(r"-[a-z]*c")
_SEPARATOR = re.compile(r"&&|\|\||;|\||\n|(?<!\d>)&(?!\d)")
#: Words of a shell before a command.
_KEYWORDS = ("then", "else", "elif", "do", "if", "while", "until", "!", "{", "(", "exec", "time", "nohup", "trap")
#: Programs that start the command which follows them.
_WRAPPERS = frozenset(
    {"env", "tini", "dumb-init", "catatonit", "nice", "ionice", "xvfb-run", "opentelemetry-instrument", "ddtrace-run"}
    | {"bundle", "poetry", "uv", "pipenv", "pdm", "npx", "bunx", "newrelic-admin", "sudo", "setpriv"}
)
_WRAPPER_VERBS = ("exec", "run", "run-program")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


def arguments(value: Any) -> list[str]:
    """Return an entrypoint or a command as arguments, none for a value of another type."""
    if isinstance(value, list):
        return [str(item) for item in value if isinstance(item, (str, int, float))]
    return _words(value) if isinstance(value, str) else []


def script(given: Sequence[str]) -> str | None:
    """Return the script that a shell runs, ``None`` if no shell runs one."""
    for index, argument in enumerate(given[:-1]):
        if posixpath.basename(argument) in _SHELLS:
            for option, text in zip(given[index + 1 :], given[index + 2 :], strict=False):
                if _SCRIPT_OPTION.fullmatch(option):
                    return text
                if not option.startswith("-"):
                    break
    return None


def simple_commands(given: Sequence[str]) -> list[list[str]]:
    """Return the commands that a container runs, in order, without the programs that only start them.

    :param given: the arguments of the entrypoint and the command.
    """
    text = script(given)
    if text is None:
        return [words] if (words := _without_wrappers(list(given))) else []
    found = (_without_wrappers(_words(part)) for part in _parts(text))
    return [words for words in found if words]


def _parts(text: str) -> Iterator[str]:
    """Yield the parts of a script between its separators. Separators in quotes do not count."""
    hidden = re.sub(r"'[^']*'|\"[^\"]*\"", lambda match: "\0" * len(match[0]), text)
    start = 0
    for match in _SEPARATOR.finditer(hidden):
        yield text[start : match.start()]
        start = match.end()
    yield text[start:]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _without_wrappers(words: list[str]) -> list[str]:
    while words:
        program = posixpath.basename(words[0])
        if words[0] in _KEYWORDS or words[0] == "--" or _ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        elif program.startswith("wait") and "--" in words:
            words = words[words.index("--") :]
        elif program in ("gosu", "su-exec") and len(words) > 2:
            words = words[2:]
        elif program in _WRAPPERS and len(words) > 1:
            words = words[1:]
            while words and (words[0] in _WRAPPER_VERBS or words[0].startswith("-")):
                words = words[1:]
        else:
            return words
    return words
