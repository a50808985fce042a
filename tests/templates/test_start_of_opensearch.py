"""The script that starts OpenSearch is run, with stand-ins for the programs of the image."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.descriptions import parcel

_HASH = "$2y$12$" + "a" * 53
_HOME = "/usr/share/opensearch"
_TOOL = "plugins/opensearch-security/tools/hash.sh"
_USERS = "config/opensearch-security/internal_users.yml"
#: The remark before the hash is in the real tool.
_HASH_TOOL = """\
echo '** This tool will be deprecated **'
printf %s "${!2}" >given
echo 'HASH'
"""
_ENTRYPOINT = """\
#!/bin/sh
printf '%s\\n' "${OPENSEARCH_INITIAL_ADMIN_PASSWORD}" "${PASSWORD-none}" "$@"
"""


def _start(folder: Path, hashed: str, password: str) -> subprocess.CompletedProcess[str]:
    for path in (_TOOL, _USERS):
        (folder / path).parent.mkdir(parents=True)
    (folder / _TOOL).write_text(_HASH_TOOL.replace("HASH", hashed))
    (folder / _USERS).write_text("readall: {hash: known}\n")
    entrypoint = folder / "opensearch-docker-entrypoint.sh"
    entrypoint.write_text(_ENTRYPOINT)
    entrypoint.chmod(0o755)
    (folder / "password").write_text(password)
    (text,) = parcel({"it": {"kind": "opensearch"}}, {}).mounted.values()
    assert _HOME in text
    run = ["bash", "-c", text.replace(_HOME, str(folder)), "start", "-Ea.b=1"]
    environment = {"PATH": "/usr/bin:/bin", "OPENSEARCH_INITIAL_ADMIN_PASSWORD_FILE": str(folder / "password")}
    return subprocess.run(run, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("shape", ["{}", "{} \"'$(id)\\"])
def test_the_first_start_has_one_account_with_the_password_of_the_secret(shape: str, tmp_path: Path) -> None:
    password = shape.format(secrets.token_hex(16))
    done = _start(tmp_path, _HASH, password)
    assert done.returncode == 0, done.stderr
    users = yaml.safe_load((tmp_path / _USERS).read_text())
    assert set(users) == {"_meta", "admin"}
    assert users["admin"] == {"hash": _HASH, "reserved": True, "backend_roles": ["admin"]}
    assert (tmp_path / "given").read_text() == password
    # Upper and lower case, a digit and a special character, which the setup of the image asks for.
    placeholder, variable, *arguments = done.stdout.splitlines()
    assert placeholder.startswith("Aa1-")
    assert len(placeholder) > 32
    assert (variable, arguments) == ("none", ["opensearch", "-Ea.b=1"])
    assert password not in done.stdout + done.stderr


def test_it_does_not_start_without_a_hash(tmp_path: Path) -> None:
    done = _start(tmp_path, "usage: hash.sh", secrets.token_hex(16))
    assert (done.returncode, done.stdout) == (1, "")
    assert "hash.sh of OpenSearch printed no hash of the password" in done.stderr
    assert "readall" in (tmp_path / _USERS).read_text()
