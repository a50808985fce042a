"""Values that stand where a secret should be: from an example, a template or a default that everybody knows. Pure.

Place in the pipeline: check, for the rule about placeholders.
"""

from __future__ import annotations

import re

from .secret_shapes import URL_WITH_PASSWORD

#: What templates, examples and documentation put there. Between the words is `-`, `_`, a blank, a dot, or nothing.
_PLACEHOLDER = re.compile(
    r"(?:please|you|must|to|be|s|\W|_)*(?:"
    r"changed?[\W_]*(?:this|that|me|it|now|please|later|soon|before|in|for|by|the|your|value|password|secret|key|token|m3)?"
    r"(?![a-z]).*"
    r"|(?:change|replace|insert|enter|put|fill|set|add|update|edit|use|provide|generate)[\W_]*"
    r"(?:this|me|with|your|in|here|a|an|own|real|some)(?![a-z]).*"
    r"|changethis|changeme|changeit|replaceme|setme|fillme|fixme|editme"
    r"|your[\W_].*|your(?:secret|password|token|key|api).*"
    r"|my[\W_]*(?:super[\W_]*)?(?:secret|password|token|key|api)[\W_]?.*"
    r"|.*[\W_](?:here|placeholder|goes[\W_]?here|changeme|change[\W_]?me|change[\W_]?this|replace[\W_]?me)"
    r"|place[\W_]?holder.*|todo|tbd|example.*|sample.*|dummy.*|fake.*|redacted|insecure.*|unsafe.*|not[\W_]?(?:a|so|very)?"
    r"[\W_]?(?:real[\W_]?)?secret.*|(?:super|very|top)[\W_]*secret.*|(?:some|a|the)[\W_].*(?:secret|password|key|token|string|value)[\W_\d]*"
    r"|<.*>|\[.*\]|\{\{.*\}\}|%.*%|__.*__|x{3,}|\*{3,}|\.{3,}|-{3,}|_{3,}|\?{3,}|0{4,}"
    r")",
    re.IGNORECASE,
)
#: Passwords that everybody tries first: defaults of images, and words.
_WORDS = """
password passwort passw0rd p@ssw0rd p@ssword pass password1 password123 secret secret123 secretkey secret_key secret-key
supersecret supersecretkey admin admin123 administrator root toor test test123 testing tests guest user default demo dev
development local letmein qwerty qwerty123 abc123 123 1234 12345 123456 1234567 12345678 123456789 1234567890 foo bar
foobar foobarbaz hello postgres postgresql mysql mariadb mongo mongodb redis rabbitmq rabbit minio minioadmin minio123
elastic grafana neo4j django laravel wordpress nextcloud keycloak airflow superset token apikey api_key api-key key xxx
none-yet temp temporary keyboardcat
"""
_KNOWN = frozenset(_WORDS.split())


#: A placeholder that is shown. With digits and signs, it may be the secret of somebody.
_SHOWN = re.compile(r"[A-Za-z _<>-]{1,40}")


def shown(found: str) -> str:
    """Return a placeholder for a message."""
    return f"the placeholder {found!r}" if _SHOWN.fullmatch(found) else "a placeholder"


def placeholder(text: str) -> str:
    """Return the placeholder that a secret is, or that is the password in a URL; an empty text if it is none."""
    for value in (text, *(match[1] for match in URL_WITH_PASSWORD.finditer(text[:4000]))):
        stripped = value.strip().strip("\"'")
        if len(stripped) <= 100 and (stripped.lower() in _KNOWN or _PLACEHOLDER.fullmatch(stripped)):
            return stripped
    return ""
