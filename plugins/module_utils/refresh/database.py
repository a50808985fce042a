"""Databases of a running Postgres container: created, asked and filled with its own ``psql``.

Place in the pipeline: target, under :mod:`loading`. SQL reaches ``psql`` on its standard input, never as an argument.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import Member
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed, duration

#: The user that the image made the owner of everything, as the kind ``postgres`` finds it.
USER = 'PGUSER=${POSTGRES_USER:-$(cat "${POSTGRES_USER_FILE:-/dev/null}")}; export PGUSER="${PGUSER:-postgres}"; '
#: As the official image of Postgres chooses the name of its first database.
_FIRST = USER + 'echo "${POSTGRES_DB:-$PGUSER}"'
#: Prints rows only, and is ended by the first error.
_PSQL = USER + 'exec psql -XAtq --set=ON_ERROR_STOP=1 --dbname="$INTO"'
_COPY = _PSQL + ' --command="COPY $COPY FROM STDIN"'
#: Nothing waits for the disk at each commit: a database that is half loaded is thrown away.
_FAST = "-c synchronous_commit=off -c maintenance_work_mem=256MB -c statement_timeout=0 -c client_min_messages=warning"
#: Characters of an error of psql that are shown.
_MAX_ERROR = 400
_LITERAL_QUOTE = "'"


@dataclass(frozen=True)
class Database:
    """One database in a container. ``timeout``: seconds that one statement or one member may take."""

    container: Container
    name: str
    timeout: float

    def run(self, sql: str) -> list[str]:
        """Run statements, and return the lines that they print, columns separated by ``|``.

        :raises RolloutFailed: if one fails or takes too long.
        """
        command = streams.in_container(self.container.id, _PSQL, self._variables(), reads=True)
        try:
            done = subprocess.run(  # pylint: disable=ansible-bad-function,subprocess-run-check
                command, input=sql.encode(), capture_output=True, timeout=self.timeout
            )
        except subprocess.TimeoutExpired:
            raise self._failed(f"it did not end within {duration(self.timeout)}") from None
        if done.returncode != 0:
            raise self._failed(first_error(done.stderr.decode("utf-8", "replace")))
        return done.stdout.decode("utf-8", "surrogateescape").splitlines()

    def load(self, path: Path, member: Member) -> None:
        """Load a member of the snapshot *path*. :raises RolloutFailed: if it is damaged, or Postgres refuses it."""
        script, variables = _PSQL, self._variables()
        if member.sort == "rows":
            script, variables = _COPY, {**variables, "COPY": member.copy}
        command = streams.in_container(self.container.id, script, variables, reads=True)
        try:
            streams.restore(path, command, member.sha256, self.timeout, member.offset, member.size)
        except (StreamError, OSError) as error:
            raise self._failed(f"{member.table or member.sort}: {str(error)[:_MAX_ERROR]}") from None

    def copy_to(self, query: str, other: Database, into: str) -> None:
        """Copy the rows of *query* into *other* as ``COPY INTO FROM STDIN``, as a stream.

        :raises RolloutFailed: if one side fails or takes too long.
        """
        source = f'{_PSQL} --command="COPY ($QUERY) TO STDOUT"'
        read = streams.in_container(self.container.id, source, {**self._variables(), "QUERY": query})
        write = streams.in_container(other.container.id, _COPY, {**other._variables(), "COPY": into}, reads=True)
        try:
            streams.pipe(read, write, self.timeout)
        except StreamError as error:
            raise self._failed(str(error)[:_MAX_ERROR]) from None

    def _variables(self) -> dict[str, str]:
        return {"INTO": self.name, "PGOPTIONS": _FAST}

    def _failed(self, why: str) -> RolloutFailed:
        return RolloutFailed(f"service '{self.container.service}': database {self.name}: {why}")


def first_of(container: Container, timeout: float) -> Database:
    """Return the database that a Postgres container was made for.

    :param timeout: seconds that one statement or one member may take.
    :raises RolloutFailed: if the container does not say its name.
    """
    try:
        name = container_exec.execute(container.id, ["sh", "-ec", _FIRST]).strip()
    except DockerError as error:
        raise RolloutFailed(f"service '{container.service}' does not say the name of its database: {error}") from None
    return Database(container, name, timeout)


def first_error(said: str) -> str:
    """Return the first error that psql has printed, without its place in the input."""
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR:" in line or "FATAL:" in line] or lines
    return (errors[0].rpartition("ERROR:")[2].strip() if errors else "psql failed")[:_MAX_ERROR]


def literal(text: str) -> str:
    """Return a text as a literal of SQL, with ``standard_conforming_strings`` as it is by default."""
    return _LITERAL_QUOTE + text.replace(_LITERAL_QUOTE, _LITERAL_QUOTE * 2) + _LITERAL_QUOTE


def identifier(name: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
