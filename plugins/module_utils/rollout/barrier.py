"""Where a rollout waits for the other hosts, and the word that lets it go on.

Place in the pipeline: target, between the verbs of a rollout that several hosts take in step. The controller gives the
word once every host is as far; a host that is given none takes itself back, so that a controller that died leaves the
old release serving.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import WAITING, Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

#: What a rollout has done when it waits, in this order: images are here and release jobs ran; the new containers are
#: healthy beside the old; requests go to them and the whole is proven. After ``end`` there is nothing to wait for.
GATES = ("ready", "prepared", "proven", "end")
#: The word that each verb gives: the gate up to which the rollout goes on.
WORDS = {
    "all": "end",
    "begin": "ready",
    "prepare": "prepared",
    "switch": "proven",
    "finalize": "end",
    "abort": "abort",
}
_TEXTS = {
    "ready": "ready; waiting for the other hosts",
    "prepared": "prepared; waiting for the other hosts",
    "proven": "switched and proven; waiting for the other hosts",
}


def give_word(path: Path, release: str, word: str) -> None:
    """Let the rollout of *release* go on up to a gate of :data:`GATES`, or have it ``abort``."""
    if _word(path, release) != word:
        write_text(path, json.dumps({"release": release, "word": word}) + "\n")


def _word(path: Path, release: str) -> str | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(found["word"]) if found["release"] == release else None


class Gate:
    """The gates of one rollout. Where it is not *in_step* with others, all of them are open."""

    def __init__(self, path: Path, release: str, journal: Journal, in_step: bool, patience: float) -> None:
        """:param patience: seconds that it waits at one gate."""
        self._path = path
        self._release = release
        self._journal = journal
        self._in_step = in_step
        self._patience = patience

    def wait(self, gate: str) -> None:
        """Wait at *gate* for the word to go on.

        :raises RolloutFailed: when the word is to go back, or there is none in time.
        """
        if not self._in_step:
            return
        with self._journal.part(gate, "wait", begins=_TEXTS[gate], state=WAITING):
            self._await(gate)

    def _await(self, gate: str) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            word = _word(self._path, self._release)
            if word == "abort":
                raise RolloutFailed("another host failed")
            if word and GATES.index(word) > GATES.index(gate):
                return
            if time.monotonic() > deadline:
                raise RolloutFailed(f"no word to go on within {self._patience:.0f} s")
            time.sleep(0.1)
