"""Settings: what is read, and the one sentence for each thing that can be wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings, read_settings

BACKEND = Path(__file__).resolve().parent.parent


def test_reads_the_environment(settings: Settings) -> None:
    assert (settings.postgres_host, settings.postgres_port, settings.redis_port) == ("db", 5432, 6379)
    assert (settings.version, settings.commit) == ("1.2.3", "abc1234")


def test_a_secret_file_wins_over_the_variable(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from the file\n")
    environ["POSTGRES_PASSWORD_FILE"] = str(tmp_path / "password")
    assert read_settings(environ).postgres_password == "from the file"


def test_passwords_are_quoted_in_urls_and_absent_from_the_text_form(settings: Settings) -> None:
    assert settings.redis_url(1) == "redis://:p%40ss%2Fword@redis:6379/1"
    assert "p@ss" not in repr(settings)
    assert "database-password" not in repr(settings)


def test_redis_may_let_everybody_in(environ: dict[str, str]) -> None:
    del environ["REDIS_PASSWORD"]
    assert read_settings(environ).redis_url(0) == "redis://redis:6379/0"


def test_names_everything_that_is_missing_at_once(environ: dict[str, str]) -> None:
    del environ["REDIS_HOST"], environ["SECRET_KEY"]
    with pytest.raises(ValueError, match="lacks REDIS_HOST, SECRET_KEY_FILE:"):
        read_settings(environ)


@pytest.mark.parametrize("port", ["0", "65536", "54x", "-1"])
def test_refuses_what_is_no_port(environ: dict[str, str], port: str) -> None:
    environ["POSTGRES_PORT"] = port
    with pytest.raises(ValueError, match=f"POSTGRES_PORT is '{port}', but it must be a port number"):
        read_settings(environ)


def test_refuses_a_secret_file_that_is_absent_or_empty(environ: dict[str, str], tmp_path: Path) -> None:
    environ["SECRET_KEY_FILE"] = str(tmp_path / "key")
    with pytest.raises(ValueError, match=r"SECRET_KEY_FILE names .*/key, which cannot be read: No such file"):
        read_settings(environ)
    (tmp_path / "key").write_text("\n")
    with pytest.raises(ValueError, match=r"SECRET_KEY_FILE names .*/key, which is empty"):
        read_settings(environ)


@pytest.mark.parametrize("module", ["app.main", "app.worker"])
def test_a_process_without_settings_ends_with_one_sentence(module: str) -> None:
    command = [sys.executable, "-m", module]
    ended = subprocess.run(command, cwd=BACKEND, env={}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("shop: The environment lacks POSTGRES_HOST")
    assert ended.stderr.count("\n") == 1
