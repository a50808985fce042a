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
from ansible_collections.slipway.stack.plugins.module_utils import docker
from ansible_collections.slipway.stack.plugins.plugin_utils import bake, buildx, inventory, report
from ansible_collections.slipway.stack.plugins.plugin_utils.bake import Source, Target
from ansible_collections.slipway.stack.plugins.plugin_utils.buildx import BuildError
from ansible_collections.slipway.stack.plugins.plugin_utils.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.progress import Event, Progress
from ansible_collections.slipway.stack.plugins.plugin_utils.revision import revision

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.images``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            {
                **inventory.SERVICE_ARGUMENTS,
                "push": {"type": "bool", "default": True},
                "push_registries": {"type": "dict", "default": {}},
            }
        )
        base = inventory.base_directory(task_vars)
        push = bool(arguments["push"])
        registries = {str(host): str(other) for host, other in arguments["push_registries"].items()} if push else {}
        try:
            stack = inventory.without_secrets(arguments, base)
            targets = bake.targets(stack, _sources(stack, base), registries)
            if not targets:
                return {**result, "changed": False, "images": [], "msg": f"no service of {stack.name} has a 'build'"}
            buildx.require()
            before = _digests(targets, push)
            if self._task.check_mode:
                buildx.check(bake.document(targets))
                # Only building tells whether an image that is there would become another.
                after = before
            else:
                for pushed, some in _by_destination(targets, push).items():
                    _build(some, pushed)
                after = _digests(targets, push)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        except BuildError as error:
            if error.lines:
                display.display("\n".join(error.lines))
            raise AnsibleActionFail(str(error)) from None
        images = [_outcome(target, before, after) for target in targets]
        result.update(changed=any(image["changed"] for image in images), images=images)
        heading = f"images of {stack.name}{' that would be built' if self._task.check_mode else ''}:"
        display.display("\n".join([heading, *(f"  {line}" for line in report.table(map(_line, images)))]))
        return result


def _sources(stack: Stack, base: Path) -> dict[str, Source]:
    """Return where each build context is, by how the description writes it; relative ones start at *base*.

    :raises ValueError: naming service, key and path, for a context or a Dockerfile that is not there.
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
            found[service.build.context] = Source(str(path), revision(path))
    return found


def _by_destination(targets: list[Target], push: bool) -> dict[bool, list[Target]]:
    """Return the targets by whether they are pushed: what has no registry stays on this machine."""
    result: dict[bool, list[Target]] = {}
    for one in targets:
        result.setdefault(push and not docker.has_no_registry(one.image), []).append(one)
    return result


def _digests(targets: list[Target], push: bool) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for pushed, some in _by_destination(targets, push).items():
        found.update(buildx.digests([tag for one in some for tag in one.tags], pushed))
    return found


def _build(targets: list[Target], push: bool) -> None:
    progress = Progress(targets, push)

    def told(line: str) -> None:
        display.vv(line)
        event = progress.read(line, time.monotonic())
        if event:
            _show(event, push)

    try:
        buildx.build(bake.document(targets), push, told)
    except BuildError as error:
        where = f"service {progress.failed!r}: key 'build': " if progress.failed else ""
        raise BuildError(f"{where}{error}", error.lines) from None
    for event in progress.finish():
        _show(event, push)


def _show(event: Event, push: bool) -> None:
    done = f"{'built and pushed' if push else 'built'} in {event.seconds:.1f} s" if event.ended else "building"
    display.display(f"{event.target:<12}  {done}")


def _outcome(target: Target, before: Mapping[str, str | None], after: Mapping[str, str | None]) -> dict[str, Any]:
    return {
        "name": target.name,
        "image": target.image,
        "tags": list(target.tags),
        "digest": after[target.tags[0]] or "",
        "changed": any(after[tag] is None or before[tag] != after[tag] for tag in target.tags),
    }


def _line(image: Mapping[str, Any]) -> tuple[str, str, str, str]:
    # Twelve digits, as docker itself shows a digest.
    digest = image["digest"].removeprefix("sha256:")[:12]
    return image["name"], "changed" if image["changed"] else "unchanged", image["tags"][0], digest or "not there yet"
