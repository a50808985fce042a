"""What a Dockerfile says: its stages, the port that it exposes, and what it starts.

Place in the pipeline: project. Pure. Only plain instructions are read; what is built from them is not known here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

_INSTRUCTION = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$")


@dataclass
class Dockerfile:
    """``stages``: their names. ``ports``: those exposed by the last stage. ``starts``: ``ENTRYPOINT`` and ``CMD``.

    ``last``: the name of the last stage, empty if it has none. ``base``: its image.
    ``health``: the test of its ``HEALTHCHECK``.
    """

    stages: list[str] = field(default_factory=list)
    last: str = ""
    ports: list[int] = field(default_factory=list)
    starts: str = ""
    base: str = ""
    health: list[str] = field(default_factory=list)


def read(text: str) -> Dockerfile:
    """Return what the text of a Dockerfile says about its last stage; empty parts where it says nothing."""
    result = Dockerfile()
    for line in re.sub(r"\\\s*\n", " ", text).splitlines()[:2000]:
        match = _INSTRUCTION.match(line)
        if not match:
            continue
        name, rest = match[1].upper(), match[2].strip()
        if name == "FROM":
            words = [word for word in rest.split() if not word.startswith("--")]
            result.last = words[2] if len(words) == 3 and words[1].lower() == "as" else ""
            result.stages += [result.last] if result.last else []
            result.ports, result.starts, result.base, result.health = [], "", words[0] if words else "", []
        elif name == "EXPOSE":
            result.ports += [int(port) for port in re.findall(r"\b(\d{1,5})(?:/tcp)?(?=\s|$)", rest)]
        elif name in ("CMD", "ENTRYPOINT"):
            result.starts = f"{result.starts} {_command(rest)}".strip()
        elif name == "HEALTHCHECK":
            result.health = _test(rest)
    return result


def _test(text: str) -> list[str]:
    """Return the command of a health check as Compose has it."""
    command = re.sub(r"^(?:--\S+\s+)*CMD\s+", "", text)
    if command == text:
        return []
    try:
        words = json.loads(command)
    except ValueError:
        return ["CMD-SHELL", command.replace("$", "$$")]
    return ["CMD", *(str(word).replace("$", "$$") for word in words)] if isinstance(words, list) else []


def _command(text: str) -> str:
    try:
        words = json.loads(text)
    except ValueError:
        return text
    return " ".join(map(str, words)) if isinstance(words, list) else text


#: Ports of what an image starts, by a word of its name or its command.
_USUAL_PORTS = (
    (r"nginx-unprivileged", 8080),
    (r"nginx|httpd|apache", 80),
    (r"uvicorn|gunicorn|fastapi|manage\.py|daphne|granian|hypercorn", 8000),
    (r"flask", 5000),
    (r"rails|puma|next|nuxt|node|npm|yarn|pnpm|bun", 3000),
    (r"java|spring|tomcat|caddy", 8080),
    (r"streamlit", 8501),
)
_OPTION = re.compile(r"(?:--port[ =]|-p |--bind[ =]\S*?:|-b \S*?:|--server\.port[ =]|0\.0\.0\.0:|-l )(\d{2,5})\b")


def port(command: str, dockerfile: Dockerfile) -> int | None:
    """Return the port that a service listens on, as far as its command or its Dockerfile says it."""
    starts = command or dockerfile.starts
    match = _OPTION.search(starts)
    if match:
        return int(match[1])
    if dockerfile.ports:
        return dockerfile.ports[0]
    texts = (starts, dockerfile.base)
    return next((number for text in texts for word, number in _USUAL_PORTS if text and re.search(word, text)), None)
