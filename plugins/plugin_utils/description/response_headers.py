"""Headers that the edge adds to answers, and its Content-Security-Policy, as people write them.

Place in the pipeline: description, under ``schema`` and ``routes``. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import notations

_NAME = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
#: A value as one line of ASCII. ``$`` begins a variable of nginx, and nothing escapes it.
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
#: nginx reads a parameter of up to 4096 bytes.
_MAX_VALUE = 3000
#: What belongs to the message itself, or what the edge says of it.
_OF_THE_MESSAGE = {
    *("connection", "keep-alive", "trailer", "transfer-encoding", "upgrade", "te", "server", "date", "location"),
    *("content-length", "content-encoding", "content-type", "content-range", "etag", "last-modified", "set-cookie"),
    *("www-authenticate", "retry-after", "x-release", "x-request-id"),
}

#: What a page may do unless the application or the description says otherwise. No page that works needs more: a base of
#: another origin and plug-ins are how injected text takes over a page. Who may frame it is in X-Frame-Options, because
#: a browser ignores an application's own X-Frame-Options if the policy says it.
POLICY = {"base-uri": "'self'", "object-src": "'none'"}
#: The directives of CSP level 3, and of Trusted Types.
_DIRECTIVES = (
    *("default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem"),
    *("style-src-attr", "img-src", "font-src", "connect-src", "media-src", "object-src", "frame-src", "child-src"),
    *("worker-src", "manifest-src", "base-uri", "form-action", "frame-ancestors", "sandbox", "report-uri"),
    *("report-to", "upgrade-insecure-requests", "require-trusted-types-for", "trusted-types"),
)
#: Words that a policy has in single quotes. Without them they are names of hosts.
_KEYWORDS = ("self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic", "wasm-unsafe-eval", "report-sample")


def headers(value: object) -> dict[str, str]:
    """Return the values of headers by name; an empty value means that the edge does not add this header.

    :raises ValueError: for the first name or value that the edge cannot send.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is not a mapping of headers to values, such as {{X-Robots-Tag: noindex}}")
    result: dict[str, str] = {}
    for name, text in value.items():
        if not (isinstance(name, str) and _NAME.fullmatch(name) and len(name) <= 100):
            raise ValueError(f"{name!r} is not the name of a header, such as X-Robots-Tag")
        if name.lower() in _OF_THE_MESSAGE:
            raise ValueError(f"{name!r} belongs to the answer itself; remove it and let the application send it")
        if name.lower() in map(str.lower, result):
            raise ValueError(f"{name!r} is there twice; keep one")
        result[name] = _checked(f"{name!r}: ", "" if text is None else text)
    return result


def merged(*levels: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of all levels. A later level counts; a name has the spelling that was first."""
    result: dict[str, str] = {}
    spelling: dict[str, str] = {}
    for level in levels:
        for name, value in level.items():
            result[spelling.setdefault(name.lower(), name)] = value
    return result


def policy(value: object) -> object:
    """Return a Content-Security-Policy as it is written: a text, or sources by directive, ``None`` to leave one out.

    :raises ValueError: for an unknown directive, and for sources that a browser would misread.
    """
    if isinstance(value, str):
        return _checked("", value)
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is neither a policy nor a mapping of directives to sources")
    for directive, sources in value.items():
        if directive not in _DIRECTIVES:
            near = difflib.get_close_matches(str(directive), _DIRECTIVES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"write one such as {_DIRECTIVES[0]!r}"
            raise ValueError(f"{directive!r} is no directive of a Content-Security-Policy; {hint}")
        text = _checked(f"{directive!r}: ", "" if sources is None else sources)
        if found := re.search("[;,]", text):
            raise ValueError(f"{directive!r}: {text!r} contains {found[0]!r}; separate sources by spaces")
        for word in text.split():
            if word in _KEYWORDS:
                raise ValueError(f"{directive!r}: {word} without single quotes is a host; write \"'{word}'\"")
    return value


def policy_text(value: object) -> str:
    """Return the Content-Security-Policy that *value*, as :func:`policy` accepts it, stands for; empty for none."""
    if not isinstance(value, Mapping):
        return str(value or "")
    directives = {**POLICY, **value}
    return "; ".join(f"{name} {sources}".rstrip() for name, sources in directives.items() if sources is not None)


def _checked(where: str, value: object) -> str:
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise ValueError(f"{where}{value!r} is not text; put it in quotes")
    text = str(value)
    if len(text) > _MAX_VALUE:
        raise ValueError(f"{where}{notations.shown(text)} is longer than {_MAX_VALUE} characters")
    if text and ("$" in text or not _VALUE.fullmatch(text)):
        raise ValueError(
            f"{where}{notations.shown(text)} is not one line of printable ASCII without '$' and spaces at its ends"
        )
    return text
