"""Where the services that are saved continuously stand: what was not received yet, and how far back a restore can go.

Place in the pipeline: target, read-only, for the status and the verification. It asks the servers that run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    chains,
    containers,
    continuous,
    moments,
    sending,
    settings,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.sending import Sent
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_MIB = 1024**2
#: The repository may be late by two tries that failed, and the time that they took.
_LATE_TIMES = 3
_LATE_SECONDS = 600.0


def standing(home: Home, stack: str, now: float) -> list[dict[str, Any]]:
    """Return where each service of the live release stands that is saved continuously, as plain values.

    ``service``; ``state``: ``receiving``, else what the server says of its slot: ``lost`` if it has removed WAL that
    nobody received; empty without a slot; ``problem``: why the server cannot be asked; ``lag_bytes``: WAL that was not
    received yet; ``lag_seconds``: for how long, 0 if nothing is missing; ``from``, ``base``: the first moment that a
    restore can go back to, and the end of the newest base backup, in seconds of the epoch, ``None`` without one;
    ``gaps``: how often WAL was lost between base backups. ``sent_until``: the moment up to which the repository has the
    WAL of all services, 0 for none, ``None`` if it is not sent every few minutes; ``sent_is_late``: whether that is too
    long ago; ``sent_problem``: why the last try to send it failed.

    :param now: seconds of the epoch.
    """
    sent = _sent(home, now)
    return [
        {**_of_service(home, stack, name, scripts, now), **sent} for name, scripts in continuous.wanted(home).items()
    ]


def problems(states: Sequence[Mapping[str, Any]], limit: float) -> list[str]:
    """Return a sentence for each reason not to rely on a restore to any second. Pure.

    :param states: what :func:`standing` returned. :param limit: seconds that WAL may be late.
    """
    result = []
    if states and states[0]["sent_is_late"]:
        # It is the same of all services.
        until, reason = states[0]["sent_until"], states[0]["sent_problem"]
        text = f"WAL since {moments.show(until)} is" if until else "WAL and base backups are"
        result.append(f"{text} not in the repository, and would be lost with this host{': ' if reason else ''}{reason}")
    for state in states:
        where = f"service '{state['service']}'"
        missing = f"{state['lag_bytes'] / _MIB:.1f} MiB of its WAL are missing"
        if state["problem"]:
            result.append(f"{where}: whether its WAL is received is not known: {state['problem']}")
        elif not state["state"]:
            result.append(f"{where}: its WAL is not received; playbooks/backup.yml starts that")
        elif state["state"] == "lost":
            result.append(f"{where}: WAL was lost while nobody received it; see journalctl --unit slipway-wal-*")
        elif state["lag_seconds"] > limit and state["state"] == "receiving":
            result.append(f"{where}: {missing} for {state['lag_seconds']:.0f} s, and the limit is {limit:g} s")
        elif state["lag_seconds"] > limit:
            result.append(f"{where}: nobody has received its WAL for {state['lag_seconds']:.0f} s; {missing}")
        if state["base"] is None:
            result.append(f"{where} has no base backup yet, so it cannot be restored to any second")
    return result


def _sent(home: Home, now: float) -> dict[str, Any]:
    found = settings.read(home).value
    if found is None or not found.repository or not found.continuous_send_every:
        return {"sent_until": None, "sent_is_late": False, "sent_problem": ""}
    sent = sending.read(home)
    value = sent.value or Sent(0.0, sent.problem)
    limit = _LATE_TIMES * found.continuous_send_every + _LATE_SECONDS
    return {"sent_until": value.until, "sent_is_late": now - value.until > limit, "sent_problem": value.problem}


def _of_service(home: Home, stack: str, service: str, scripts: Mapping[str, str], now: float) -> dict[str, Any]:
    present = chains.of_service(home, service)
    bases = [base for chain in present for base in chain.bases()]
    about: dict[str, str] = {}
    problem = ""
    try:
        about = continuous.about_lag(containers.running(stack, service), scripts, service)
        missing = max(0, int(about.get("bytes", 0)))
        # Servers before Postgres 17 do not say since when nobody receives.
        late = float(about.get("seconds") or (now - present[-1].received_at() if present else 0.0))
    except (RolloutFailed, DockerError, ValueError, OSError) as error:
        problem, missing, late = str(error), 0, 0.0
    if about.get("state") == "receiving" and not missing:
        late = 0.0
    return {
        "service": service,
        "state": about.get("state", ""),
        "problem": problem,
        "lag_bytes": missing,
        "lag_seconds": max(0.0, late),
        "from": min((base.finished_at for base in bases), default=None),
        "base": max((base.finished_at for base in bases), default=None),
        "gaps": max(0, sum(1 for chain in present if chain.bases()) - 1),
    }
