"""One bot at a time, whatever is deployed. Telegram ends a second one, and its stand-in counts how often it did."""

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
    """Return what the bot answers to a message."""
    before = len(_state()["sent"])
    request = urllib.request.Request(f"{TELEGRAM}/say", data=json.dumps({"text": text}).encode())
    urllib.request.urlopen(request, timeout=10).close()
    wait_until(lambda: len(_state()["sent"]) > before)
    return str(_state()["sent"][-1])


def _most_at_once(host: Any, service: str) -> int:
    """Return the largest number of a service's containers that ever ran at one time, by the engine's own event log."""
    return max_concurrent(host.check_output("sudo cat /var/log/events.jsonl").splitlines(), service)


def test_the_bot_answers_from_the_database(stack: Stack) -> None:
    assert stack.send("POST", "/api/items", '{"name": "lamp"}').status == 201
    assert "lamp" in _answer_to("/items").splitlines()


def test_the_database_has_what_its_scripts_say(host: Any, stack: Stack) -> None:
    query = "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension"
    found = host.check_output(
        f'cd {stack.home}/current && sudo docker compose exec -T db psql -U bot -d bot -Atc "{query}"'
    )
    assert {"citext", "pg_trgm"} <= set(found.split())


def test_the_token_is_nowhere_but_in_its_file(host: Any, stack: Stack) -> None:
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
        assert _most_at_once(host, service) == 1
    assert _state()["conflicts"] == 0


def test_two_bots_would_be_seen(host: Any, stack: Stack) -> None:
    """The proof above can fail: a second bot by hand is counted, by the event log and by Telegram."""
    compose = f"cd {stack.home}/current && sudo docker compose"
    host.check_output(f"{compose} up --detach --no-deps --no-recreate --scale bot=2 bot")
    wait_until(lambda: _state()["conflicts"] > 0, 60)
    assert _most_at_once(host, "bot") == 2
    host.check_output(f"{compose} up --detach --no-deps --scale bot=1 bot")
