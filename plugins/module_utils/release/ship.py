"""Ship a release to the host: compare it with the live release, check it, and write it next to the live one.

Place in the pipeline: target, ship. Running containers are not changed. Nothing is written unless every check passes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers, docker, image_digests
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release import (
    data_loss,
    file_diff,
    initial_values,
    integrity,
    moved_data,
    paths,
    preflight,
    resources,
)
from ansible_collections.slipway.stack.plugins.module_utils.release.contents import complete_files, new_manifest
from ansible_collections.slipway.stack.plugins.module_utils.release.integrity import digest_of
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan, without_new_services
from ansible_collections.slipway.stack.plugins.module_utils.state import (
    damage,
    drain,
    rotation,
    stopped,
    transaction,
    upload,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import (
    MANIFEST,
    Home,
    close,
    mode_of,
    umask,
    write_text,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret, SecretStore

_ID_TIME = "%Y%m%dT%H%M%SZ"
#: Seconds after which a live release that is not verified needs a rollout.
_VERIFY_SECONDS = 5.0


class Refused(Exception):
    """The host refuses the release. The message has one line for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Shipped:
    """The result of shipping: ``release`` is the id for the rollout, or that of the live release without a change.

    ``plan``: an entry for each service (see ``plan.plan``). ``diff``: the text before and after of each changed file.
    ``services``: the state of each service, if the release was live already and was verified.
    """

    changed: bool
    release: str
    plan: list[dict[str, Any]]
    diff: list[dict[str, str]]
    services: list[dict[str, str]] = field(default_factory=list)


# Only root reads what it does not give to containers.
@umask(0o027)
def ship(
    content: Mapping[str, Any],
    sources: Mapping[str, Mapping[str, Any]],
    release_id: str,
    origin: Mapping[str, str],
    min_free: int,
    allow_downtime: list[str],
    dry_run: bool,
    changed_in_data: Collection[str] = (),
    data_upgrade: Collection[str] = (),
) -> Shipped:
    """Ship a release to this host, unless it is live already and all of its services are up.

    :param content: the content of the bundle (``plugin_utils/rendering/bundle.py``).
    :param sources: the sources of the secrets by name.
    :param release_id: the id of a new release, ``YYYYmmddTHHMMSSZ-XXXXXXXX``. If it is not later than the ids of all
        releases on this host, the release gets a later time.
    :param origin: who deploys which version, for the record: ``owner``, ``version``, ``commit``.
    :param min_free: bytes that must be free on the disks of the host.
    :param allow_downtime: data services that may be down while they are replaced.
    :param dry_run: only return what would be done.
    :param changed_in_data: data services whose password was changed in the data, too.
    :param data_upgrade: data services whose data the rollout writes anew for another version.
    :raises Refused: if a check fails. Nothing has been written then.
    """
    problems = paths.problems(content)
    if problems:
        raise Refused(problems)
    home = Home(content["home"])
    blocking = [*damage.blocking(home), rotation.unfinished(home), drain.obstacle(home), stopped.obstacle(home)]
    if any(blocking):
        raise Refused([problem for problem in blocking if problem])
    current_id = home.current_id()
    current = home.manifest(current_id)
    # A dry run: no secret is written before every check has passed.
    try:
        addresses = SecretStore(home.path, dry_run=True).addresses(content["secret_files"], sources)
    except DamagedSecret as error:
        raise Refused([str(error)]) from None
    same = current and current["digest"] == content["digest"] and current["addresses"] == addresses
    if current and current_id and same and not _has_other_local_image(current["services"]):
        before, after = _edited_texts(home, content, current)
        if not dry_run:
            # A container cannot start again without files that somebody removed.
            SecretStore(home.path).addresses(content["secret_files"], sources)
            _write_mounted_files(home, content, only_missing=True)
            for name, text in after.items():
                write_text(home.release(current_id) / name, text, mode_of(name))
        return _verify_live(home, current_id, current, file_diff.diff(before, after))

    running = all_containers.by_service(content["stack"])
    pinned, problems = image_digests.resolve_images(content["services"], current)
    problems += preflight.check_ports(content["services"], running)
    problems += preflight.check_disk({"images": preflight.data_root(), "releases": str(home.path)}, min_free)
    problems += preflight.check_data(content, data_upgrade)
    problems += resources.missing(content)
    if problems:
        raise Refused(problems)
    services = _pin_images(content["services"], pinned, current, allow_downtime)
    release_id = later_id(home, release_id)
    initial = initial_values.fingerprints(services, SecretStore(home.path, dry_run=True), sources)
    manifest = new_manifest(content, release_id, origin, addresses, services, initial, changed_in_data, data_upgrade)
    old_files = file_diff.release_files(home.release(current_id), current["files"]) if current and current_id else {}
    edge_changed = _edge_files(old_files) != _edge_files(content["files"])
    interrupted = transaction.read(home.transaction).value
    planned = plan(current, manifest, without_new_services(interrupted, running), edge_changed)
    new_files = complete_files(content, manifest)
    existing_id = _find_same_release(home, manifest)
    problems = data_loss.refusals(planned, current, manifest, running, allow_downtime)
    problems += initial_values.refusals(home, manifest, current, changed_in_data)
    problems += moved_data.refusals(content, current)
    # An interrupted rollout is settled first. That can change which service holds which port.
    problems += preflight.check_moved_ports(planned, current, manifest, running) if interrupted is None else []
    if problems:
        raise Refused(problems)
    if not dry_run:
        with upload.lock(home) as locked:
            if not locked:
                raise Refused([f"another upload to {home.path} is under way; run the playbook again when it has ended"])
            manifest["addresses"] = SecretStore(home.path).addresses(content["secret_files"], sources)
            manifest["initial"] = initial_values.fingerprints(services, SecretStore(home.path), sources)
            new_files = complete_files(content, manifest)
            _write_mounted_files(home, content, only_missing=existing_id is not None)
            release_id = existing_id or write_release(home, manifest, new_files)
    new_files.update(file_diff.mounted_texts(home, manifest, content["mounted"]))
    if current:
        old_files.update(file_diff.mounted_texts(home, current, {}))
    return Shipped(True, release_id, planned, file_diff.diff(old_files, new_files, (current, manifest)))


def _edited_texts(
    home: Home, content: Mapping[str, Any], current: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts of the live release's own files that were edited or removed, and what they were before that."""
    names = integrity.edited_files(home, current)
    uploaded = complete_files(content, {**current}) if names else {}
    # Another version of the collection may have written a file in another way.
    known = [name for name in names if digest_of(uploaded.get(name, "")) == current["files"][name]]
    return file_diff.release_files(home.release(current["release"]), known), {name: uploaded[name] for name in known}


def _verify_live(home: Home, current_id: str, current: Mapping[str, Any], restored: list[dict[str, str]]) -> Shipped:
    """Verify the live release.

    It needs a rollout if it has a problem, if files of it were restored, or if its last rollout was interrupted.
    """
    verification = verify(home, current, _VERIFY_SECONDS)
    entries = plan(current, current, verification.running, edge_changed=False)
    changed = bool(verification.problems or restored) or home.transaction.exists()
    return Shipped(changed, current_id, entries, restored, verification.services)


def _has_other_local_image(services: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether an image without a registry was sent to this host or built on it again.

    If the description is the same, registries are not asked. A look at the images on this host is cheap.
    """
    for spec in services.values():
        # A data service keeps its image.
        if spec["pinned"].startswith("sha256:") and spec["class"] not in ("stateful", "pod"):
            record = docker.local_image(spec["image"])
            if record and record["Id"] != spec["pinned"]:
                return True
    return False


def _edge_files(files: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if name.startswith("edge/")}


def _pin_images(
    services: Mapping[str, Mapping[str, Any]],
    pinned: Mapping[str, str],
    current: Mapping[str, Any] | None,
    allow_downtime: list[str],
) -> dict[str, dict[str, Any]]:
    """Return the services with their pinned images.

    A data service keeps its digest as long as its image reference is the same: a tag that moved in the registry is no
    reason to stop a database. A pod keeps its image as long as the rest of its definition is the same: it only runs
    ``sleep``.
    """
    result = {}
    for name, spec in services.items():
        old = current["services"].get(name) if current and name not in allow_downtime else None
        if old and _keeps_image(old, spec):
            kept = {"settings": {**spec["settings"], "image": old["settings"]["image"]}, "image": old["image"]}
            result[name] = {**spec, **kept, "pinned": old["pinned"]}
        else:
            result[name] = {**spec, "pinned": pinned[spec["image"]]}
    return result


def _keeps_image(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if new["class"] == "pod":
        return bool({**old["settings"], "image": ""} == {**new["settings"], "image": ""})
    return bool(new["class"] == "stateful" and old["image"] == new["image"])


def _find_same_release(home: Home, manifest: Mapping[str, Any]) -> str | None:
    """Return the id of a release on this host, newer than the live one, that is the same. A failed deploy leaves it."""
    for release_id in reversed(home.release_ids()):
        existing = home.manifest(release_id) if release_id > (home.current_id() or "") else None
        same = existing and {**existing, "release": manifest["release"]} == manifest
        if existing and same and not integrity.edited_files(home, existing):
            return release_id
    return None


def later_id(home: Home, release_id: str) -> str:
    """Return *release_id*, with a later time if it is not later than the ids of all releases on this host.

    The order of ids is that of uploads, whatever the clocks of the controllers say.
    """
    newest = max(home.release_ids(), default="")
    if release_id > newest:
        return release_id
    suffix = release_id.rpartition("-")[2]
    try:
        time = datetime.strptime(newest.rpartition("-")[0], _ID_TIME).replace(tzinfo=timezone.utc)
        time += timedelta(seconds=1)
    except (ValueError, OverflowError):
        # Somebody has named a directory. A release must come after it all the same.
        return f"{newest}-{suffix}"
    return f"{time.strftime(_ID_TIME)}-{suffix}"


def _write_mounted_files(home: Home, content: Mapping[str, Any], only_missing: bool = False) -> None:
    """Write the files that services mount, all of them or only those that are missing or have other content."""
    for address, text in content["mounted"].items():
        path = home.files / address
        if path.is_dir() and not path.is_symlink():
            # If a mounted file is missing, the engine creates a directory in its place.
            path.rmdir()
        if not only_missing or not integrity.has_content(home.files, address, digest_of(text)):
            write_text(path, text, 0o755 if address in content["executable"] else 0o644)
        # Containers with other uids read the files of a mounted directory.
        for folder in list(path.relative_to(home.files).parents)[:-2]:
            (home.files / folder).chmod(0o755)


def write_release(home: Home, manifest: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Write the release, let Compose check it, and return its id."""
    home.make_directories()
    incoming = home.releases / f".{manifest['release']}"
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        for name, text in files.items():
            write_text(incoming / name, text, mode_of(name))
        docker.run(["compose", "--profile", "*", "config", "--quiet"], cwd=str(incoming), timeout=60)
        write_text(incoming / MANIFEST, json.dumps(manifest, indent=1) + "\n", mode_of(MANIFEST))
    except DockerError as error:
        shutil.rmtree(incoming)
        raise Refused([f"Compose does not accept the release: {str(error).replace(str(incoming), '')}"]) from None
    except OSError:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    for folder in (incoming, *(path for path in incoming.rglob("*") if path.is_dir())):
        close(folder)
    incoming.rename(home.release(str(manifest["release"])))
    return str(manifest["release"])
