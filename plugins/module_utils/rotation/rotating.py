"""The rotation of a secret: from the first value to the second one without a failed request, or back.

Place in the pipeline: target, in the process of the work. Every step can be repeated, so a rotation that was killed
goes on with the step that it was in. ``docs/rotation.md`` says why the steps are as they are.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release import integrity, ship
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.rotation import (
    derive,
    other_releases,
    password_server,
    values,
)
from ansible_collections.slipway.stack.plugins.module_utils.rotation.derive import Change
from ansible_collections.slipway.stack.plugins.module_utils.rotation.part_of_rotation import roll_out
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Pair, Values
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.rotation import BEGUN, COMMITTED, ROLLED, Rotation
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret

#: What a step fails with, each with a sentence for a person.
FAILURES = (RolloutFailed, DockerError, Refused, DamagedSecret, ForeignFileError, OSError)
_SECOND, _NEW = "second", "new"
_ID_TIME = "%Y%m%dT%H%M%SZ"


class Rotating:
    """One rotation of a secret on this host, which has begun."""

    def __init__(self, home: Home, rotation: Rotation, records: Journal) -> None:
        """:raises RolloutFailed: if its values or the release that it began with are not on this host."""
        self._home, self._rotation, self._records = home, rotation, records
        self._store = Values(home)
        self._pair = self._store.pair()
        found = home.read_manifest(rotation.base)
        # At the end this release is removed. What is left to do then needs the live one.
        base = found.value or home.manifest(home.current_id())
        if base is None:
            raise RolloutFailed(found.problem or f"release {rotation.base} is not on this host")
        self._base: Mapping[str, Any] = base
        self._server = None if rotation.finish else password_server.of(base, rotation.secret)

    def run(self) -> None:
        """Go on to the end. :raises RolloutFailed: if a step fails."""
        if self._rotation.phase == BEGUN:
            try:
                self._roll()
            except FAILURES as error:
                self._withdraw(error)
                raise
            self._enter(ROLLED)
        if self._rotation.phase == ROLLED:
            self._commit()
            self._enter(COMMITTED)
        self._complete()

    def _roll(self) -> None:
        """Let everything that reads the secret have the new value, while the old one is valid, too."""
        if self._server:
            with self._records.part("rotate", "accept", self._server.service, start_text="accepting both passwords"):
                self._server.write_files(self._store, self._rotation.secret, self._pair, password_server.BOTH)
                self._server.accept(self._pair)
        if self._server and self._server.second:
            self._roll_out(_SECOND, self._change(second=True))
        else:
            self._roll_out(_NEW, self._change())

    def _commit(self) -> None:
        """Make the new value the one that a deploy uses. Nothing that runs has the old one."""
        name = self._rotation.secret
        text = "" if self._rotation.finish else "a deploy uses the new value from here on"
        with self._records.part("rotate", "commit", start_text=text):
            if self._server:
                self._server.change(self._pair)
                self._server.write_files(self._store, name, self._pair, password_server.NEW)
            if self._rotation.finish:
                self._store.end_overlap(name)
            else:
                self._store.commit(name, self._pair, self._is_read_as_previous())

    def _complete(self) -> None:
        """Refuse the old value and remove it from this host."""
        if self._server:
            if self._server.second:
                self._roll_out(_NEW, self._change())
            text = "refusing the old password"
            with self._records.part("rotate", "refuse", self._server.service, start_text=text):
                self._server.keep(self._pair.new, self._pair.old)
        with self._records.part("rotate", "forget", start_text="removing the old value from this host"):
            live = self._live()
            ours = [self._rotation.base, *self._rotation.releases.values()]
            other_releases.take_place(self._home, live["release"], ours)
            other_releases.change(self._home, self._store, live, self._change(), self._records)
        previous = [] if self._rotation.finish else derive.files_with(live, [f"{self._rotation.secret}_previous"])
        left = self._store.places(self._pair.old, previous)
        self._store.forget()
        self._home.rotation.unlink(missing_ok=True)
        if left:
            raise RolloutFailed(f"the secret was rotated, but its old value is still in {', '.join(left)}; remove that")

    def _withdraw(self, why: Exception) -> None:
        """Undo a rotation whose rollout failed: the release from before serves.

        :raises RolloutFailed: if that fails, too. The rotation is still unfinished then.
        """
        if self._home.transaction.exists() or self._home.current_id() != self._rotation.base:
            raise RolloutFailed(f"{why}; the rotation could not be undone, so run the playbook again") from None
        self._records.write("rotate", "started", "withdrawing the new value")
        if self._server:
            try:
                self._server.write_files(self._store, self._rotation.secret, self._pair, password_server.OLD)
                self._server.keep(self._pair.old, self._pair.new)
            except FAILURES as error:
                raise RolloutFailed(f"{why}; then the new password could not be withdrawn: {error}") from None
        for release in self._rotation.releases.values():
            shutil.rmtree(self._home.release(release), ignore_errors=True)
        self._store.forget()
        self._home.rotation.unlink(missing_ok=True)

    def _roll_out(self, which: str, change: Change) -> None:
        """Roll out the release with a change; it is written if it is not there yet."""
        release = self._rotation.releases.get(which, "")
        if not (release and self._home.manifest(release)):
            wanted = f"{time.strftime(_ID_TIME, time.gmtime())}-{secrets.token_hex(4)}"
            release = ship.later_id(self._home, wanted)
            # First, so that a release that was written is known to be one of the rotation.
            self._rotation = replace(self._rotation, releases={**self._rotation.releases, which: release})
            self._rotation.save(self._home)
            manifest, files = derive.derive(self._home, self._store, self._base, change, release, self._rotation.owner)
            ship.write_release(self._home, manifest, files)
        in_data = (self._server.service,) if self._server else ()
        roll_out(self._home, release, self._rotation.owner, in_data, self._records)

    def _change(self, second: bool = False) -> Change:
        """Return what is different in the new release. :param second: in the one with the second login."""
        name, pair = self._rotation.secret, self._pair
        previous = f"{name}_previous"
        if self._rotation.finish:
            return Change({previous: ""}, {previous: pair.old})
        after = {name: pair.new} | ({previous: pair.old} if self._is_read_as_previous() else {})
        if self._server is None:
            return Change(after, {name: pair.old})
        kept = [file["variable"] for file in self._server.files(name)]
        login, other = (self._server.login, self._server.second) if second else ("", "")
        return Change(after, {name: pair.old}, kept, name, login, other)

    def _is_read_as_previous(self) -> bool:
        return bool(derive.files_with(self._base, [f"{self._rotation.secret}_previous"]))

    def _live(self) -> dict[str, Any]:
        found = self._home.manifest(self._home.current_id())
        if found is None:
            raise RolloutFailed(self._home.live_problem() or "no release is live")
        return found

    def _enter(self, phase: str) -> None:
        self._rotation = replace(self._rotation, phase=phase)
        self._rotation.save(self._home)


def is_over(home: Home, rotation: Rotation) -> bool:
    """Return whether a rotation was killed right before it removed its record. Then the next one can begin."""
    return rotation.phase != ROLLED and not Values(home).has_pair()


def begin(home: Home, secret: str, owner: str, finish: bool) -> Rotation:
    """Return the rotation of a secret, with its values on disk. It changes nothing that runs.

    :param finish: only end the overlap with the previous value.
    :raises RolloutFailed: if the secret cannot be rotated here, in one sentence with what to do.
    """
    manifest, pair, server = check(home, secret, finish)
    originals = {}
    store = Values(home)
    for file in server.files(secret) if server else []:
        originals[file["variable"]] = store.content(manifest, file["variable"])
    store.begin(pair, originals)
    rotation = Rotation(secret, owner, str(manifest["release"]), finish=finish)
    rotation.save(home)
    return rotation


def check(home: Home, secret: str, finish: bool) -> tuple[dict[str, Any], Pair, password_server.PasswordServer | None]:
    """Return the live manifest, the old and a new value, and the server of a password.

    :raises RolloutFailed: if the secret cannot be rotated here.
    """
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed(home.live_problem() or "no release is live on this host; deploy first")
    problems = integrity.problems(home, manifest)
    if problems:
        raise RolloutFailed("; ".join(problems))
    if secret in manifest.get("shared_secrets", []):
        raise RolloutFailed(
            f"secret '{secret}' is read by services of other hosts, too, and a rotation changes one host; give it a "
            "value in stack_secrets, and change that (docs/placement.md)"
        )
    store = Values(home)
    if finish:
        previous = store.previous(secret)
        if not previous or not derive.files_with(manifest, [f"{secret}_previous"]):
            raise RolloutFailed(f"secret '{secret}' has no previous value, so there is no overlap to end")
        return manifest, Pair(previous, ""), None
    read = derive.files_with(manifest, [secret])
    if not read:
        raise RolloutFailed(f"no service reads a secret '{secret}'; playbooks/secrets.yml lists them")
    old, server = store.generated(secret), password_server.of(manifest, secret)
    if old is None or not re.fullmatch("[A-Za-z0-9]+", old):
        raise RolloutFailed(_given(secret, server))
    pair = Pair(old, values.generate(len(old)))
    for file in read:
        derive.rewritten(
            store.content(manifest, file["variable"]), file["parts"], Change({secret: pair.new}, {secret: pair.old})
        )
    if server is None and any(secret in str(spec.get("initial")) for spec in manifest["services"].values()):
        raise RolloutFailed(
            f"secret '{secret}' is a password in the data of a service whose kind does not say how to change it; see "
            f"docs/secrets.md, 'The password of a database'"
        )
    if server:
        _check_readers(manifest, server, secret)
        if not server.accepts(old):
            raise RolloutFailed(
                f"service '{server.service}' refuses the value of secret '{secret}' that is live, so somebody has "
                f"changed the password there; set it back first"
            )
    return manifest, pair, server


def _given(secret: str, server: password_server.PasswordServer | None) -> str:
    """Return why a secret with a value from the inventory is not rotated, and what to do."""
    if server is None:
        return (
            f"secret '{secret}' was not generated on this host: its value comes from the inventory; change it at its "
            f"source and deploy, which replaces the services that read it"
        )
    keeps = bool((server.manifest.get("initial") or {}).get(server.service))
    if keeps:
        return (
            f"secret '{secret}' is the password of service '{server.service}', and its value comes from the inventory; "
            f"a deploy with another value is refused, because the data keeps the old one; see docs/secrets.md, 'The "
            f"password of a database'"
        )
    return (
        f"secret '{secret}' is the password of service '{server.service}', and its value comes from the inventory; "
        f'change it at its source and deploy with -e \'{{"deploy_allow_downtime": ["{server.service}"]}}\': that '
        f"replaces the service, which is down for a moment, and the services that read the password"
    )


def _check_readers(manifest: Mapping[str, Any], server: password_server.PasswordServer, secret: str) -> None:
    """Check that no running service has the very file of the server: it would not be replaced.

    :raises RolloutFailed: naming the service.
    """
    kept = {file["variable"] for file in server.files(secret)}
    for name, spec in manifest["services"].items():
        if name != server.service and kept & set(spec["secrets"]) and spec["class"] != "oneshot":
            raise RolloutFailed(
                f"service '{name}' runs with the uid of '{server.service}' and reads the same file of secret "
                f"'{secret}', which stays in its place; give one of them another user"
            )
