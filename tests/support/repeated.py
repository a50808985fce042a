"""Something that a test does again and again in a thread, while it does something else."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TypeVar

_Self = TypeVar("_Self", bound="Repeated")


class Repeated(ABC):
    """Calls :meth:`once` every *pause* seconds, as a context manager."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self: _Self) -> _Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @abstractmethod
    def once(self) -> None:
        """Do it once."""

    def _repeat(self) -> None:
        while not self._stop.wait(self._pause):
            self.once()
