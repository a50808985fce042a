"""The Telegram bot of `python -m app.bot`: answers /items with what is on sale.

Telegram gives a bot's updates to one asker at a time and ends the others', so there must never be two of it.
"""

import json
import logging
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.database import Item, connect
from app.settings import load_settings, read_secret

log = logging.getLogger("shop.bot")

LIST_LENGTH = 10
#: Seconds that Telegram waits for something to tell before it answers that there is nothing.
POLL_SECONDS = 20
PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Telegram:
    """Telegram's Bot API as far as the bot uses it."""

    api: str
    token: str = field(repr=False)

    def call(self, method: str, **parameters: object) -> Any:  # noqa: ANN401
        """Return the result of a method.

        Raises OSError when Telegram cannot be reached or refuses; the token is not in its text.
        """
        request = urllib.request.Request(
            f"{self.api}/bot{self.token}/{method}",
            data=json.dumps(parameters).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=POLL_SECONDS + 10) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            raise OSError(f"{method} was answered {error.code} {error.reason}") from None


class Bot:
    """Asks for updates, answers messages, and touches the heartbeat whenever Telegram has answered."""

    def __init__(self, telegram: Telegram, answer: Callable[[str], str | None], heartbeat: Path) -> None:
        self._telegram = telegram
        self._answer = answer
        self._heartbeat = heartbeat
        self._offset = 0

    def turn(self) -> None:
        """Wait for updates once and answer them. Raises OSError as Telegram.call does."""
        updates = self._telegram.call("getUpdates", offset=self._offset, timeout=POLL_SECONDS)
        self._heartbeat.touch()
        for update in updates:
            message = update.get("message", {})
            text = self._answer(message.get("text", ""))
            if text:
                self._telegram.call("sendMessage", chat_id=message["chat"]["id"], text=text)
            # Only now: an update that was asked for but not answered comes again.
            self._offset = update["update_id"] + 1


def answers(engine: Engine) -> Callable[[str], str | None]:
    """Return the function that gives the answer to a message, or None where there is none."""

    def answer(text: str) -> str | None:
        if text.split()[:1] != ["/items"]:
            return None
        with Session(engine) as session:
            names = session.scalars(select(Item.name).order_by(Item.id.desc()).limit(LIST_LENGTH)).all()
        return "\n".join(names) or "Nothing is on sale."

    return answer


def _stop(*_: object) -> None:
    raise SystemExit(0)


def main() -> None:
    """Run until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # A container's first process is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, _stop)
    settings = load_settings()
    try:
        telegram = Telegram(os.environ["TELEGRAM_API"], read_secret(os.environ, "TELEGRAM_TOKEN"))
    except KeyError as error:
        sys.exit(f"shop: The environment lacks {error}: the bot cannot ask Telegram without it.")
    except ValueError as error:
        sys.exit(f"shop: {error}")
    heartbeat = Path(os.environ.get("HEARTBEAT_FILE", "/tmp/heartbeat"))
    bot = Bot(telegram, answers(connect(settings)), heartbeat)
    log.info("version %s asks for updates", settings.version)
    while True:
        try:
            bot.turn()
        except OSError as error:
            log.warning("%s", error)
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
