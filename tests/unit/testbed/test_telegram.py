"""The stand-in for Telegram, asked as a bot asks it."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from testbed.stand_ins import telegram


@pytest.fixture
def chat() -> telegram.Chat:
    return telegram.Chat()


@pytest.fixture
def url(chat: telegram.Chat) -> Iterator[str]:
    served = telegram.server(0, chat)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}/bot1:x"
    served.shutdown()
    served.server_close()


def _call(url: str, method: str, **parameters: Any) -> Any:
    request = urllib.request.Request(f"{url}/{method}", data=json.dumps(parameters).encode())
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["result"]


def test_a_message_reaches_who_asks_and_is_not_told_again(chat: telegram.Chat, url: str) -> None:
    threading.Timer(0.1, chat.say, ["hello"]).start()
    (update,) = _call(url, "getUpdates", timeout=5)
    assert update["message"]["text"] == "hello"
    # Until it is said to have been dealt with, it is there for whoever asks next, from the start too.
    assert _call(url, "getUpdates", timeout=5) == [update]
    assert _call(url, "getUpdates", offset=update["update_id"] + 1, timeout=0.3) == []
    assert _call(url, "getUpdates", timeout=0.3) == []


def test_the_second_asker_ends_the_first(chat: telegram.Chat, url: str) -> None:
    ended: list[int] = []

    def first() -> None:
        try:
            _call(url, "getUpdates", timeout=5)
        except urllib.error.HTTPError as error:
            ended.append(error.code)

    asking = threading.Thread(target=first)
    asking.start()
    time.sleep(0.2)
    assert _call(url, "getUpdates", timeout=1) == []
    asking.join()
    assert (ended, chat.conflicts) == ([409], 1)


def test_an_asker_that_has_gone_is_in_nobodys_way(chat: telegram.Chat, url: str) -> None:
    host, port = url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as gone:
        body = b'{"timeout": 5}'
        gone.sendall(b"POST /bot1:x/getUpdates HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        time.sleep(0.2)
    time.sleep(0.5)
    assert _call(url, "getUpdates", timeout=0) == []
    time.sleep(0.3)
    assert chat.conflicts == 0


def test_what_the_bot_sent_is_told(chat: telegram.Chat, url: str) -> None:
    _call(url, "sendMessage", chat_id=1, text="Nothing is on sale.")
    with urllib.request.urlopen(f"{url}/state", timeout=5) as response:
        assert json.load(response) == {"sent": ["Nothing is on sale."], "conflicts": 0}
