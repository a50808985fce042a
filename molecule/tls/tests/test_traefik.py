"""The same with Traefik instead of nginx. The tests depend on their order, and on those of ``test_tls``."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.support.https import SecureStack, behaves, has_routes_by_name, over_http
from tests.support.long_form import ONLY_LONG
from tests.support.stacks import described

Playbook = Callable[..., Any]
UnderLoad = Callable[..., AbstractContextManager[Callable[[], Any]]]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])


def _with_traefik(**keys: Any) -> dict[str, Any]:
    services = described(INVENTORY, edge={"kind": "traefik", "tls": {"source": "acme"}, **keys})
    return {"stack_services": services}


def test_it_takes_the_place_of_nginx(kiosk: SecureStack, playbook: Playbook) -> None:
    run = playbook("deploy", **_with_traefik(), deploy_allow_downtime=True)
    assert run.code == 0, run.output
    # Traefik has 301 for GET, and 308 for the rest.
    behaves(kiosk, redirect=301)
    assert over_http(kiosk, "/", host="other.example.com") == (421, None)
    has_routes_by_name(kiosk)


def test_replaced_and_revoked_under_load(kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad) -> None:
    before = kiosk.fingerprint()
    with under_load("Traefik, replaced and revoked") as report:
        run = playbook("certificates", **_with_traefik(), certificates_verb="replace", certificates_revoke=True)
    assert run.code == 0, run.output
    assert report().certificates == {before, kiosk.fingerprint()}
    assert before != kiosk.fingerprint()
    assert playbook("deploy", **_with_traefik()).changed == 0


@ONLY_LONG
def test_a_renewal_under_load(kiosk: SecureStack, under_load: UnderLoad) -> None:
    before = kiosk.fingerprint()
    with under_load("Traefik, renewed") as report:
        kiosk.renew()
    assert report().certificates == {before, kiosk.fingerprint()}
    assert before != kiosk.fingerprint()


@ONLY_LONG
def test_a_renewal_and_a_deploy_wait_for_each_other(
    kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad
) -> None:
    more = _with_traefik(memory="640m")
    with under_load("Traefik, renewed while its container is replaced") as report:
        run = kiosk.renewed_during(lambda: playbook("deploy", **more))
    assert run.code == 0, run.output
    assert "edge roll" in run.output
    assert kiosk.fingerprint() in report().certificates
    assert playbook("verify", **more).code == 0


@ONLY_LONG
def test_it_is_closed_and_opened_under_load(kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad) -> None:
    """A deploy while it is closed passes its probes and leaves it closed. No connection is reset."""
    with under_load("Traefik, closed and opened", 200, 503) as report:
        closed = playbook("maintenance", maintenance="on", maintenance_retry_after=77)
        answer = kiosk.get()
        deployed = playbook("deploy", **_with_traefik())
        still = kiosk.get()
        opened = playbook("maintenance", maintenance="off")
    assert [run.code for run in (closed, deployed, opened)] == [0, 0, 0], deployed.output
    assert (answer.status, answer.headers["retry-after"], still.status) == (503, "77", 503)
    assert "edge roll" in deployed.output
    assert set(report().statuses) == {200, 503}
    assert kiosk.get().status == 200
