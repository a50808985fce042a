"""Lines for the person at the terminal, next to Ansible's own output.

Place in the pipeline: used by the action plugins. If a program reads standard output, the lines go to standard error:
a callback that writes JSON must be the only one that writes there.
"""

from __future__ import annotations

from ansible import constants
from ansible.utils.display import Display

#: The last part of the names of callbacks whose output a program reads: ``ansible.posix.json`` and ``jsonl``.
_FOR_PROGRAMS = ("json", "jsonl", "ndjson")

display = Display()


def show(text: str) -> None:
    """Show lines of text."""
    display.display(text, stderr=is_for_programs())


def is_for_programs() -> bool:
    """Return whether a program reads standard output."""
    name = str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2]
    return name in _FOR_PROGRAMS or name.endswith("_json")
