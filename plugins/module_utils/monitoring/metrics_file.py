"""The file of a stack in the directory of node_exporter's textfile collector.

Place in the pipeline: target, by a timer, and by the role ``monitoring``, which removes it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.monitoring import exposition, measuring
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def path_of(directory: str, stack: str) -> Path:
    """Return the file. The collector reads files that end with ``.prom``, and no others."""
    return Path(directory) / f"slipway-{stack}.prom"


def problem(directory: str) -> str:
    """Return why the metrics cannot be written there, as a sentence; empty if they can."""
    if Path(directory).is_dir():
        return ""
    found = "is not a directory" if Path(directory).exists() else "does not exist on this host"
    return (
        f"monitoring_metrics_directory: {directory} {found}; give the directory that node_exporter's option "
        "--collector.textfile.directory names"
    )


def write(home: Home, directory: str) -> None:
    """Measure, and write the file completely or not at all. :raises OSError: if it cannot be written."""
    content = exposition.text(measuring.gauges(measuring.measure(home)))
    path = path_of(directory, home.path.name)
    # The directory may belong to another user, who could put a link in the place of a name that is known.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=directory)
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(content)
            os.fchmod(descriptor, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
