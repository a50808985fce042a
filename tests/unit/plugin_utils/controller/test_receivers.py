"""Who is told about events: what the host gets, and what is refused without a URL in the message."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.events import EVENTS
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.receivers import read

URL = "https://hooks.example.com/services/T0SECRET"
SECRETS: dict[str, Any] = {"slack": URL + "\n", "made": {"generate": 30}, "word": "nothing"}


def test_the_host_gets_everything_that_it_needs() -> None:
    given = [
        {"url": URL, "events": ["rollout_failed"]},
        {"url_secret": "slack", "format": "slack", "name": "deploys"},
        {"mail_to": "ops+stack@example.com"},
        {"command": "/usr/local/bin/page --now"},
    ]
    default = [
        "rollout_succeeded",
        "rollout_reverted",
        "rollout_failed",
        "backup_failed",
        "drill_failed",
        "certificate_failed",
    ]
    read_ones = read(given, SECRETS)
    assert read_ones[0] == {"sort": "webhook", "target": URL, "name": "", "format": "json", "on": ["rollout_failed"]}
    assert (read_ones[1]["target"], read_ones[1]["format"], read_ones[1]["name"]) == (URL, "slack", "deploys")
    assert [(one["sort"], one["target"]) for one in read_ones[2:]] == [
        ("mail", "ops+stack@example.com"),
        ("command", "/usr/local/bin/page --now"),
    ]
    assert all(sorted(one["on"]) == sorted(default) for one in read_ones[1:])
    assert set(default) < set(EVENTS)
    assert read([], {}) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": URL, "event": []}, "unknown key 'event'; did you mean 'events'?"),
        ({"url": URL, True: []}, "the key is 'events', and not 'on', which YAML reads as true"),
        ({"url": URL, "events": ["rollout_faild"]}, "key 'events': there is no event 'rollout_faild'; did you mean"),
        ({"url": URL, "events": []}, "key 'events': no event is named, so nothing would be sent; remove the receiver"),
        ({"url": URL, "events": "rollout_failed"}, "key 'events'"),
        ({"url": "hooks.example.com/T0SECRET"}, "key 'url': this is no URL such as https://"),
        ({"url": "ftp://hooks.example.com/T0SECRET"}, "key 'url': this is no URL such as https://"),
        ({"url": "https:///T0SECRET"}, "key 'url': this is no URL such as https://"),
        ({"url": "https://hooks.example.com:port/T0SECRET"}, "key 'url': this is no URL such as https://"),
        ({"url": "https://hooks.example.com/T0SECRET\r\nX: 1"}, "key 'url': this is no URL such as https://"),
        ({"url": "https://me:T0SECRET@hooks.example.com/"}, "key 'url': a URL with a user and a password"),
        ({"url": ["https://T0SECRET"]}, "key 'url': list is not text"),
        (
            "https://hooks.example.com/T0SECRET",
            "is not a mapping with one of 'url', 'url_secret', ",
        ),
        ({"url_secret": "slak"}, "key 'url_secret': stack_secrets has no secret 'slak'; did you mean 'slack'?"),
        ({"url_secret": "made"}, "key 'url_secret': secret 'made' is generated on the server, and is no URL"),
        ({"url_secret": "word"}, "key 'url_secret': this is no URL such as"),
        ({"url": URL, "mail_to": "a@b"}, "give one of 'url', 'url_secret', 'mail_to', 'command'"),
        ({"name": "x"}, "give one of 'url', 'url_secret', 'mail_to', 'command'"),
        ({"url": URL, "format": "xml"}, "key 'format': 'xml' is not valid; valid values: json, slack"),
        ({"mail_to": "a@b.de", "format": "slack"}, "key 'format' is for a webhook, and this is 'mail_to'"),
        ({"mail_to": "ops"}, "key 'mail_to': 'ops' is no address of e-mail"),
        ({"mail_to": "-oQ/tmp@example.com"}, "is no address of e-mail"),
        ({"mail_to": "a@example.com\nBcc: b@example.com"}, "is no address of e-mail"),
        ({"mail_to": "a@example.com, b@example.com"}, "is no address of e-mail"),
        ({"command": "page --now"}, "key 'command': this is no absolute path of a program on the host"),
        ({"command": " "}, "key 'command': this is no absolute path"),
        ({"url": URL, "name": "a\nb"}, "key 'name': 'a\\nb' is not one line"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=r"^monitoring_receivers, entry 2") as error:
        read([{"url": URL}, given], SECRETS)
    assert said in str(error.value)
    assert "T0SECRET" not in str(error.value)
    assert "\n" not in str(error.value)
