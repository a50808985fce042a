"""A release on the host: what arrives is compared with what is live, checked, and laid down beside it.

Place in the pipeline: target, ship. Nothing that runs is touched here, and nothing is written unless every check holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check, image_digests
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss, file_diff, preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan, without_new_services
from ansible_collections.slipway.stack.plugins.module_utils.state import transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import (
    MANIFEST,
    SHARED_SECTIONS,
    Home,
    write_text,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

IMAGES = "compose.images.yaml"
#: Seconds that a live release gets to prove itself before it counts as in need of a rollout.
_PATIENCE = 5.0


class Refused(Exception):
    """The host cannot take the release. The message has all the reasons, a sentence and a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Shipped:
    """What came of it: ``release`` is the id to roll out, or the live one where ``changed`` is false.

    ``plan`` has an entry for each service (see ``plan.plan``), ``diff`` the texts before and after by file,
    ``services`` the state of each where the release was live already and has just been verified.
    """

    changed: bool
    release: str
    plan: list[dict[str, Any]]
    diff: list[dict[str, str]]
    services: list[dict[str, str]] = field(default_factory=list)


def ship(
    content: Mapping[str, Any],
    sources: Mapping[str, Mapping[str, Any]],
    release_id: str,
    origin: Mapping[str, str],
    min_free: int,
    allow_downtime: list[str],
    dry: bool,
) -> Shipped:
    """Bring a release onto this host, unless it is live already and everything runs as it says.

    :param content: the bundle's content (``plugin_utils/rendering/bundle.py``).
    :param sources: the secrets' sources by name.
    :param release_id: the name for a new release, ``YYYYmmddTHHMMSSZ-DIGEST8``.
    :param origin: who deploys what, for the record: ``owner``, ``version``, ``commit``.
    :param min_free: bytes that must be free on the host's disks.
    :param allow_downtime: data services that may be down while they are replaced.
    :param dry: only tell what would be done.
    :raises Refused: when a check fails; nothing has been written then.
    """
    # Whatever the login's umask is: containers of other uids read the files and go through the directories.
    os.umask(0o022)
    home = Home(content["home"])
    current_id = home.current_id()
    current = home.manifest(current_id)
    # A dry look first: not even a secret is written before every check has passed.
    addresses = SecretStore(home.path, dry_run=True).addresses(content["secret_files"], sources)
    same = current and current["digest"] == content["digest"] and current["addresses"] == addresses
    if current and current_id and same and not _sent_anew(current["services"]):
        if not dry:
            # What somebody removed is missing at a container's next start at the latest.
            SecretStore(home.path).addresses(content["secret_files"], sources)
            _lay_mounted(home, content, missing=True)
        found = verify(current, _PATIENCE)
        entries = plan(current, current, found.running, edge_changed=False)
        unchanged = not found.problems and not home.transaction.exists()
        return Shipped(not unchanged, current_id, entries, [], found.services)

    running = health_check.by_service(docker.containers(content["stack"]))
    pinned, problems = image_digests.resolve_images(content["services"], current)
    problems += preflight.check_ports(content["services"], running)
    problems += preflight.check_disk({"images": preflight.data_root(), "releases": str(home.path)}, min_free)
    problems += preflight.check_data(content["services"], content["stack"])
    if problems:
        raise Refused(problems)
    services = _pinned(content["services"], pinned, current, allow_downtime)
    manifest = _manifest(content, release_id, origin, addresses, services)
    old_files = file_diff.release_files(home.release(current_id), current["files"]) if current and current_id else {}
    edge_changed = _of_the_edge(old_files) != _of_the_edge(content["files"])
    begun = transaction.load(home.transaction)
    planned = plan(current, manifest, without_new_services(begun, running), edge_changed)
    new_files = _rendered(content, manifest)
    there = _there(home, manifest)
    problems = data_loss.refusals(planned, current, manifest, running, allow_downtime)
    # What broke off is undone first, and has another say on who has which port.
    problems += preflight.check_moved_ports(planned, current, manifest, running) if begun is None else []
    problems += _out_of_order(home, release_id) if not dry and there is None else []
    if problems:
        raise Refused(problems)
    if not dry:
        manifest["addresses"] = SecretStore(home.path).addresses(content["secret_files"], sources)
        new_files = _rendered(content, manifest)
        _lay_mounted(home, content, missing=there is not None)
        release_id = there or _write(home, manifest, new_files)
    new_files.update(file_diff.mounted_texts(home, manifest, content["mounted"]))
    if current:
        old_files.update(file_diff.mounted_texts(home, current, {}))
    return Shipped(True, release_id, planned, file_diff.diff(old_files, new_files))


def _sent_anew(services: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether another image was sent here, or built here, since under a reference that no registry had.

    A registry is not asked where the description is the same; what is on this host costs nothing to look at.
    """
    for spec in services.values():
        # A data service keeps the image that it has.
        if spec["pinned"].startswith("sha256:") and spec["class"] not in ("stateful", "pod"):
            record = docker.local_image(spec["image"])
            if record and record["Id"] != spec["pinned"]:
                return True
    return False


def _of_the_edge(files: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if name.startswith("edge/")}


def _pinned(
    services: Mapping[str, Mapping[str, Any]],
    pinned: Mapping[str, str],
    current: Mapping[str, Any] | None,
    allow_downtime: list[str],
) -> dict[str, dict[str, Any]]:
    """Return the services with the digest that each runs.

    A data service keeps the one it has for as long as its reference stays: a tag that moved in the registry is no
    reason to stop a database. A pod keeps its image for as long as the rest of its definition stays: any can sleep.
    """
    result = {}
    for name, spec in services.items():
        before = current["services"].get(name) if current and name not in allow_downtime else None
        if before and _keeps_image(before, spec):
            kept = {"settings": {**spec["settings"], "image": before["settings"]["image"]}, "image": before["image"]}
            result[name] = {**spec, **kept, "pinned": before["pinned"]}
        else:
            result[name] = {**spec, "pinned": pinned[spec["image"]]}
    return result


def _keeps_image(before: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    if spec["class"] == "pod":
        return bool({**before["settings"], "image": ""} == {**spec["settings"], "image": ""})
    return bool(spec["class"] == "stateful" and before["image"] == spec["image"])


def _manifest(
    content: Mapping[str, Any],
    release_id: str,
    origin: Mapping[str, str],
    addresses: Mapping[str, str],
    services: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    return {
        "release": release_id,
        "stack": content["stack"],
        "environment": content["environment"],
        "domain": content["domain"],
        "digest": content["digest"],
        **origin,
        "services": dict(services),
        **{section: content[section] for section in SHARED_SECTIONS},
        "probes": content["probes"],
        "upstreams": content["upstreams"],
        "assets": content["assets"],
        "addresses": dict(addresses),
        "mounted": sorted({address.split("/", 1)[0] for address in content["mounted"]}),
    }


def _rendered(content: Mapping[str, Any], manifest: dict[str, Any]) -> dict[str, str]:
    """Return the release's files, completed by what only the host knows: addresses of secrets, digests of images.

    The *manifest* gets their digests.
    """
    files = dict(content["files"])
    files[".env"] += "".join(f'{name}="{address}"\n' for name, address in manifest["addresses"].items())
    files[IMAGES] = _images(manifest)
    manifest["files"] = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    return files


def _images(manifest: Mapping[str, Any]) -> str:
    # JSON strings are YAML; the target has no YAML library.
    lines = ["# The images of this release by digest, as the registry answered when it was shipped.", "services:"]
    for name, spec in manifest["services"].items():
        for service in [name] + ([spec["release"]] if spec["release"] else []):
            lines += [f"  {service}:", f"    image: {json.dumps(spec['pinned'])}  # {spec['image']}"]
    return "\n".join(lines) + "\n"


def _there(home: Home, manifest: Mapping[str, Any]) -> str | None:
    """Return the id of a release that is here already, from an attempt that failed, and is to be taken again."""
    for release_id in reversed(home.release_ids()):
        found = home.manifest(release_id) if release_id > (home.current_id() or "") else None
        if found and {**found, "release": manifest["release"]} == manifest:
            return release_id
    return None


def _out_of_order(home: Home, release_id: str) -> list[str]:
    """Return a sentence where a new release would count as older than one that is here: as a way back."""
    newest = max(home.release_ids(), default="")
    if release_id > newest:
        return []
    return [
        (
            f"release {release_id} is new, but by its time not later than {newest}, which is on this host: the clock "
            f"of the controller is behind that of the last deploy; set it right and run again (where the other was "
            f"ahead, go back to a release before it with playbooks/rollback.yml, and remove {home.release(newest)})"
        )
    ]


def _lay_mounted(home: Home, content: Mapping[str, Any], missing: bool = False) -> None:
    """Write the files that services have mounted, or only those that are *missing*."""
    for address, text in content["mounted"].items():
        path = home.files / address
        if path.is_dir():
            # The engine makes one where the file is missing that a container is to have.
            path.rmdir()
        if not missing or not path.is_file():
            write_text(path, text, 0o755 if address in content["executable"] else 0o644)


def _write(home: Home, manifest: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Lay the release down and return its id."""
    home.state.mkdir(parents=True, exist_ok=True)
    incoming = home.releases / f".{manifest['release']}"
    shutil.rmtree(incoming, ignore_errors=True)
    for name, text in files.items():
        write_text(incoming / name, text)
    try:
        docker.run(["compose", "--profile", "*", "config", "--quiet"], cwd=str(incoming), timeout=60)
    except DockerError as error:
        shutil.rmtree(incoming)
        raise Refused([f"Compose does not accept the release: {str(error).replace(str(incoming), '')}"]) from None
    write_text(incoming / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    incoming.rename(home.release(str(manifest["release"])))
    return str(manifest["release"])
