"""A secret arrives byte for byte from every source, or is refused where only text can be."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.compose_projects import parcel as of_files
from tests.support.compose_projects import write
from tests.support.descriptions import parcel, plain
from tests.support.errors import error_of

BYTES = [
    b"\x00",
    b"\xff\xfe",
    bytes(range(256)),
    b"text\n",
    b"\n",
    b"no newline",
    b"\r\n\r\n",
    "größe".encode(),
    b"\xed\xa0\x80",
]


def _arrived(release: Any, folder: Path) -> bytes:
    """Return the content of the only secret file of a release, after its way to a host."""
    sent = json.loads(json.dumps({"files": list(release.secret_files), "sources": release.secrets()}))
    SecretStore(folder).addresses(sent["files"], sent["sources"])
    [path] = (folder / "secrets").glob("[0-9]*/*")
    return path.read_bytes()


@pytest.mark.parametrize("content", BYTES)
def test_a_file_of_a_compose_project(tmp_path: Path, content: bytes) -> None:
    text = "services: {web: {image: 'a:1', secrets: [key]}}\nsecrets: {key: {file: key.p12}}\n"
    write(tmp_path, {"compose.yml": text})
    (tmp_path / "key.p12").write_bytes(content)
    assert _arrived(of_files(tmp_path, "compose.yml"), tmp_path / "home") == content


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=40))
def test_base64_in_the_inventory(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    encoded = base64.encodebytes(content).decode()
    release = parcel({"web": plain(secrets=["key"])}, {"key": {"base64": encoded}})
    assert _arrived(release, tmp_path_factory.mktemp("home")) == content


@pytest.mark.parametrize("content", BYTES)
def test_a_mounted_file(tmp_path: Path, content: bytes) -> None:
    files = {"/x": {"content": content.decode("utf-8", "surrogateescape"), "secret": True}}
    assert _arrived(parcel({"web": plain(files=files)}, {}), tmp_path) == content


@pytest.mark.parametrize("value", ["a\0b", "\udcff"])
def test_a_binary_secret_in_a_variable_is_refused(value: str) -> None:
    services = {"web": plain(secrets=[{"name": "key", "env": "KEY"}])}
    assert error_of(parcel, services, {"key": value}) == (
        "service 'web': key 'secrets': 'key' is binary, and a variable or a line can have text only; give it to the "
        "service as a file, without 'env'"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"base64": "not base64!"}, "key 'base64' is not base64"),
        ({"base64": ["x"]}, "key 'base64' is not text; put it in quotes"),
        ({"base64": "eA==", "value": "x"}, "give one of 'value', 'base64' and 'generate'"),
        ({"base64": ""}, "the value is empty"),
    ],
)
def test_a_wrong_base64(source: object, message: str) -> None:
    said = error_of(parcel, {"web": plain(secrets=["key"])}, {"key": source})
    assert said == f"stack_secrets, secret 'key': {message}"
