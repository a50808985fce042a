"""What a refresh is asked to do, besides the snapshot: plain values, checked before anything is written.

Place in the pipeline: target, what the controller sends to the destination.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How a snapshot is loaded.

    ``service``: the Postgres of the destination. ``own``: by table, a condition for the rows that the destination
    keeps, as SQL. ``after``: statements of SQL that run on the loaded data, such as those that remove tokens.
    ``empty``: Redis services that are emptied. ``timeout``: seconds that one member or statement may take.
    """

    service: str
    own: Mapping[str, str]
    after: tuple[str, ...]
    empty: tuple[str, ...]
    timeout: float
