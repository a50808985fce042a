"""Where the certificate of a stack stands: names, issuer, days left, and why the last renewal failed.

Place in the pipeline: target, read-only, for the status and the verification.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.certificates import work
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import day, uncovered
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import tls_of
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_DAY = 86400.0


def standing(home: Home, manifest: Mapping[str, Any] | None, now: float) -> dict[str, Any] | None:
    """Return where the certificate stands, as plain values; ``None`` without HTTPS.

    ``source``: that of the certificate in use, ``moment`` for one that only fills the time, empty without one.
    ``wanted``: the source that the release names. ``names``, ``issuer``. ``not_after``: seconds of the epoch, 0
    without one. ``days``: the days left, negative for an expired one. ``missing``: names of the stack that it is not
    for. ``problem``: why the last try to get or renew it failed, empty if it did not.

    :param manifest: that of the live release. :param now: seconds of the epoch.
    """
    if manifest is None or not tls_of(manifest):
        return None
    found, last = certificate_files.current(home), work.last(home)
    names = list(tls_of(manifest)["names"])
    about = found.about if found else None
    return {
        "source": about.source if about else "",
        "wanted": tls_of(manifest)["source"],
        "names": list(about.names) if about else [],
        "issuer": about.issuer if about else "",
        "not_after": about.not_after if about else 0,
        "days": int((about.not_after - now) // _DAY) if about else 0,
        "missing": uncovered(names, about.names) if about else names,
        "problem": last.problem if last else "",
    }


def problems(state: Mapping[str, Any] | None, margin: int) -> list[str]:
    """Return a sentence for each reason not to rely on a certificate. Pure.

    :param state: what :func:`standing` returned. :param margin: days that it has to be valid still.
    """
    if state is None:
        return []
    why = f"; the last try failed: {state['problem']}" if state["problem"] else ""
    if not state["source"]:
        return [f"the edge has no certificate{why}"]
    if state["source"] != state["wanted"]:
        in_use = "one that nobody trusts" if state["source"] == "moment" else f"one of the source '{state['source']}'"
        remedy = why or "; playbooks/certificates.yml gets it"
        return [f"the certificate in use is {in_use}, and not of the source '{state['wanted']}'{remedy}"]
    result = []
    if state["days"] < margin:
        left = f"has {state['days']} days left" if state["days"] >= 0 else "has expired"
        result.append(f"the certificate {left} (until {day(state['not_after'])}), and the margin is {margin}{why}")
    if state["missing"]:
        result.append(f"the certificate is not for {', '.join(state['missing'])}{why}")
    return result
