"""What a secret looks like: by the name of a variable, by the form of a value, by the content of a file. Pure.

Place in the pipeline: check; and compose_files and description, which keep secrets out of what others can read. The
names and forms are those of well-known services, from their own documentation.
"""

from __future__ import annotations

import math
import re
from collections import Counter


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Last words of a name that say "secret" whatever the value is.
_SECRET_WORDS = _set(
    "PASSWORD PASSWD PASSPHRASE PASSCODE PASS PWD PW SECRET TOKEN CREDENTIAL CREDENTIALS CREDS APIKEY PAT JWT BEARER "
    "HTPASSWD MNEMONIC PEPPER PIN PASSWORDS SECRETS TOKENS APIKEYS DBPASS PGPASS SMTPPASS MAILPASS USERPASS"
)
#: Words that end like that, such as PGPASSWORD.
_SECRET_END = re.compile(r"\w+(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|APIKEY|TOKEN|CREDENTIAL)S?")
#: Words before KEY that make it secret whatever the value is.
_KEY_OWNERS = _set(
    "API ACCESS SECRET PRIVATE ENCRYPTION ENCRYPT DECRYPTION SIGNING SIGN SIGNATURE MASTER APP AUTH FERNET CRYPT AES "
    "HMAC JWT SESSION COOKIE CSRF LICENSE LICENCE WEBHOOK OPENAI ANTHROPIC STORAGE UNSEAL RESTRICTED SERVICE"
)
#: Words before KEY that make it no secret.
_PLAIN_KEYS = _set(
    "SITE PRIMARY SORT PARTITION FOREIGN CACHE INDEX ROUTING BINDING HOT GROUP LOOKUP ORDER UNIQUE OBJECT HOST"
)
#: Words before TOKENS that make them a number.
_COUNTS = _set("MAX MIN NUM TOTAL CONTEXT INPUT OUTPUT PROMPT COMPLETION")
#: Last words whose value decides: they are in names of settings, too.
_DOUBTFUL_WORDS = _set("AUTH SALT SEED KEY KEYS DSN LOGIN COOKIE HASH OTP BASICAUTH")
_METHODS = _set(
    "basic digest none oauth oauth2 oidc ldap saml md5 trust plain login cram-md5 scram scram-sha-256 token jwt bearer "
    "password local session cookie internal external default noauth peer ident"
)
#: Last words that say how a value is encoded, or which one of several it is.
_SUFFIXES = re.compile(r"B64|BASE64|HEX|PEM|DER|RAW|ENC|VALUE|STR|CONTENTS?|BASE|OLD|NEW|PREVIOUS|CURRENT|V?\d+")
#: Names of what a browser gets anyway, or of an identity.
_PUBLIC = re.compile(r"(?:^|_)(?:PUBLIC|PUBLISHABLE|PUB|PUBKEY)(?:_|$)|^(?:VITE|REACT_APP|GATSBY|EXPO_PUBLIC)_")
#: Last words of names whose values may look random.
_RANDOM_ANYWAY = re.compile(
    r"(?:ID|IDS|UUID|DIGEST|SHA|SHA256|COMMIT|REVISION|VERSION|TAG|IMAGE|FINGERPRINT|CERT|CERTIFICATE|NAME|PATH|DIR|FILE"
    r"|HOST|ADDRESS|BUCKET|REGION|URL|URI|CLASS|MODULE|ARN|ETAG)"
)
#: Formats of tokens and keys of well-known services.
_FORMATS = re.compile(
    r"A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20}|gl(?:dt|rt|ptt)-[\w-]{20}"
    r"|xox[abprs]-[\w-]{10,}|xapp-\d-[\w-]{10,}|[sr]k_(?:live|test)_\w{16,}|whsec_[\w+/=-]{16,}|sk-[A-Za-z0-9_-]{32,}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|AIza[\w-]{35}|ya29\.[\w-]{20,}|SG\.[\w-]{20,}\.[\w-]{20,}|\bkey-[0-9a-f]{32}\b"
    r"|\b\d{8,10}:AA[\w-]{33}\b|\bSK[0-9a-f]{32}\b|npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{20,}|dckr_pat_[\w-]{20,}"
    r"|hf_[A-Za-z]{30,}|dop_v1_[0-9a-f]{40,}|shp(?:at|ss)_[0-9a-fA-F]{32}|AGE-SECRET-KEY-1[0-9A-Z]{30,}"
    r"|hv[sbr]\.[\w-]{20,}|sntrys_[\w+/=-]{20,}|lin_api_\w{30,}|tskey-\w+-[\w-]{10,}"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|PuTTY-User-Key-File-\d|\"private_key(?:_id)?\"\s*:\s*\""
    r"|LS0tLS1CRUdJTi[\w+/=]{16}"
)
#: Hashes of passwords, as crypt(3) and programs of their own write them.
_PASSWORD_HASH = re.compile(
    r"\$(?:apr1|1|2[abxy]|5|6|y|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$[\w./$=,+-]{8,}|\{SSHA\d*\}[\w+/=]{16,}"
)
_HTPASSWD_LINE = re.compile(r"[^:#\s][^:\s]{0,255}:(?:\$\S{8,}|\{SHA\}\S{20,}|[./0-9A-Za-z]{13})")
URL_WITH_PASSWORD = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{0,200}:((?:\$\{[^}]{0,200}\}|[^/\s@]){1,200})@", re.IGNORECASE
)
#: A URL whose user is a token, such as the DSN of Sentry.
_URL_WITH_TOKEN = re.compile(r"[a-z][a-z0-9+.-]{0,30}://(?=[^/\s:@]{0,200}\d)[\w-]{16,200}@[\w.-]", re.IGNORECASE)
#: Addresses that let everybody who knows them write.
_WEBHOOK = re.compile(
    r"hooks\.slack\.com/(?:services|workflows)/\w|discord(?:app)?\.com/api/webhooks/\d|\.webhook\.office\.com/\w"
    r"|outlook\.office(?:365)?\.com/webhook/\w|api\.telegram\.org/bot\d+:|hooks\.zapier\.com/hooks/\w|hc-ping\.com/\w"
    r"|maker\.ifttt\.com/\S{0,200}/key/\w"
)
#: A password inside a longer value: a parameter of a URL, or a pair of a connection string.
_PAIR = re.compile(
    r"(?:^|[?&;\s])(?:[a-z_]*password|passwd|pwd|[a-z_]*token|api[_-]?key|secret|sig|signature|accountkey"
    r"|sharedaccesskey(?!name)|sharedaccesssignature)\s*=\s*(?!\$\{|\s)([^&;\s]{3,})",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"^[ \t]*(?:requirepass|masterauth|user \S+ on) +(?!nopass)[^\s#$]", re.MULTILINE)
#: Files that hold keys by what they are.
_KEY_FILES = re.compile(
    r"(?:\.(?:p12|pfx|jks|keystore|kdbx|ppk)|(?:^|/)id_(?:rsa|dsa|ecdsa|ed25519)|\.htpasswd)$", re.IGNORECASE
)
#: Values of switches and empty values.
NO_SECRETS = frozenset(
    {"", "true", "false", "yes", "no", "none", "null", "on", "off", "0", "1", "required", "optional"}
)
_PATH = re.compile(r"(?:file:|\.{0,2}/)[\w@.+/ -]{1,300}")
#: How many characters of a value are read. Some patterns take quadratic time.
_MAX_SCANNED = 4000
#: How many characters of a file are read.
_MAX_FILE = 256 * 1024


def names_secret(name: str) -> bool:
    """Return whether a variable, a label or an argument has the name of a secret."""
    words = _words(name)
    if not words or _PUBLIC.search("_".join(words)):
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in ("KEY", "KEYS"):
        return before in _KEY_OWNERS
    if last == "TOKENS" and before in _COUNTS:
        return False
    return last in _SECRET_WORDS or _SECRET_END.fullmatch(last) is not None


def is_value(text: str) -> bool:
    """Return whether a value can be a secret: it is no switch, no path and no variable without a value."""
    return text.lower() not in NO_SECRETS and "${" not in text and not _PATH.fullmatch(text)


def has_secret_format(text: str) -> bool:
    """Return whether a value has the format of a key, of a token or of a password hash, or contains one."""
    text = text[:_MAX_SCANNED]
    return any(one.search(text) for one in (_FORMATS, _PRIVATE_KEY, _PASSWORD_HASH, _WEBHOOK, _URL_WITH_TOKEN))


def has_password(text: str) -> bool:
    """Return whether a value has a password in it: in a URL, or as a pair of a connection string."""
    text = text[:_MAX_SCANNED]
    return bool(URL_WITH_PASSWORD.search(text) or _PAIR.search(text))


def is_secret_variable(name: str, text: str) -> bool:
    """Return whether a variable holds a secret, by its name and its value."""
    text = text[:_MAX_SCANNED]
    if not is_value(text):
        return False
    if has_password(text) or _PRIVATE_KEY.search(text):
        return True
    words = _words(name)
    if _PUBLIC.search("_".join(words)):
        return False
    return (
        has_secret_format(text)
        or names_secret(name)
        or _is_doubtful_secret(words, text)
        or (not _may_look_random(words) and looks_random(text))
    )


def looks_random(text: str) -> bool:
    """Return whether a text is probably a random one: long, of letters and digits, each of them rare."""
    if not 24 <= len(text) <= 200 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", text) or text.startswith("/"):
        return False
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    counts = Counter(text).values()
    entropy = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    return kinds == 3 and entropy > 3.9


def secret_in_file(name: str, content: str) -> str | None:
    """Return what is secret in a file, in words; ``None`` if nothing is known to be.

    :param name: its path; some kinds of files are secret whatever they contain.
    """
    text = content[:_MAX_FILE]
    if _PRIVATE_KEY.search(text):
        return "a private key"
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if lines and all(_HTPASSWD_LINE.fullmatch(line.strip()) for line in lines):
        return "passwords of users"
    if _KEY_FILES.search(name) or (name.endswith((".key", ".der")) and re.search("[\ud800-\udfff\0]", text)):
        return "a key"
    if _FORMATS.search(text) or _WEBHOOK.search(text):
        return "a token"
    if _PASSWORD_HASH.search(text):
        return "the hash of a password"
    if any(is_value(match[1]) and "$" not in match[1] for match in URL_WITH_PASSWORD.finditer(text)):
        return "a URL with a password"
    return "a password" if _DIRECTIVE.search(text) else None


def _words(name: str) -> list[str]:
    """Return the words of a name in capitals, without those at its end that say how the value is encoded."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200])
    words = [word for word in re.split(r"[^A-Z0-9]+", apart.upper()) if word]
    while len(words) > 1 and _SUFFIXES.fullmatch(words[-1]):
        words.pop()
    if words and words[-1] == "JSON" and len(words) > 1:
        words.pop()
    return words


def _may_look_random(words: list[str]) -> bool:
    """Return whether the values of such a name look random and are no secret, such as those of SITE_KEY."""
    return bool(words) and (
        _RANDOM_ANYWAY.fullmatch(words[-1]) is not None or (words[-1] == "KEY" and "".join(words[-2:-1]) in _PLAIN_KEYS)
    )


def _is_doubtful_secret(words: list[str], text: str) -> bool:
    """Return whether the value decides that a variable with a doubtful name is a secret."""
    if not words or words[-1] not in _DOUBTFUL_WORDS or text.lower() in _METHODS or "://" in text:
        return False
    if words[-1] in ("KEY", "KEYS"):
        return (
            not _may_look_random(words)
            and len(text) >= 16
            and " " not in text
            and bool(re.search(r"\d|[a-z][A-Z]|[=/+]", text))
        )
    if words[-1] in ("HASH", "LOGIN", "DSN", "COOKIE"):
        return False
    return len(text) >= 6 and " " not in text and not text.isdecimal()
