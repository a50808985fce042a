"""The sides of the bench: this collection, Compose by hand over SSH, a home-made role, and a playbook with one ping.

All use the checkout's `ansible.cfg` (pipelining on) and SSH connections that are already open. Compose by hand and the
home-made role share one stack, with the same services and images as ours.
"""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping

from tests.bench.server import BENCH, BenchError, Server

OURS = "this collection"
PROVEN = "this collection, until it serves (deploy_return=proven)"
HAND = "(a) docker compose up -d by hand"
HOMEMADE = "(b) twenty templates and docker_compose_v2"
PING = "(c) a single ping"
#: Under load.
WAIT = "docker compose up -d --wait by hand"
SCALE = "scale up, then stop the old, by script"
SCRIPT = BENCH / "scale_up.sh"

#: For a deploy with nothing to do.
AIMS = {HOMEMADE: "at least 15 x faster", PING: "at most 1.3 x its time"}

#: The work of each side. What it returns, if anything, is done afterwards and takes no time of it.
Sides = Mapping[str, Callable[[], Callable[[], object] | None]]

_HOMEMADE_PLAYBOOK = "tests/bench/homemade.yml"
_FILES = "-f compose.yaml -f compose.data.yaml -f compose.edge.yaml -f compose.production.yaml"
_COMPOSE = f"cd /opt/homemade && sudo docker compose {_FILES}"


def _to(version: str) -> str:
    """Return the command that sets the version of the application in the hand-made stack."""
    return rf"sudo sed -i 's/\(shop.*\):1\.[01]\.0/\1:{version}/' /opt/homemade/compose.yaml"


class Bench:
    """The two stacks on the server, and the ways to change them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._homemade = {"homemade_password": secrets.token_hex(16)}
        # Each body size is used once, so that setting it is always a change.
        self._sizes = (f"{megabytes}m" for megabytes in itertools.count(17))
        self._size = {OURS: "16m", HOMEMADE: "16m"}
        self._version = "1.0.0"
        #: The last text of each of our rollouts to another version, which says where its time went.
        self.accounts: list[str] = []

    def move(self, server: Server) -> None:
        """Use another connection to the same server from now on."""
        self._server = server

    def prepare(self) -> None:
        """Pull the images of both versions and deploy both stacks."""
        self._server.playbook("playbooks/provision.yml")
        self._server.playbook("tests/bench/images.yml")
        self._ours(changes=True)
        self._role(changes=True)

    def settle(self) -> None:
        """Deploy the home-made stack with its role, whatever the script has left of it."""
        self._role(changes=None)

    def nothing(self) -> Sides:
        """Return deploys with nothing to do, and the ping."""
        return {OURS: self._ours, HAND: self._up, HOMEMADE: self._role, PING: self._ping}

    def reload(self) -> Sides:
        """Return deploys that change one line of the edge's configuration."""

        def ours() -> None:
            self._size[OURS] = next(self._sizes)
            self._ours(changes=True)

        def hand() -> None:
            size = next(self._sizes)
            edit = (
                f"sudo sed -i 's/client_max_body_size .*/client_max_body_size {size};/' /opt/homemade/nginx/shop.conf"
            )
            self._server.command(f"{edit} && {_COMPOSE} up -d && {_COMPOSE} exec -T edge nginx -s reload")

        def role() -> None:
            self._size[HOMEMADE] = next(self._sizes)
            self._role(changes=True)

        return {OURS: ours, HAND: hand, HOMEMADE: role}

    def version(self) -> Sides:
        """Return deploys of the application's other version. By hand deploys 1.1.0, then the role deploys 1.0.0."""

        def hand() -> None:
            edit = r"sudo sed -i 's/\(shop.*\):1.0.0/\1:1.1.0/' /opt/homemade/compose.yaml"
            if "Recreated" not in self._server.command(f"{edit} && {_COMPOSE} up -d 2>&1"):
                raise BenchError("Compose by hand replaced nothing")

        def proven() -> Callable[[], object]:
            self._to_other_version(deploy_return="proven")
            # The lease ends when the old containers are stopped.
            return lambda: self._server.command("sudo flock /opt/stacks/shop/state/lease true")

        return {OURS: self._other_version, PROVEN: proven, HAND: hand, HOMEMADE: lambda: self._role(changes=True)}

    def under_load(self) -> Iterator[tuple[str, int, Callable[[], None]]]:
        """Yield sides that deploy the application's other version: name, public port, work.

        By hand and the script share a stack. It starts at 1.1.0, goes to 1.0.0, and back to 1.1.0.
        """

        def hand() -> None:
            printed = self._server.command(f"{_to('1.0.0')} && {_COMPOSE} up -d --wait 2>&1")
            if "Recreated" not in printed:
                raise BenchError("Compose by hand replaced nothing")

        def script() -> None:
            files = _FILES.replace(" -f ", ":").removeprefix("-f ")
            run = f"sudo COMPOSE_FILE={files} sh -s 2>&1 <<'SCRIPT'\n{SCRIPT.read_text()}SCRIPT"
            self._server.command(f"{_to('1.1.0')} && {run}")

        self._server.command(f"{_to('1.1.0')} && {_COMPOSE} up -d --wait 2>&1")
        yield OURS, 8420, self._other_version
        yield WAIT, 8430, hand
        yield SCALE, 8430, script

    def _ours(self, changes: bool = False, **more: str) -> None:
        variables = {"bench_max_body": self._size[OURS], "app_version": self._version, **more}
        self._server.playbook("playbooks/deploy.yml", changes, **variables)

    def _to_other_version(self, **more: str) -> None:
        self._version = "1.1.0" if self._version == "1.0.0" else "1.0.0"
        self._ours(changes=True, **more)

    def _other_version(self) -> None:
        self._to_other_version()
        end = json.loads(self._server.command("sudo tail --lines=1 /opt/stacks/shop/state/journal.jsonl"))
        self.accounts.append(end["text"])

    def _role(self, changes: bool | None = False) -> None:
        self._server.playbook(_HOMEMADE_PLAYBOOK, changes, bench_max_body=self._size[HOMEMADE], **self._homemade)

    def _up(self) -> None:
        printed = self._server.command(f"{_COMPOSE} up -d 2>&1")
        if "Started" in printed or "Running" not in printed:
            raise BenchError(f"Compose by hand found a service that was not running:\n{printed}")

    def _ping(self) -> None:
        self._server.playbook("tests/bench/ping.yml", changes=False)
