"""The bot: what it answers, what it remembers, and when its heart beats."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.bot import Bot, Telegram, answers
from app.database import Item


def _update(number: int, text: str) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": 7}, "text": text}}


class Calls:
    """Answers the calls to Telegram: with prepared updates, and a conflict once there are no more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *batches: list[dict[str, Any]]) -> None:
        self.made: list[tuple[str, dict[str, object]]] = []
        self._batches = list(batches)
        monkeypatch.setattr(Telegram, "call", lambda _, method, **parameters: self._answer(method, parameters))

    def _answer(self, method: str, parameters: dict[str, object]) -> object:
        self.made.append((method, parameters))
        if method != "getUpdates":
            return {}
        if not self._batches:
            raise OSError("getUpdates was answered 409 Conflict")
        return self._batches.pop(0)


def _bot(heartbeat: Path) -> Bot:
    return Bot(Telegram("http://telegram", "1:x"), lambda text: "lamp" if text == "/items" else None, heartbeat)


def test_the_newest_items_are_told(engine: Engine) -> None:
    answer = answers(engine)
    assert answer("/items") == "Nothing is on sale."
    with Session(engine) as session:
        session.add_all([Item(name="lamp"), Item(name="chair")])
        session.commit()
    assert answer("/items please") == "chair\nlamp"
    assert answer("hello") is None
    assert answer("") is None


def test_an_update_is_answered_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls = Calls(monkeypatch, [_update(5, "/items"), _update(6, "hello")], [])
    bot = _bot(tmp_path / "heartbeat")
    bot.turn()
    bot.turn()
    assert [method for method, _ in calls.made] == ["getUpdates", "sendMessage", "getUpdates"]
    assert calls.made[1][1] == {"chat_id": 7, "text": "lamp"}
    assert calls.made[2][1]["offset"] == 7


def test_the_heart_beats_only_when_telegram_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Calls(monkeypatch)
    with pytest.raises(OSError, match="409 Conflict"):
        _bot(tmp_path / "heartbeat").turn()
    assert not (tmp_path / "heartbeat").exists()


def test_the_token_is_in_no_error() -> None:
    telegram = Telegram("http://127.0.0.1:9", "1:secret")
    assert "secret" not in repr(telegram)
    with pytest.raises(OSError, match="refused") as caught:
        telegram.call("getUpdates")
    assert "secret" not in str(caught.value)
