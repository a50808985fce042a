"""A masked snapshot of a real Postgres: nothing personal in it, nothing else lost, and refused with a sentence."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    loaded_scan,
    planning,
    prelude,
    schema,
    snapshot_reader,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support import shop_database
from tests.support.killed import kill_at
from tests.support.local_stacks import WORDS, Production
from tests.support.shop_database import Planted, left
from tests.support.snapshots import plain

Rules = dict[str, Any]
Change = Callable[[Rules], object]
pytestmark = pytest.mark.usefixtures("planted")


@pytest.fixture(scope="module")
def snapshot(production: Production, planted: list[Planted]) -> Path:
    """Return a snapshot with the rules of the shop."""
    return production.make(shop_database.rules())


@pytest.fixture(scope="module")
def loaded(production: Production, snapshot: Path) -> Database:
    """Return the database that the snapshot was loaded into."""
    return production.load(snapshot, "loaded")


def _column(table: str, name: str, rule: Any) -> Change:
    return lambda rules: rules["tables"][table]["columns"].update({name: rule})


def _saved(production: Production) -> bytes:
    """Return all of production's data as text: the search must find every planted value there."""
    command = ["docker", "exec", production.database().container.id, "pg_dump", "-U", "shop", "shop"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_no_planted_value_is_in_the_snapshot(production: Production, planted: list[Planted], snapshot: Path) -> None:
    assert len(planted) >= 300
    assert len({(one.table, one.column) for one in planted}) >= 40
    assert len(left(_saved(production), planted)) == len(planted)
    assert left(plain(snapshot), planted) == []
    assert oct(snapshot.stat().st_mode & 0o777) == "0o600"


def test_all_rows_arrive_and_joins_hold(production: Production, loaded: Database) -> None:
    live = production.database()
    for table in schema.read(live):
        count = f"SELECT count(*) FROM {table.sql}"
        assert loaded.run(count) == live.run(count), table.title
    for same in (
        "SELECT sum(hashtext((id, sku, title, price)::text)) FROM public.products",
        'SELECT count(*) FROM public.users JOIN "Back Office"."Tickets" ON email = "Customer"',
        "SELECT count(*) FROM (SELECT DISTINCT id, born, seen FROM public.users) AS a",
    ):
        assert loaded.run(same) == live.run(same)


def test_what_is_made_of_other_columns_and_of_nothing_is_right(loaded: Database) -> None:
    assert loaded.run("SELECT DISTINCT initial FROM public.users") == ["F"]
    assert loaded.run("SELECT count(*) FROM public.users WHERE email !~ '^u[0-9a-f]{20}@example.com$'") == ["0"]
    assert loaded.run("SELECT count(*) FROM public.users WHERE phone !~ '^[+]999[0-9]{9}$'") == ["0"]
    assert loaded.run("SELECT nextval('public.products_id_seq')") == ["1001"]
    assert loaded.run("SELECT count(*) > 0 FROM public.customers") == ["t"]
    assert loaded.run("SELECT count(*) > 0 FROM public.per_plan") == ["t"]
    assert loaded.run("SELECT count(*) FROM pg_largeobject_metadata") == ["0"]
    assert loaded.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'slipway_mask'") == ["0"]


def test_an_identity_goes_on_where_production_is(production: Production, loaded: Database) -> None:
    ask = "SELECT nextval('public.users_id_seq')"
    assert loaded.run(ask) == production.database().run(ask)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("ask tom@shop.test", "1 addresses of mail"),
        ("ask Tom\n0049 30 1234567", "1 phone numbers"),
        ("2026-11-27\n4111 1111 1111 1111 12/29", "1 card numbers"),
    ],
)
def test_what_is_personal_in_the_loaded_rows_is_found(loaded: Database, snapshot: Path, value: str, found: str) -> None:
    loaded.run(f"UPDATE public.products SET title = '{value}' WHERE id = 7;")
    with pytest.raises(RolloutFailed, match=rf"public\.products\.title: {found}"):
        loaded_scan.check(loaded, snapshot_reader.read(snapshot))


def test_a_large_table_in_pieces_is_the_same(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "PAGES_OF_A_PIECE", 7)
    path = production.make(shop_database.rules())
    members = [member for member in snapshot_reader.read(path).members if member.table == "public.users"]
    assert len(members) > 5
    live, loaded = production.database(), production.load(path, "pieces")
    for table in schema.read(live):
        count = f"SELECT count(*) FROM {table.sql}"
        assert loaded.run(count) == live.run(count), table.title


def test_what_no_rule_classifies_is_named(production: Production) -> None:
    def without(rules: Rules) -> None:
        del rules["tables"]["public.users"]["columns"]["bio"]
        del rules["tables"]["public.audit"]
        rules["tables"]["public.users"]["columns"]["gone"] = {"rule": "keep"}
        rules["tables"]["public.ghosts"] = {"columns": {}, "where": "", "rows": "none"}

    said = "\n".join(production.refusal(without).detail)
    for name in ("public.users.bio", "public.audit", "public.users.gone", "public.ghosts"):
        assert f"{name}: " in said


def test_an_address_that_a_rule_keeps_is_found_and_not_shown(production: Production) -> None:
    error = production.refusal(_column("public.accounts", "contact", {"rule": "keep"}))
    assert "public.accounts.contact: " in str(error)
    assert "addresses of mail" in str(error)
    assert "@" not in str(error)


def test_a_wrong_expression_is_named_before_a_row_is_read(production: Production) -> None:
    error = production.refusal(_column("sales.orders", "total", {"rule": "sql", "expression": "nonsense(total)"}))
    assert "sales.orders.total: function nonsense" in str(error)


def test_an_expression_that_fails_for_a_row_shows_no_value(production: Production) -> None:
    error = production.refusal(_column("public.audit", "line", {"rule": "sql", "expression": "line::int::text"}))
    assert "22P02" in str(error)
    assert "public.audit" in str(error)
    assert "did" not in str(error)


def test_a_secret_of_production_is_found(production: Production) -> None:
    live = production.database()
    live.run(f"UPDATE public.products SET title = title || ' {production.password}' WHERE id = 7;")
    production.save()
    error = production.refusal(_column("public.products", "title", {"rule": "keep", "reason": "our goods"}))
    live.run("UPDATE public.products SET title = 'Thing 7' WHERE id = 7;")
    production.save()
    assert "public.products.title: 1 secrets of production" in str(error)


def test_a_column_that_was_added_is_named(production: Production) -> None:
    live = production.database()
    live.run("ALTER TABLE public.users ADD COLUMN passport text;")
    production.save()
    error = production.refusal(lambda rules: None)
    live.run("ALTER TABLE public.users DROP COLUMN passport;")
    production.save()
    assert "public.users.passport: no rule" in str(error)


def test_the_same_key_masks_in_the_same_way(production: Production) -> None:
    key = secrets.token_bytes(32)
    texts = [plain(production.make(shop_database.rules(), one)) for one in (key, key, b"")]
    first, second, other = ({line for line in text.split(b"\n") if b"@example.com" in line} for text in texts)
    assert first == second
    assert first & other == set()


def test_large_objects_are_kept_or_searched_for_secrets(production: Production) -> None:
    rules = shop_database.rules()
    rules["large_objects"] = "keep"
    rules["tables"]["public.files"]["columns"]["content"] = {"rule": "keep"}
    content = "SELECT md5(lo_get(content)) FROM public.files"
    live = production.database()
    live.run("UPDATE public.files SET content = lo_from_bytea(0, sha256('a') || decode(repeat('00ff', 5000), 'hex'));")
    production.save()
    assert production.load(production.make(rules), "objects").run(content) == live.run(content)
    over_two_pages = f"convert_to(repeat('x', 2040) || '{production.password}', 'UTF8')"
    live.run(f"UPDATE public.files SET content = lo_from_bytea(0, {over_two_pages});")
    production.save()
    error = production.refusal(lambda changed: changed.update(rules))
    assert "large objects: 1 secrets of production" in str(error)
    live.run("UPDATE public.files SET content = NULL; SELECT lo_unlink(oid) FROM pg_largeobject_metadata;")
    production.save()


def test_a_subset_has_what_its_rows_need(production: Production) -> None:
    rules = shop_database.rules()
    rules["subset"] = {"sales.orders": "id <= 50"}
    loaded = production.load(production.make(rules), "subset")
    assert loaded.run("SELECT count(*) FROM sales.orders") == ["50"]
    assert loaded.run('SELECT count(*) FROM sales."Order Items"') == ["100"]
    users = "SELECT count(*) FROM public.users"
    assert int(loaded.run(users)[0]) < int(production.database().run(users)[0])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("restoring backup", 0.0),
        ("restoring backup", 0.5),
        ("reading public.users", 0.0),
        ("reading sales.orders", 0.0),
    ],
)
def test_a_killed_one_leaves_no_snapshot_and_the_next_one_cleans_up(
    production: Production, text: str, seconds: float
) -> None:
    before = [name for name in production.snapshots() if ".unfinished" not in name]
    kill_at(production.home.backup_journal, text, lambda: production.make(shop_database.rules()), seconds)
    assert [name for name in production.snapshots() if ".unfinished" not in name] == before
    path = production.make(shop_database.rules())
    assert not [name for name in production.snapshots() if ".unfinished" in name]
    path.unlink()
    copies = f"label=com.docker.compose.project={production.project}-refresh"
    found = subprocess.run(["docker", "ps", "--all", "--quiet", "--filter", copies], capture_output=True, check=True)
    assert found.stdout == b""


@pytest.mark.parametrize(("half", "end"), [(7, 300), (15, 20_000), (31, 20_000)])
def test_numbers_stay_different_and_keep_their_sign(numbers: Database, half: int, end: int) -> None:
    masked = f"SELECT i, slipway_mask.permute(i, {half}) AS m FROM generate_series({-end}::bigint, {end}) i"
    found = numbers.run(
        f"SELECT count(DISTINCT m), count(*) FILTER (WHERE (m < 0) <> (i < 0)), "
        f"max(abs(m)) < 2 ^ {2 * half} + 300, count(*) FILTER (WHERE m = i) < 20 FROM ({masked}) AS a;"
    )
    assert found == [f"{2 * end + 1}|0|t|t"]


@pytest.mark.parametrize(
    ("half", "values"),
    [(15, "-2147483648, 2147483647, 0"), (31, "-9223372036854775808, 9223372036854775807, 0")],
)
def test_the_ends_of_a_type_can_be_masked(numbers: Database, half: int, values: str) -> None:
    base = "int" if half == 15 else "bigint"
    ask = f"SELECT count(DISTINCT slipway_mask.permute(i, {half})::{base}) FROM unnest(ARRAY[{values}]::bigint[]) i"
    assert numbers.run(ask) == ["3"]


@pytest.fixture(scope="module")
def numbers(production: Production) -> Database:
    """Return a database with the functions that mask."""
    production.database("template1").run("CREATE DATABASE numbers;")
    database = production.database("numbers")
    database.run(prelude.sql(secrets.token_bytes(32), WORDS))
    return database
