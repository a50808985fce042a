"""What is in a stack on a server: its files, its uploads and its database, and which planted values are in them."""

from __future__ import annotations

from tests.support.depot import Depot
from tests.support.shop_database import Planted


def upload(depot: Depot, path: str, content: str) -> None:
    """Write a file into the volume of the uploads."""
    script = f"mkdir -p /srv/uploads/$(dirname {path}) && printf %s '{content}' >/srv/uploads/{path}"
    depot.stack.host.check_output("docker exec %s sh -c %s", depot.stack.containers("app")[0], script)


def uploaded(depot: Depot) -> list[str]:
    """Return the uploaded files of a stack."""
    container = depot.stack.containers("app")[0]
    return sorted(str(depot.stack.host.check_output(f"docker exec {container} find /srv/uploads -type f")).split())


def in_files(depot: Depot, planted: list[Planted]) -> list[str]:
    """Return the planted values in the files of the database, its WAL, its log, and the directory of the stack."""
    container = depot.stack.containers("db")[0]
    depot.stack.host.check_output("sudo sh -c %s", "cat >/run/planted <<'END'\n" + _lines(planted) + "\nEND\n")
    script = (
        f"for place in $(docker inspect --format '{{{{range .Mounts}}}}{{{{.Source}}}} {{{{end}}}}' {container}) "
        f"$(docker inspect --format '{{{{.LogPath}}}}' {container}) {depot.stack.home}; do "
        "grep --recursive --text --no-filename --only-matching --fixed-strings --file=/run/planted $place || :; done; "
        "rm /run/planted"
    )
    return sorted(set(str(depot.stack.host.check_output("sudo sh -c %s", script)).split()))


def dump(depot: Depot) -> bytes:
    """Return the live database as text."""
    command = f"docker exec {depot.stack.containers('db')[0]} pg_dump -U {depot.stack.name} {depot.stack.name}"
    return str(depot.stack.host.check_output(command)).encode()


def _lines(planted: list[Planted]) -> str:
    return "\n".join(one.value for one in planted)
