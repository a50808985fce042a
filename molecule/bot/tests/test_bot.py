"""There is one bot at a time during a deploy. Telegram ends a second one, and its stand-in counts how often."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.events import max_concurrent
from tests.support.stacks import Stack, wait_until

Playbook = Callable[..., Any]
TELEGRAM = "http://127.0.0.1:8081"


@pytest.fixture
def stack(host: Any) -> Stack:
    return Stack(host, "bot", 8423)


def _state() -> dict[str, Any]:
    with urllib.request.urlopen(f"{TELEGRAM}/state", timeout=10) as response:
        found: dict[str, Any] = json.load(response)
    return found


def _answer_to(text: str) -> str:
    """Send a message to the bot and return its answer."""
    before = len(_state()["sent"])
    request = urllib.request.Request(f"{TELEGRAM}/say", data=json.dumps({"text": text}).encode())
    urllib.request.urlopen(request, timeout=10).close()
    wait_until(lambda: len(_state()["sent"]) > before)
    return str(_state()["sent"][-1])


def _max_concurrent(host: Any, service: str) -> int:
    """Return the largest number of a service's containers that ran at the same time, by the engine's event log."""
    return max_concurrent(host.check_output("sudo cat /var/log/events.jsonl").splitlines(), service)


def test_the_bot_answers_from_the_database(stack: Stack) -> None:
    assert stack.send("POST", "/api/items", '{"name": "lamp"}').status == 201
    assert "lamp" in _answer_to("/items").splitlines()


def test_the_database_has_the_extensions_of_its_scripts(host: Any, stack: Stack) -> None:
    query = "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension"
    found = host.check_output(
        f'cd {stack.home}/current && sudo docker compose exec -T db psql -U bot -d bot -Atc "{query}"'
    )
    assert {"citext", "pg_trgm"} <= set(found.split())


def test_the_token_is_only_in_its_file(host: Any, stack: Stack) -> None:
    token = host.check_output("sudo cat $(sudo find %s/secrets -name 'telegram_token.*' | head -n 1)", stack.home)
    assert len(token) == 35
    found = host.check_output("sudo grep -rl -- %s %s || true", token, stack.home).splitlines()
    assert {path.split("/")[4] for path in found} == {"secrets"}
    inspected = host.check_output(f"docker inspect {' '.join(stack.containers('bot'))}")
    assert token not in inspected


def test_there_are_never_two_bots_and_no_message_is_lost(host: Any, stack: Stack, playbook: Playbook) -> None:
    before = len(_state()["sent"])
    for number, version in enumerate(("1.1.0", "1.0.0"), 1):
        run = playbook("deploy", app_version=version)
        assert run.code == 0, run.output
        assert "bot recreate (downtime) image" in run.output
        assert _answer_to("/items")
        assert len(_state()["sent"]) == before + number
    for service in ("bot", "beat"):
        assert _max_concurrent(host, service) == 1
    assert _state()["conflicts"] == 0


def test_a_second_bot_is_counted(host: Any, stack: Stack) -> None:
    """The test above can fail: the event log and the stand-in count a second bot."""
    compose = f"cd {stack.home}/current && sudo docker compose"
    host.check_output(f"{compose} up --detach --no-deps --no-recreate --scale bot=2 bot")
    wait_until(lambda: _state()["conflicts"] > 0, 60)
    assert _max_concurrent(host, "bot") == 2
    host.check_output(f"{compose} up --detach --no-deps --scale bot=1 bot")
