"""Units of systemd for the work of a stack that needs no controller: written, enabled and removed together.

Place in the pipeline: target, by roles that set a timer or watch a file. Files are written completely or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

UNITS = Path("/etc/systemd/system")
#: Runs a command and returns its exit code, its output and its errors, as AnsibleModule.run_command.
Run = Callable[[Sequence[str]], "tuple[int, str, str]"]


class SystemdError(Exception):
    """systemd refuses something. The message is one sentence."""


def runner(module: Any) -> Run:
    """Return what runs commands for a module. :param module: its AnsibleModule."""

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        code, out, err = module.run_command(list(command))
        return int(code), str(out), str(err)

    return run


def apply(texts: Mapping[str, str], run: Run, dry_run: bool) -> list[str]:
    """Write the units that differ, remove those without a text, start timers and paths, and return what was changed.

    :param texts: the text of each unit by its name; empty for a unit that shall not exist.
    :raises SystemdError: if systemd refuses one.
    """
    triggers = {name: bool(text) for name, text in texts.items() if name.endswith((".timer", ".path"))}
    stale = [name for name, wanted in triggers.items() if not wanted and (UNITS / name).exists()]
    if stale and not dry_run:
        systemctl(run, "disable", "--now", *stale)
    written = [name for name, text in texts.items() if _differs(UNITS / name, text)]
    if not dry_run:
        for name in written:
            if texts[name]:
                write_text(UNITS / name, texts[name])
            else:
                (UNITS / name).unlink()
    if written and not dry_run:
        systemctl(run, "daemon-reload")
    enabled = [name for name, wanted in triggers.items() if wanted]
    off = [name for name in enabled if name in written or run(["systemctl", "is-active", "--quiet", name])[0] != 0]
    if off and not dry_run:
        systemctl(run, "enable", *off)
        systemctl(run, "restart", *off)
    return [*written, *(name for name in off if name not in written)]


def systemctl(run: Run, *words: str) -> None:
    """Run systemctl. :raises SystemdError: if it fails."""
    code, _out, err = run(["systemctl", *words])
    if code != 0:
        raise SystemdError(f"systemctl {' '.join(words)}: {err.strip() or f'exit code {code}'}")


def _differs(path: Path, text: str) -> bool:
    """Return whether a file has another text. An empty text is that of a file that does not exist."""
    return (path.read_text(encoding="utf-8") if path.is_file() else "") != text
