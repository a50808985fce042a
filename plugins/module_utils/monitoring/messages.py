"""An event as a message: one sentence for people, and its parts for programs. Pure.

Place in the pipeline: target, before an event is sent. Everything that others have written is masked here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.events import EVENTS, Event
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import duration

#: Longest part of a message, in characters. Slack and others refuse long texts, and so does the kernel as a variable.
_LONGEST = 1500


def content(event: Event, stack: str, host: str, mask: Callable[[str], str]) -> dict[str, Any]:
    """Return the parts of a message, its sentence among them as ``text``. All values are texts, or numbers.

    :param mask: masks the secrets of the stack and of the receivers.
    """
    parts = {
        name: _shortened(mask(value)) if isinstance(value, str) else value for name, value in asdict(event).items()
    }
    # The names of events are ours: nothing in them is a secret, whatever they look like.
    parts["event"] = event.event
    parts["at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event.at))
    parts |= {"stack": stack, "host": host}
    return {**parts, "text": sentence(parts)}


def sentence(parts: dict[str, Any]) -> str:
    """Return a message for people."""
    text = f"{parts['stack']} on {parts['host']}: {EVENTS[parts['event']]}"
    about = [f"release {parts['release']}"] if parts["release"] else []
    about += [f"version {parts['version']}"] if parts["version"] else []
    about += [f"by {parts['owner']}"] if parts["owner"] else []
    about += [f"{duration(parts['seconds'])}"] if parts["seconds"] else []
    details = f" ({', '.join(about)})" if about else ""
    return f"{text}{details}{': ' + parts['reason'] if parts['reason'] else ''}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
