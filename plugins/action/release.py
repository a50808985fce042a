# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Render a release and upload it: an adapter over ``plugin_utils``, and one call of ``_upload_release``."""

from __future__ import annotations

import base64
import datetime
import json
import os
import subprocess
import zlib
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    inventory,
    module_call,
    other_environments,
    placement,
    release_id,
    report,
    shares,
    terminal,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_sources, units
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Share
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import exported_variables, release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import Review
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import from_document
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.release``; documented in ``plugins/modules/release.py``."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "release")
        base = inventory.base_directory(task_vars)
        try:
            self._check_rollout(given["secrets"], task_vars)
            share = self._share(given, base, task_vars)
            bundle = inventory.bundle_of(given, base, share)
            min_free = units.parse_size(str(given["min_free"]))
            notes = (
                "\n".join(report.note_lines(bundle.stack, bundle.notes, display.verbosity > 0)) if bundle.notes else ""
            )
            review = self._check_policy(bundle, share, given, base, task_vars, notes)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        content = {**bundle.content(), "elsewhere": dict(share.data), "moved_data": given["moved_data"]}
        content["shared_secrets"] = sorted(share.shared)
        content["edge_elsewhere"] = share.edge_is_elsewhere
        content["findings"] = release_check.recorded(review)
        answer = self._execute_module(
            module_name="slipway.stack._upload_release",
            module_args={
                "bundle": base64.b64encode(zlib.compress(json.dumps(content).encode(), 9)).decode(),
                "secrets": json.dumps(bundle.secrets()),
                "release_id": release_id.new(self._task._uuid),
                "origin": {"owner": module_call.owner(), "version": str(given["version"]), "commit": _commit(base)},
                "min_free": min_free,
                "allow_downtime": given["allow_downtime"],
                "changed_in_data": given["changed_in_data"],
                "data_upgrade": given["data_upgrade"],
            },
            task_vars=module_call.prepare(self, task_vars),
        )
        result.update(answer)
        if notes and (result.get("failed") or result["changed"]) and _is_first_host(task_vars):
            terminal.show(notes)
        if not result.get("failed"):
            host = task_vars.get("inventory_hostname", "")
            result["tls"] = bundle.tls.get("source", "")
            result["stage"], result["stages"] = share.stage, share.stages
            result["notes"] = {name: list(lines) for name, lines in bundle.notes.items()}
            terminal.show("\n".join(report.release_lines(host, bundle.stack, result)))
        return result

    def _check_rollout(self, secrets: Any, task_vars: dict[str, Any]) -> None:
        """Check the hooks and the canary of the rollout, before anything changes.

        :raises ValueError: for one that cannot be.
        """
        # Ansible compiles what a play imports in every run, and most stacks have neither.
        if trial := self._templar.template(task_vars.get("deploy_canary")):
            from ansible_collections.slipway.stack.plugins.plugin_utils.controller import canary

            seconds = int(self._templar.template(task_vars.get("deploy_timeout", 3600)))
            waits = int(self._templar.template(task_vars.get("deploy_barrier_timeout", 900)))
            canary.read(trial, seconds, waits if len(task_vars.get("ansible_play_hosts", [])) > 1 else None)
        if task_vars.get("deploy_hooks", []) == []:
            return
        from ansible_collections.slipway.stack.plugins.plugin_utils.controller import deploy_hooks

        hooks = self._templar.template(task_vars["deploy_hooks"])
        limit = self._templar.template(task_vars.get("deploy_barrier_timeout", 900))
        deploy_hooks.read(hooks, float(limit), secret_sources.read(secrets))

    @staticmethod
    def _share(given: dict[str, Any], base: Path, task_vars: dict[str, Any]) -> Share:
        """Return what this host has of the stack. :raises ValueError: for a part of the hosts of a placed stack."""
        place = placement.of(task_vars, given)
        problem = placement.left_out(task_vars, place)
        if problem:
            raise ValueError(problem)
        return shares.of(task_vars, given, base, place)

    def _check_policy(
        self, bundle: Bundle, share: Share, given: dict[str, Any], base: Path, task_vars: dict[str, Any], notes: str
    ) -> Review:
        """Show the findings of the policy, and return them.

        :param notes: what is shown about a team's Compose files, also if the policy stops the deploy.
        :raises ValueError: with all findings, if they stop the deploy.
        """
        others = other_environments.read_environments(
            given["policy_environments"],
            bundle.environment,
            base,
            str(task_vars.get("stack_hosts") or "stack"),
            str(task_vars.get("playbook_dir") or ""),
        )
        document = inventory.compose_files_as_written(given, base)
        written = release_check.Written(from_document(document), f"{base}/") if document else None
        exported = exported_variables.notes(document, os.environ) if document else []
        found = release_check.check(
            release_check.stack(
                bundle.documents,
                bundle.variables(),
                given["services"],
                str(given["version"]),
                given["secrets"],
                share.elsewhere,
                share.address,
            ),
            bundle.environment,
            given["policy_level"],
            given["policy_exceptions"],
            datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            others.stacks,
            written,
        )
        if found.failing:
            if notes and _is_first_host(task_vars):
                terminal.show(notes)
            raise ValueError(release_check.failure_text(found, verbose=display.verbosity > 0))
        remarks = release_check.report_lines(found, [*others.notes, *exported], verbose=display.verbosity > 0)
        # Every host of the play gets the same release, so the remarks are shown once.
        if remarks and _is_first_host(task_vars):
            terminal.show("\n".join(remarks))
        return found


def _is_first_host(task_vars: dict[str, Any]) -> bool:
    """Return whether this is the first host of the play; what is the same for all hosts is shown for it only."""
    return task_vars.get("inventory_hostname") in (task_vars.get("ansible_play_hosts") or [None])[:1]


def _commit(base: Path) -> str:
    """Return the commit of the working copy that contains the inventory; empty if there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=base, capture_output=True, text=True, timeout=5, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
