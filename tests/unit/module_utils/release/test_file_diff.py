"""The diff of a release never shows what one of the two releases keeps as a secret."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release import file_diff


def _manifest(secrets: list[dict[str, str]], secret_files: list[dict[str, Any]]) -> dict[str, Any]:
    return {"services": {"web": {"settings": {"secrets": secrets}}}, "secret_files": secret_files}


PLAIN = _manifest([], [])
SECRET = _manifest(
    [{"source": "k", "target": "/etc/tls/a.key"}],
    [{"name": "web_env", "parts": ['TOKEN="', {"secret": "t", "quote": "dotenv"}, '"\nDSN="', {"secret": "d"}, '"\n']}],
)
OLD = {"web:/etc/tls/a.key": "canary", "web:/etc/tls/a.crt": "old", "env/web.env": '# x\nTOKEN="canary"\nA="1"\n'}
NEW = {"web:/etc/tls/a.key": "", "web:/etc/tls/a.crt": "new", "env/web.env": '# x\nA="2"\n'}


def test_a_file_and_a_variable_that_became_secrets_are_in_no_text() -> None:
    for manifests in ((PLAIN, SECRET), (SECRET, PLAIN)):
        found = file_diff.diff(OLD, NEW, manifests)
        assert "canary" not in str(found)
        assert [(entry["before_header"], entry["before"], entry["after"]) for entry in found] == [
            ("env/web.env", '# x\nA="1"\n', '# x\nA="2"\n'),
            ("web:/etc/tls/a.crt", "old", "new"),
        ]


def test_without_secrets_all_is_shown() -> None:
    assert len(file_diff.diff(OLD, NEW, (PLAIN, None))) == 3
