"""The settings of a stack's monitoring, checked before a host is asked. Pure.

Place in the pipeline: controller, for the role ``monitoring``.
"""

from __future__ import annotations

#: Fewest seconds between two times that metrics are written. Each asks the engine, and reads the files of the release.
_SHORTEST = 15


def check_metrics(directory: str, every: int) -> None:
    """Check where and how often metrics are written. :raises ValueError: if they cannot be, with one sentence."""
    if directory and not directory.startswith("/"):
        raise ValueError(f"monitoring_metrics_directory: {directory!r} is not an absolute path on the host")
    if every < _SHORTEST:
        raise ValueError(f"monitoring_metrics_every: {every} is not at least {_SHORTEST} seconds")
