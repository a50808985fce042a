"""Hooks of a deploy: what is read, what is refused before anything changes, what they are told, how they end."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import deploy_hooks
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.deploy_hooks import POINTS, Hook
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_sources

SECRETS = secret_sources.read({"api_token": "T0ken-of-the-api\n", "pin": "4711", "made": {"generate": 30}})


def _read(*given: Any, barrier: float = math.inf) -> list[Hook]:
    return deploy_hooks.read(list(given), barrier, SECRETS)


def _hook(**changes: Any) -> dict[str, Any]:
    return {"at": "before_switch", "command": "true", **changes}


def test_a_hook_is_read_with_its_defaults() -> None:
    [hook] = _read({"at": "before_begin", "command": "curl --fail 'https://example.com/a b'"})
    assert hook.command == ["curl", "--fail", "https://example.com/a b"]
    assert (hook.at, hook.run_on, hook.timeout) == ("before_begin", "controller", 60)
    assert hook.name == "curl --fail 'https://example.com/a b'"
    assert _read() == []


def test_a_hook_is_read_as_it_is_written() -> None:
    given = {"at": "after_switch", "command": ["sleep", 5], "run_on": "host", "timeout": 3600, "name": "wait"}
    [hook] = _read(given)
    assert hook.plain() == {**given, "command": ["sleep", "5"]}
    assert _read(hook.plain()) == [hook]


def test_a_long_command_has_a_short_name() -> None:
    [hook] = _read(_hook(command=["sh", "-c", "echo\n" + "x" * 500]))
    assert hook.name.startswith("sh -c 'echo xxx")
    assert hook.name.endswith("…")
    assert len(hook.name) == 80


def test_what_stops_a_rollout_is_before_a_verb() -> None:
    stopping = [hook.at for hook in _read(*(_hook(at=point) for point in POINTS)) if hook.stops]
    assert stopping == ["before_begin", "before_prepare", "before_switch", "before_finalize"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("true", "deploy_hooks, entry 1: str is not a mapping with 'at' and 'command'"),
        ({"command": "true"}, "required key 'at' is missing"),
        ({"at": "before_switch"}, "required key 'command' is missing"),
        (_hook(at="before_swich"), "key 'at': 'before_swich' is not valid; valid values: before_begin, after_begin, "),
        (_hook(on="host"), "the key is 'run_on', and not 'on', which YAML reads as true"),
        ({**_hook(), True: "host"}, "the key is 'run_on', and not 'on', which YAML reads as true"),
        (_hook(run_on="server"), "key 'run_on': 'server' is not valid; valid values: controller, host"),
        (_hook(timout=3), "unknown key 'timout'; did you mean 'timeout'?"),
        (_hook(timeout=0), "key 'timeout': 0 is not a number of seconds from 1 to 3600"),
        (_hook(timeout=3601), "key 'timeout': 3601 is not a number of seconds from 1 to 3600"),
        (_hook(timeout="1m"), "key 'timeout': '1m' is not a whole number"),
        (_hook(command=5), "key 'command': int is neither a list of words nor a text"),
        (_hook(command={"sh": "x"}), "key 'command': dict is neither a list of words nor a text"),
        (_hook(command=[]), "key 'command': it is empty; write it like"),
        (_hook(command="  "), "key 'command': it is empty; write it like"),
        (_hook(command=["", "x"]), "key 'command': it is empty; write it like"),
        (_hook(command="echo 'x"), "key 'command': it cannot be split into words: no closing quotation"),
        (_hook(command=["echo", True]), "key 'command': one of its words is bool and not text; put it in quotes"),
        (_hook(command=["echo", ["a"]]), "key 'command': one of its words is list and not text; put it in quotes"),
        (_hook(command=["echo", "a\0b"]), "key 'command': it has a NUL character"),
        (_hook(command=["echo", "x" * 17_000]), "it has more than 16384 characters; write it to a file"),
        (_hook(name="two\nlines"), "key 'name': 'two\\nlines' is not one line of at most 80 characters"),
        (_hook(name="x" * 81), "is not one line of at most 80 characters"),
        (_hook(command="curl -H T0ken-of-the-api"), "it has the secret 'api_token', and everybody on the machine can"),
        (_hook(command=["page", "--pin=4711"]), "it has the secret 'pin'"),
        (_hook(name="T0ken-of-the-api"), "it has the secret 'api_token'"),
    ],
)
def test_a_hook_that_cannot_be_is_refused(given: Any, problem: str) -> None:
    with pytest.raises(ValueError, match="deploy_hooks, entry 1") as refused:
        _read(given)
    assert problem in str(refused.value)
    assert "T0ken" not in str(refused.value)


def test_the_entry_is_counted() -> None:
    with pytest.raises(ValueError, match="deploy_hooks, entry 3: "):
        _read(_hook(), _hook(), {})


def test_a_short_secret_within_a_word_is_no_secret() -> None:
    assert len(_read(_hook(command="ping 192.0.2.1 -p 147110"))) == 1


@pytest.mark.parametrize("given", ["true", {"at": "before_begin"}, None, 5])
def test_what_is_no_list_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"deploy_hooks: \w+ is not a list of hooks"):
        deploy_hooks.read(given, 900, {})


def test_too_many_hooks_are_refused() -> None:
    with pytest.raises(ValueError, match="51 hooks are too many; at most 50"):
        _read(*[_hook()] * 51)


def test_hooks_between_two_verbs_take_less_time_than_hosts_wait() -> None:
    two = [_hook(at="after_prepare", timeout=500), _hook(at="before_switch", timeout=400)]
    with pytest.raises(ValueError, match="after_prepare and before_switch may take 900 s together") as refused:
        _read(*two, barrier=900)
    assert "a host that waits for switch reverts after 900 s" in str(refused.value)
    assert len(_read(*two, barrier=901)) == 2


def test_hooks_for_which_no_host_waits_take_any_time() -> None:
    free = [_hook(at=point, timeout=3600) for point in ("before_begin", "after_finalize", "after_revert")]
    assert len(_read(*free, barrier=10)) == 3


def test_what_a_hook_is_told() -> None:
    [here, there, end, revert] = _read(
        _hook(), _hook(run_on="host"), _hook(at="after_finalize"), _hook(at="after_revert")
    )
    assert deploy_hooks.told(here, ["a", "b"], "a") == {"SLIPWAY_POINT": "before_switch", "SLIPWAY_HOSTS": "a b"}
    assert deploy_hooks.told(there, ["a", "b"], "a")["SLIPWAY_HOST"] == "a"
    assert deploy_hooks.told(end, ["a"], "a")["SLIPWAY_OUTCOME"] == "succeeded"
    assert deploy_hooks.told(revert, ["a"], "a")["SLIPWAY_OUTCOME"] == "reverted"


def test_a_message_says_which_hook_it_is_and_where_it_ran() -> None:
    here, there = _read(_hook(name="smoke"), _hook(run_on="host", name="smoke"))
    assert here.about("shop1") == "hook 'smoke' (before_switch, on the controller)"
    assert there.about("shop1") == "hook 'smoke' (before_switch, on shop1)"


@pytest.mark.parametrize(
    ("code", "problem", "how"),
    [
        (0, "", ""),
        (3, "", "failed with exit code 3"),
        (-9, "", "was ended by signal 9"),
        (None, "", "did not end within 60 s, so it was killed"),
        (None, "No such file", "cannot be started: No such file"),
    ],
)
def test_how_a_hook_failed(code: int | None, problem: str, how: str) -> None:
    [hook] = _read(_hook())
    assert deploy_hooks.failure(hook, code, problem) == how


def test_the_last_lines_are_shown_and_each_in_part() -> None:
    lines = deploy_hooks.last_lines("\n".join(map(str, range(100))) + "\n\n" + "x" * 10_000 + "\n")
    assert lines == [*map(str, range(81, 100)), "x" * 500]
