"""Large objects of a database as statements of SQL, page by page, and the search for secrets in them.

Place in the pipeline: source, only if the rules say ``large_objects: keep``. Nobody can mask them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import SECRET, SecretCounter

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


class LargeObjectScanner:
    """Searches the statements for secrets. ``rows``: statements. ``size``: bytes."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets, self._counter = secrets, SecretCounter(secrets)
        self._rest = b""
        self.rows = self.size = 0
        self.finds: Counter[tuple[str, str]] = Counter()

    def feed(self, block: bytes) -> None:
        """Search a block. A line has at most one page."""
        self.size += len(block)
        *lines, self._rest = (self._rest + block).split(b"\n")
        self.rows += len(lines)
        for line in lines:
            _command, _start, rest = line.partition(_START)
            if not rest:
                # Another object begins.
                self._counter = SecretCounter(self._secrets)
            elif found := self._counter.count(bytes.fromhex(rest.partition(b"'")[0].decode())):
                self.finds["", SECRET] += found

    def finish(self) -> None:
        """Nothing is left: the last line has an end."""
