"""Long work on a host, followed from the controller: call a module until its work has ended.

Place in the pipeline: between controller and host, for actions whose work is a detached process on the host.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any


class NotEnded(Exception):
    """The work has not ended within the time limit. It goes on."""


def answers(
    call: Callable[[dict[str, Any]], dict[str, Any]], given: dict[str, Any], timeout: float
) -> Iterator[dict[str, Any]]:
    """Yield the answers of a module, each from where the one before has ended.

    It ends with an answer that failed or has no ``offset`` in the journal. The one who knows that the work has ended
    stops to ask.

    :param call: calls the module with its arguments. :param given: these arguments; ``offset`` and ``release`` change.
    :param timeout: seconds to follow.
    :raises NotEnded: if that time is over.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = call(given)
        yield answer
        if answer.get("failed") or "offset" not in answer:
            return
        if time.monotonic() > deadline:
            raise NotEnded
        given.update(offset=answer["offset"], release=answer["release"])
