"""Messages to receivers that answer, refuse, hang and send nonsense; each is told by itself."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import delivery, notifying, outcomes, settings
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import events
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from tests.support.fake_host import FakeClock
from tests.support.receiver import receiving

SUCCESS = Event("rollout_succeeded", "r2", "r1", "1.4", "abc", "ada@laptop", 12.5, at=1795749300.0)
FAILURE = Event("rollout_reverted", "r2", reason="web exited with code 1. Release r1 keeps serving", at=1795749300.0)
HOST = socket.gethostname()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(notifying, "TRY_SECONDS", 1.0)
    home = Home(str(tmp_path / "shop"))
    home.make_directories()
    home.events.mkdir()
    return home


def _webhook(url: str, form: str = "json", on: Sequence[str] = tuple(events.EVENTS)) -> Receiver:
    return Receiver("webhook", url, "", form, tuple(on))


def _notify(home: Home, *receivers: Receiver) -> FakeClock:
    write_text(home.monitoring, Settings(receivers=receivers).text())
    clock = FakeClock()
    notifying.notify(home, settings.receivers(home), clock)
    return clock


def test_programs_get_the_parts_and_people_a_sentence(home: Home) -> None:
    with receiving() as programs, receiving() as people:
        events.tell(home, SUCCESS)
        _notify(home, _webhook(programs.url), _webhook(people.url, "slack"))
    sentence = f"shop on {HOST}: the rollout succeeded (release r2, version 1.4, by ada@laptop, 12.5 s)"
    parts = {
        "event": "rollout_succeeded", "stack": "shop", "host": HOST, "at": "2026-11-27T03:15:00Z", "release": "r2",
        "previous": "r1", "version": "1.4", "commit": "abc", "owner": "ada@laptop", "seconds": 12.5, "reason": "",
        "text": sentence,
    }  # fmt: skip
    assert programs.got == [("/services/T0SECRETPATH", parts)]
    assert people.got == [("/services/T0SECRETPATH", {"text": sentence})]
    assert not list(home.events.iterdir())


def test_a_receiver_gets_the_events_that_it_wants_in_their_order(home: Home) -> None:
    with receiving() as all_of_them, receiving() as failures:
        for event in (SUCCESS, FAILURE, SUCCESS):
            events.tell(home, event)
        _notify(home, _webhook(all_of_them.url), _webhook(failures.url, on=["rollout_reverted"]))
    names = [SUCCESS.event, FAILURE.event, SUCCESS.event]
    assert [body["event"] for _, body in all_of_them.got] == names
    [(_, body)] = failures.got
    begin, _, reason = body["text"].partition("): ")
    assert begin == f"shop on {HOST}: the rollout failed and was reverted (release r2"
    assert reason == "web exited with code 1. Release r1 keeps serving"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "it answered 500"),
        (302, "it answered 302"),
        (0, "it did not answer within 1 s"),
        (1, "it did not answer within 1 s"),
    ],
)
def test_a_bad_receiver_is_tried_three_times_and_the_status_says_why(home: Home, status: int, said: str) -> None:
    started = time.monotonic()
    with receiving(status) as bad:
        events.tell(home, SUCCESS)
        clock = _notify(home, _webhook(bad.url))
    assert len(bad.got) == len(notifying.PAUSES) == 3
    assert clock.seconds == 1000 + sum(notifying.PAUSES)
    assert time.monotonic() - started < 10
    [last] = outcomes.standing(home)
    assert (last["receiver"], last["event"], last["reason"]) == (
        f"webhook http://127.0.0.1:{bad.server_port}/***",
        "rollout_succeeded",
        said,
    )
    assert "SECRET" not in home.told.read_text()
    assert home.told.stat().st_mode & 0o777 == 0o600


def test_after_a_failure_each_further_event_gets_one_try_until_one_arrives(home: Home) -> None:
    with receiving(500) as bad:
        for event in (SUCCESS, FAILURE, SUCCESS):
            events.tell(home, event)
        _notify(home, _webhook(bad.url))
        assert [body["event"] for _, body in bad.got] == [SUCCESS.event] * 3 + [FAILURE.event, SUCCESS.event]


def test_a_receiver_that_hangs_delays_no_other_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "PAUSES", (0.0,))
    arrived = []
    with receiving(0) as hanging, receiving() as good:
        events.tell(home, SUCCESS)
        events.tell(home, FAILURE)
        started = time.monotonic()
        real = outcomes.write

        def write(home: Home, label: str, event: str, reason: str) -> None:
            arrived.append((label, event, time.monotonic() - started))
            real(home, label, event, reason)

        monkeypatch.setattr(outcomes, "write", write)
        _notify(home, _webhook(hanging.url), _webhook(good.url))
    order = [(str(good.server_port) in label, event) for label, event, _ in arrived]
    assert order[:2] == [(True, SUCCESS.event), (True, FAILURE.event)]
    assert len(order) == 4


def test_an_event_that_comes_meanwhile_is_sent_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    real = delivery.deliver

    def deliver(*arguments: object) -> None:
        if not list(home.state.glob("told.json")):
            events.tell(home, FAILURE)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(notifying, "deliver", deliver)
    with receiving() as good:
        events.tell(home, SUCCESS)
        _notify(home, _webhook(good.url))
    assert [body["event"] for _, body in good.got] == [SUCCESS.event, FAILURE.event]


def test_nobody_listens_and_nobody_speaks_http(home: Home) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x"
        tls = url.replace("http", "https")
        events.tell(home, SUCCESS)
        _notify(home, _webhook(url), _webhook(tls))
    assert [one["reason"] for one in outcomes.standing(home)] == ["Connection refused"] * 2
    with receiving() as plain:
        events.tell(home, SUCCESS)
        _notify(home, _webhook(plain.url.replace("http", "https")))
    [last] = outcomes.standing(home)
    assert last["reason"]
    assert plain.got == []


def test_no_secret_is_in_a_message(home: Home) -> None:
    write_text(home.path / "secrets/generated/db", "s3cr3t-of-the-database")
    with receiving() as good:
        reason = f"cannot connect to postgres://shop:s3cr3t-of-the-database@db; asked {good.url}"
        events.tell(home, Event("rollout_failed", version="s3cr3t-of-the-database", reason=reason))
        _notify(home, _webhook(good.url))
        [(_, body)] = good.got
    assert "s3cr3t" not in json.dumps(body)
    assert "T0SECRETPATH" not in json.dumps(body)
    assert body["version"] == "***"


def test_a_command_gets_the_message_and_mail_goes_to_sendmail(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, mailer = tmp_path / "tell.sh", tmp_path / "sendmail"
    script.write_text(f'#!/bin/sh\necho "$1 $SLIPWAY_EVENT $SLIPWAY_VERSION" > {tmp_path}/env; cat > {tmp_path}/body\n')
    mailer.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/options; cat > {tmp_path}/mail\n')
    for path in (script, mailer):
        path.chmod(0o755)
    monkeypatch.setattr(delivery, "SENDMAIL", str(mailer))
    events.tell(home, Event("backup_failed", version="1\nBcc: eve@example.com", reason="no space"))
    everything = tuple(events.EVENTS)
    mail = Receiver("mail", "ops@example.com", "", "json", everything)
    _notify(home, mail, Receiver("command", f"{script} --now", "", "json", everything))
    assert (tmp_path / "options").read_text() == "-i -t\n"
    text = (tmp_path / "mail").read_text()
    assert text.startswith("To: ops@example.com\nSubject: shop: backup failed 1 Bcc: eve@example.com\nContent-Type:")
    assert text.partition("\n\n")[2].startswith(f"shop on {HOST}: the backup failed")
    assert (tmp_path / "env").read_text().startswith("--now backup_failed 1")
    assert json.loads((tmp_path / "body").read_text())["reason"] == "no space"


def test_a_command_that_does_not_read_its_input_gets_it_over_several_looks(home: Home, tmp_path: Path) -> None:
    script = tmp_path / "late.sh"
    script.write_text(f"#!/bin/sh\nsleep 0.4; cat > {tmp_path}/body\n")
    script.chmod(0o755)
    events.tell(home, Event("backup_failed", reason="x" * 1000, version="1" * 200_000))
    _notify(home, Receiver("command", str(script), "", "json", tuple(events.EVENTS)))
    assert outcomes.standing(home)[0]["reason"] == ""
    assert json.loads((tmp_path / "body").read_text())["reason"] == "x" * 1000


def test_a_command_that_hangs_ends_with_all_that_it_has_started(home: Home, tmp_path: Path) -> None:
    script = tmp_path / "hang.sh"
    script.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/child\nwait\n")
    script.chmod(0o755)
    events.tell(home, SUCCESS)
    _notify(home, Receiver("command", str(script), "pager", "json", tuple(events.EVENTS)))
    [last] = outcomes.standing(home)
    assert (last["receiver"], last["reason"]) == (f"command pager ({script})", "it did not answer within 1 s")
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    assert not child.exists() or ") Z " in child.read_text()


@pytest.mark.parametrize(("code", "said"), [("exit 3", "it ended with exit code 3"), (None, "No such file or")])
def test_a_command_that_fails(home: Home, tmp_path: Path, code: str | None, said: str) -> None:
    script = tmp_path / "fail.sh"
    if code:
        script.write_text(f"#!/bin/sh\n{code}\n")
        script.chmod(0o755)
    events.tell(home, SUCCESS)
    _notify(home, Receiver("command", str(script), "", "json", tuple(events.EVENTS)))
    assert outcomes.standing(home)[0]["reason"].startswith(said)
