"""Where a secret of a repository comes from in production: the server makes it, or somebody else has issued it.

Place in the pipeline: project. Pure. A value that the repository has is never used: everybody who sees it knows it.
"""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import variable

#: What only the services of the stack have to agree on.
_OWN = re.compile(
    r"(?:.*_)?(?:SECRET_KEY|APP_SECRET|SECRET_KEY_BASE"
    r"|(?:JWT|SESSION|COOKIE|CSRF|AUTH|NEXTAUTH|HASH)_?(?:SECRET|KEY|SALT)"
    r"|SIGNING_(?:SECRET|KEY)|PASSWORD_SALT|SALT|PEPPER|INTERNAL_(?:TOKEN|API_KEY|SECRET)|(?:SUPER)?USER_PASSWORD"
    r"|(?:FIRST_)?(?:SUPERUSER|ADMIN)_(?:PASSWORD|PASS|PW)|(?:ADMIN_)?INITIAL_PASSWORD)(?:_KEY)?",
    re.IGNORECASE,
)
#: What has a form that only its program can make, or is one half of a pair.
_OF_A_FORM = re.compile(
    r"FERNET|ENCRYPTION|ENCRYPT|MASTER_KEY|APP_KEY$|PRIVATE|BASE64|B64|HEX|AES|VAPID", re.IGNORECASE
)


def is_generated(name: str, used_by_datastore: bool) -> bool:
    """Return whether the server can make a secret.

    :param name: of the variable. :param used_by_datastore: whether a database of the stack gets it, too.
    """
    if _OF_A_FORM.search(name):
        return False
    return used_by_datastore or _OWN.fullmatch(name) is not None


def length(name: str) -> int:
    """Return how many characters a generated secret has."""
    return 50 if re.search("SECRET|KEY", name, re.IGNORECASE) else 32


def secret_name(name: str) -> str:
    """Return the name in ``stack_secrets`` of a variable, such as ``db_password`` of ``DB_PASSWORD``."""
    return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")[:50] or "secret"


def reference(secret: str) -> str:
    """Return how a Compose file refers to a secret."""
    return f"${{{variable(secret)}}}"
