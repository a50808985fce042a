# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build the stack's images on the controller and push them; documented in ``plugins/modules/images.py``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.module_utils.engine import image_references
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, inventory, report, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.images import attestations, bake, buildx
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import ResolvedImage
from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import BuildContext, Target
from ansible_collections.slipway.stack.plugins.plugin_utils.images.build_progress import Event, Progress
from ansible_collections.slipway.stack.plugins.plugin_utils.images.buildx import BuildError
from ansible_collections.slipway.stack.plugins.plugin_utils.images.git_revision import revision

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.images``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "images")
        base = inventory.base_directory(task_vars)
        push = bool(given["push"])
        registries = {str(host): str(other) for host, other in given["push_registries"].items()} if push else {}
        try:
            stack = inventory.without_secrets(given, base)
            targets = bake.targets(stack, _build_contexts(stack, base), registries)
            if not targets and not any(image_references.is_local_only(one.image) for one in stack.services.values()):
                raise ValueError(f"no service of {stack.name} has a key 'build', so there is no image to build")
            if not targets:
                # The next task of the role sends images that have no registry.
                return {**result, "changed": False, "images": [], "msg": f"no service of {stack.name} has a 'build'"}
            buildx.require()
            before = _resolve(targets, push)
            attested, without = _attested(targets, push, before, given)
            if without:
                terminal.show(f"images of {stack.name} without attestations: {without}")
            if self._task.check_mode:
                buildx.check(bake.document(targets, attested))
                # Only a build shows whether an image would change.
                after = before
            else:
                for pushed, some in _by_destination(targets, push).items():
                    _build(some, pushed, attested, given["sbom_generator"])
                after = _resolve(targets, push)
                _keep_unchanged([one for one in targets if one.name in attested], before, after)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        except BuildError as error:
            if error.lines:
                terminal.show("\n".join(error.lines))
            raise AnsibleActionFail(str(error)) from None
        images = [_outcome(target, before, after) for target in targets]
        result.update(changed=any(image["changed"] for image in images), images=images)
        heading = f"images of {stack.name}{' that would be built' if self._task.check_mode else ''}:"
        terminal.show("\n".join([heading, *(f"  {line}" for line in report.table(map(_line, images)))]))
        return result


def _build_contexts(stack: Stack, base: Path) -> dict[str, BuildContext]:
    """Return the build contexts, by how the description writes them; relative paths start from *base*.

    :raises ValueError: naming service, key and path, for a context or a Dockerfile that does not exist.
    """
    found = {}
    for service in stack.services.values():
        if service.build is None:
            continue
        path = (base / service.build.context).resolve()
        if not path.is_dir():
            raise ValueError(f"service {service.name!r}: key 'build.context': {path} is not a directory")
        if not (path / service.build.dockerfile).is_file():
            missing = path / service.build.dockerfile
            raise ValueError(f"service {service.name!r}: key 'build.dockerfile': {missing} is not a file")
        if service.build.context not in found:
            found[service.build.context] = BuildContext(str(path), revision(path))
    return found


def _by_destination(targets: list[Target], push: bool) -> dict[bool, list[Target]]:
    """Return the targets by whether they are pushed: an image without a registry stays on this machine."""
    result: dict[bool, list[Target]] = {}
    for target in targets:
        result.setdefault(push and not image_references.is_local_only(target.image), []).append(target)
    return result


def _resolve(targets: list[Target], push: bool) -> dict[str, ResolvedImage | None]:
    found: dict[str, ResolvedImage | None] = {}
    for pushed, some in _by_destination(targets, push).items():
        found.update(buildx.resolve([tag for target in some for tag in target.tags], pushed))
    return found


def _attested(
    targets: list[Target], push: bool, before: Mapping[str, ResolvedImage | None], given: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, ...]], str]:
    """Return the attestations by target, and a message why other targets have none.

    :param before: what the tags resolve to, see :func:`_resolve`.
    """
    if not given["attestations"]:
        return {}, ""
    pushed = _by_destination(targets, push).get(True, [])
    try:
        reason = attestations.unsupported_reason(*buildx.builder()) if pushed else ""
    except BuildError as error:
        reason = str(error)
    if reason:
        return {}, reason
    found, without = {}, []
    for target in targets:
        if target not in pushed:
            without.append(f"{target.name} is not pushed, and attestations are read from registries only")
        elif any(image and not image.images for image in map(before.get, target.tags)):
            # After the push an unchanged image could not be recognized.
            without.append(
                f"buildx cannot query {image_references.registry_host(target.tags[0])} itself for {target.name}"
            )
        else:
            found[target.name] = attestations.for_target(target, given["attestations"], given["sbom_generator"])
    return found, "; ".join(without)


def _keep_unchanged(
    targets: list[Target], before: Mapping[str, ResolvedImage | None], after: dict[str, ResolvedImage | None]
) -> None:
    """Point the tags of unchanged images to what they resolved to before, with the attestations of that time.

    With their new digest a deploy would replace containers although nothing has changed.
    """
    for target in targets:
        now = after[target.tags[0]]
        previous = attestations.unchanged(target.tags, before, now) if now else None
        if previous and buildx.retag(target.tags, previous):
            after.update(dict.fromkeys(target.tags, previous))


def _build(targets: list[Target], push: bool, attested: Mapping[str, tuple[str, ...]], generator: str) -> None:
    progress = Progress(targets, push)

    def on_line(line: str) -> None:
        display.vv(line)
        event = progress.read(line, time.monotonic())
        if event:
            _show(event, push)

    try:
        buildx.build(bake.document(targets, attested), push, on_line)
    except BuildError as error:
        where = f"service {progress.failed!r}: key 'build': " if progress.failed else ""
        hint = attestations.generator_hint(str(error), generator) if attested else ""
        raise BuildError(f"{where}{error}{hint}", error.lines) from None
    for event in progress.finish():
        _show(event, push)


def _show(event: Event, push: bool) -> None:
    done = f"{'built and pushed' if push else 'built'} in {event.seconds:.1f} s" if event.ended else "building"
    terminal.show(f"{event.target:<12}  {done}")


def _outcome(
    target: Target, before: Mapping[str, ResolvedImage | None], after: Mapping[str, ResolvedImage | None]
) -> dict[str, Any]:
    now = {tag: image.digest if image else None for tag, image in after.items()}
    then = {tag: image.digest if image else None for tag, image in before.items()}
    return {
        "name": target.name,
        "image": target.image,
        "tags": list(target.tags),
        "digest": now[target.tags[0]] or "",
        "changed": any(now[tag] is None or then[tag] != now[tag] for tag in target.tags),
    }


def _line(image: Mapping[str, Any]) -> tuple[str, str, str, str]:
    # Docker shows twelve digits too.
    digest = image["digest"].removeprefix("sha256:")[:12]
    return image["name"], "changed" if image["changed"] else "unchanged", image["tags"][0], digest or "not there yet"
