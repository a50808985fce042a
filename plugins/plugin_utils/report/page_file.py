"""The file that a page is written to: whole or not at all, and never in place of somebody else's.

Place in the pipeline: controller, the last step of a report.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.report.page import MARK

#: The mark is in the second line of a page.
_BEGINNING = 200


def write(path: Path, text: str) -> None:
    """Write a page. :raises ValueError: if something else is there, or if it cannot be written."""
    try:
        if path.is_symlink() or path.exists():
            _require_own(path)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".report-", delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                # As for any file that a user writes: those that the umask lets read it.
                umask = os.umask(0)
                os.umask(umask)
                os.fchmod(file.fileno(), 0o666 & ~umask)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror or error}") from None


def _require_own(path: Path) -> None:
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise ValueError(f"{path} is no regular file; name another one")
    with path.open(encoding="utf-8", errors="replace") as file:
        if MARK not in file.read(_BEGINNING):
            raise ValueError(f"{path} is there and no report; name another file, or remove it")
