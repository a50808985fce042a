"""The stand-in for Telegram, used like a bot uses the real API."""

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


def test_a_message_is_delivered_until_it_is_confirmed(chat: telegram.Chat, url: str) -> None:
    threading.Timer(0.1, chat.say, ["hello"]).start()
    (update,) = _call(url, "getUpdates", timeout=5)
    assert update["message"]["text"] == "hello"
    # A new client without an offset gets it again. A larger offset confirms it.
    assert _call(url, "getUpdates", timeout=5) == [update]
    assert _call(url, "getUpdates", offset=update["update_id"] + 1, timeout=0.3) == []
    assert _call(url, "getUpdates", timeout=0.3) == []


def test_a_second_client_ends_the_first(chat: telegram.Chat, url: str) -> None:
    ended: list[int] = []

    def first() -> None:
        try:
            _call(url, "getUpdates", timeout=5)
        except urllib.error.HTTPError as error:
            ended.append(error.code)

    thread = threading.Thread(target=first)
    thread.start()
    time.sleep(0.2)
    assert _call(url, "getUpdates", timeout=1) == []
    thread.join()
    assert (ended, chat.conflicts) == ([409], 1)


def test_a_disconnected_client_causes_no_conflict(chat: telegram.Chat, url: str) -> None:
    host, port = url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as connection:
        body = b'{"timeout": 5}'
        connection.sendall(b"POST /bot1:x/getUpdates HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        time.sleep(0.2)
    time.sleep(0.5)
    assert _call(url, "getUpdates", timeout=0) == []
    time.sleep(0.3)
    assert chat.conflicts == 0


def test_the_state_has_the_messages_of_the_bot(chat: telegram.Chat, url: str) -> None:
    _call(url, "sendMessage", chat_id=1, text="Nothing is on sale.")
    with urllib.request.urlopen(f"{url}/state", timeout=5) as response:
        assert json.load(response) == {"sent": ["Nothing is on sale."], "conflicts": 0}
