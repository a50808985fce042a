"""Large objects of a database as statements of SQL, page by page, and the search for secrets in them.

Place in the pipeline: source, only if the rules say ``large_objects: keep``. Nobody can mask them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import SECRET

#: The pages of an object follow one another, so a secret over the border of two is found.
QUERY = """
SELECT 'BEGIN;' UNION ALL
SELECT line FROM (
  SELECT oid AS loid, -1 AS pageno, format('SELECT lo_create(%s);', oid) AS line FROM pg_largeobject_metadata
  UNION ALL
  SELECT loid, pageno, format(
      'SELECT lo_put(%s, %s, decode(''%s'', ''hex''));', loid, pageno * 2048::bigint, encode(data, 'hex'))
  FROM pg_largeobject ORDER BY loid, pageno) AS pages UNION ALL
SELECT 'COMMIT;'
"""
_START = b"decode('"
#: Bytes of the page before that are searched again.
_OVERLAP = 1024


class LargeObjectScanner:
    """Searches the statements for secrets. ``rows``: statements. ``size``: bytes."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = secrets
        self._rest = self._before = b""
        self.rows = self.size = 0
        self.finds: Counter[tuple[str, str]] = Counter()

    def feed(self, block: bytes) -> None:
        """Search a block. A line has at most one page."""
        self.size += len(block)
        *lines, self._rest = (self._rest + block).split(b"\n")
        self.rows += len(lines)
        for line in lines:
            _command, _start, rest = line.partition(_START)
            page = bytes.fromhex(rest.partition(b"'")[0].decode()) if rest else b""
            text = self._before + page
            for secret in self._secrets:
                new = text.count(secret) - self._before.count(secret)
                if new > 0:
                    self.finds["", SECRET] += new
            self._before = text[-_OVERLAP:] if page else b""

    def finish(self) -> None:
        """Nothing is left: the last line has an end."""
