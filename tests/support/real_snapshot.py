"""A masked snapshot on a real engine and a real Postgres: ``python3 -m tests.support.real_snapshot PROJECT [COUNT]``.

It starts a database with planted personal values, saves it, makes a masked snapshot, looks for the values in it, and
loads it. Then it breaks rules and looks at what is refused. It removes what it has started.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    loaded_scan,
    prelude,
    schema,
    snapshot_reader,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support import shop_database
from tests.support.production_stack import WORDS, Production, expect
from tests.support.shop_database import left
from tests.support.snapshots import plain


def _checks(stack: Production, count: int) -> None:
    planted = shop_database.create(stack.database(), count)
    expect("planted values", len(planted) >= 300)
    expect("columns with planted values", len({(one.table, one.column) for one in planted}) >= 40)
    stack.save()
    rules = shop_database.rules()
    started = time.monotonic()
    path = stack.make(rules)
    print(f"      made in {time.monotonic() - started:.1f} s, {path.stat().st_size} bytes")
    expect("mode", oct(path.stat().st_mode & 0o777), "0o600")
    expect("planted values in the snapshot", left(plain(path), planted), [])
    expect("planted values in what was saved", len(left(_saved(stack), planted)), len(planted))
    _check_loaded(stack, stack.load(path, "loaded"), path)
    _check_refused(stack)
    _check_keys(stack)
    _check_large_objects(stack)
    _check_killed(stack)
    _check_numbers(stack)
    _check_subset(stack)


def _saved(stack: Production) -> bytes:
    """Return all of production's data as text: the search must find every planted value there."""
    command = ["docker", "exec", stack.database().container.id, "pg_dump", "-U", "shop", "shop"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _check_loaded(stack: Production, loaded: Database, path: Path) -> None:
    live = stack.database()
    for table in schema.read(live):
        count = f"SELECT count(*) FROM {table.sql}"
        expect(f"rows of {table.title}", loaded.run(count), live.run(count))
    kept = "SELECT sum(hashtext((id, sku, title, price)::text)) FROM public.products"
    expect("kept columns", loaded.run(kept), live.run(kept))
    expect("generated column", loaded.run("SELECT DISTINCT initial FROM public.users"), ["F"])
    expect("sequence", loaded.run("SELECT nextval('public.products_id_seq')"), ["1001"])
    expect("identity", loaded.run("SELECT nextval('public.users_id_seq')"), live.run("SELECT nextval('users_id_seq')"))
    joined = 'SELECT count(*) FROM public.users JOIN "Back Office"."Tickets" ON email = "Customer"'
    expect("joins by a masked value", loaded.run(joined), live.run(joined))
    mail = "SELECT count(*) FROM public.users WHERE email !~ '^u[0-9a-f]{20}@example.com$'"
    expect("addresses", loaded.run(mail), ["0"])
    loaded.run("UPDATE public.products SET title = 'ask tom@shop.test' WHERE id = 7;")
    try:
        loaded_scan.check(loaded, snapshot_reader.read(path))
        found = ""
    except RolloutFailed as error:
        found = str(error)
    expect("an address in the loaded rows", "public.products.title: 1 addresses of mail" in found)
    dates = "SELECT count(*) FROM (SELECT id, born, seen FROM public.users) AS a"
    expect("dates", loaded.run(dates), live.run(dates))
    expect("views", loaded.run("SELECT count(*) > 0 FROM public.customers"), ["t"])
    expect("large objects", loaded.run("SELECT count(*) FROM pg_largeobject_metadata"), ["0"])
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'slipway_mask'"
    expect("nothing of the masks", loaded.run(schemas), ["0"])


def _check_refused(stack: Production) -> None:
    def column(table: str, name: str, rule: Any) -> Callable[[dict[str, Any]], object]:
        return lambda rules: rules["tables"][table]["columns"].update({name: rule})

    def without(rules: dict[str, Any]) -> None:
        del rules["tables"]["public.users"]["columns"]["bio"]
        del rules["tables"]["public.audit"]
        rules["tables"]["public.users"]["columns"]["gone"] = {"rule": "keep"}
        rules["tables"]["public.ghosts"] = {"columns": {}, "where": "", "rows": "none"}

    error = stack.fails(without)
    said = "\n".join(error.detail)
    for name in ("public.users.bio", "public.audit", "public.users.gone", "public.ghosts"):
        expect(f"named: {name}", f"{name}: " in said)
    found = stack.fails(column("public.accounts", "contact", {"rule": "keep"}))
    expect("an address that is kept", "public.accounts.contact: " in str(found) and "mail" in str(found))
    expect("the find has no value", "@" in str(found), False)
    broken = stack.fails(column("sales.orders", "total", {"rule": "sql", "expression": "nonsense(total)"}))
    expect("a wrong expression", "sales.orders.total: function nonsense" in str(broken))
    leak = stack.fails(column("public.audit", "line", {"rule": "sql", "expression": "line::int::text"}))
    expect("an error has no value", "22P02" in str(leak) and "did" not in str(leak))
    expect("an error names the table", "public.audit" in str(leak))
    stack.database().run(f"UPDATE public.products SET title = title || ' {stack.secret}' WHERE id = 7;")
    time.sleep(1)
    stack.save()
    secret = stack.fails(
        lambda rules: rules["tables"]["public.products"]["columns"].update(title={"rule": "keep", "reason": "x"})
    )
    expect("a secret of production", "public.products.title: 1 secrets of production" in str(secret))
    stack.database().run("UPDATE public.products SET title = 'Thing 7' WHERE id = 7;")
    stack.database().run("ALTER TABLE public.users ADD COLUMN passport text;")
    time.sleep(1)
    stack.save()
    added = stack.fails(lambda rules: None)
    expect("a column that was added", "public.users.passport: no rule" in str(added))
    stack.database().run("ALTER TABLE public.users DROP COLUMN passport;")
    time.sleep(1)
    stack.save()


def _check_keys(stack: Production) -> None:
    key = secrets.token_bytes(32)
    rules = shop_database.rules()
    one, two, other = (plain(stack.make(rules, one_key)) for one_key in (key, key, b""))
    masked = [{line for line in text.split(b"\n") if b"@example.com" in line} for text in (one, two, other)]
    expect("the same key gives the same values", masked[0] == masked[1])
    expect("another key gives others", masked[0] & masked[2], set())


def _check_large_objects(stack: Production) -> None:
    rules = shop_database.rules()
    rules["large_objects"] = "keep"
    rules["tables"]["public.files"]["columns"]["content"] = {"rule": "keep"}
    content = "SELECT md5(lo_get(content)) FROM public.files"
    live = stack.database()
    live.run("UPDATE public.files SET content = lo_from_bytea(0, sha256('a') || decode(repeat('00ff', 5000), 'hex'));")
    time.sleep(1)
    stack.save()
    expect("a large object that is kept", stack.load(stack.make(rules), "objects").run(content), live.run(content))
    secret = f"convert_to(repeat('x', 2040) || '{stack.secret}', 'UTF8')"
    live.run(f"UPDATE public.files SET content = lo_from_bytea(0, {secret});")
    time.sleep(1)
    stack.save()
    error = stack.fails(lambda changed: changed.update(rules))
    expect("a secret over two pages", "large objects: 1 secrets of production" in str(error))
    live.run("UPDATE public.files SET content = NULL; SELECT lo_unlink(oid) FROM pg_largeobject_metadata;")
    time.sleep(1)
    stack.save()


def _check_killed(stack: Production) -> None:
    before = stack.files()
    for seconds in (0.5, 2.0, 3.0, 4.0):
        child = os.fork()
        if child == 0:
            try:
                stack.make(shop_database.rules())
            finally:
                os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        complete = [name for name in stack.files() if name.endswith(".tar") and ".unfinished" not in name]
        expect(f"killed after {seconds} s: there is no snapshot", complete, before)
    path = stack.make(shop_database.rules())
    expect("the next one removes what they have left", stack.files(), sorted([*before, path.name]))
    copies = [
        "docker",
        "ps",
        "--all",
        "--quiet",
        "--filter",
        f"label=com.docker.compose.project={stack.project}-refresh",
    ]
    expect("no copy is left", subprocess.run(copies, capture_output=True, check=True).stdout, b"")


def _check_numbers(stack: Production) -> None:
    stack.database("template1").run("CREATE DATABASE numbers;")
    numbers = stack.database("numbers")
    numbers.run(prelude.sql(secrets.token_bytes(32), WORDS))
    for half, low, high in ((7, -300, 300), (15, -20_000, 20_000), (31, -20_000, 20_000)):
        masked = f"SELECT i, slipway_mask.permute(i, {half}) AS m FROM generate_series({low}::bigint, {high}) i"
        found = numbers.run(
            f"SELECT count(DISTINCT m), count(*) FILTER (WHERE (m < 0) <> (i < 0)), "
            f"max(abs(m)) < 2 ^ {2 * half} + 300, count(*) FILTER (WHERE m = i) < 20 FROM ({masked}) AS a;"
        )
        expect(f"numbers of {2 * half} bits stay different", found, [f"{high - low + 1}|0|t|t"])
    ends = "SELECT count(DISTINCT slipway_mask.permute(i, 15)::int) FROM unnest(ARRAY[-2147483648, 2147483647, 0]) i"
    expect("the ends of a type", numbers.run(ends), ["3"])
    big = (
        "SELECT count(DISTINCT slipway_mask.permute(i, 31)) "
        "FROM unnest(ARRAY[-9223372036854775808, 9223372036854775807]) i"
    )
    expect("the ends of bigint", numbers.run(big), ["2"])


def _check_subset(stack: Production) -> None:
    rules = shop_database.rules()
    rules["subset"] = {"sales.orders": "id <= 50"}
    loaded = stack.load(stack.make(rules), "subset")
    expect("orders of the subset", loaded.run("SELECT count(*) FROM sales.orders"), ["50"])
    expect("items of the subset", loaded.run('SELECT count(*) FROM sales."Order Items"'), ["100"])
    users = "SELECT count(*) FROM public.users"
    expect("users of the subset", int(loaded.run(users)[0]) < int(stack.database().run(users)[0]))


def main() -> None:
    """Run the checks."""
    with tempfile.TemporaryDirectory() as name:
        stack = Production(sys.argv[1], Path(name))
        try:
            _checks(stack, int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
        finally:
            stack.compose("down", "--volumes", "--timeout", "1")


if __name__ == "__main__":
    main()
