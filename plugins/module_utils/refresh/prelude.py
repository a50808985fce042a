"""The functions that mask a value, as SQL for the copy of production's database. Postgres inlines them.

Place in the pipeline: source, before rows are read. The key is in these functions only. They are in a schema of the
copy that no dump has, and the copy is removed with its volumes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import literal

SCHEMA = "slipway_mask"
#: What :func:`sql` makes of the lookup tables; the names of functions that return an array.
ARRAYS = ("first_names", "last_names", "names", "streets", "cities", "postcodes", "addresses", "phrases")
#: Entries of each array: one byte chooses. Postgres walks through an array of texts, so a long one is slow.
ENTRIES = 256
_WORDS_OF_A_PHRASE = 6

_FUNCTIONS = """
DROP SCHEMA IF EXISTS {schema} CASCADE;
CREATE SCHEMA {schema};
SET search_path = pg_catalog;
-- The client's encoding is UTF-8. textsend is faster than convert_to.
CREATE FUNCTION {schema}.digest(text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT sha256('\\x{key}'::bytea || textsend($1)) $$;
CREATE FUNCTION {schema}.hex(text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT encode({schema}.digest($1), 'hex') $$;
-- A number from 0 to 2^60 - 1.
CREATE FUNCTION {schema}.number(text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT ('x0' || substr({schema}.hex($1), 1, 15))::bit(64)::bigint $$;
-- Its last digits, each as often as the others.
CREATE FUNCTION {schema}.digits(text, length int) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT right('000000000000000000' || {schema}.number($1), $2) $$;
-- The place of an entry in an array.
CREATE FUNCTION {schema}.pick(text) RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT 1 + get_byte({schema}.digest($1), 0) $$;
-- A permutation of the numbers below 2^(2 * half) by a Feistel network; the sign and higher bits stay. So numbers that
-- differ stay different, and positive ones positive.
CREATE FUNCTION {schema}.permute(value bigint, half int) RETURNS bigint
  LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
  mask bigint := (1::bigint << half) - 1;
  whole bigint := CASE WHEN value < 0 THEN -(value + 1) ELSE value END;
  low bigint := whole & mask;
  high bigint := (whole >> half) & mask;
  rest bigint := (whole >> (2 * half)) << (2 * half);
  swap bigint;
BEGIN
  FOR round IN 1..4 LOOP
    swap := low;
    low := high # ({schema}.number('permute ' || half || ' ' || round || ' ' || low) & mask);
    high := swap;
  END LOOP;
  whole := rest | (high << half) | low;
  RETURN CASE WHEN value < 0 THEN -whole - 1 ELSE whole END;
END $$;
"""


def sql(key: bytes, lookups: Mapping[str, Sequence[str]]) -> str:
    """Return the statements that make the functions.

    :param key: 32 bytes, secret.
    :param lookups: first_names, last_names, streets, cities, postcodes and words; none is empty.
    """
    functions = _FUNCTIONS
    for name, value in {"{schema}": SCHEMA, "{key}": key.hex()}.items():
        functions = functions.replace(name, value)
    statements = [functions]
    for name, entries in _arrays(lookups).items():
        array = literal("{" + ",".join(_element(entry) for entry in entries) + "}")
        statements.append(
            f"CREATE FUNCTION {SCHEMA}.{name}() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS "
            f"{literal(f'SELECT {array}::text[]')};"
        )
    return "\n".join([*statements, "RESET search_path;"])


def _arrays(lookups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the arrays by name. What has several parts is put together here, once, and not for each value."""

    def entry(name: str, number: int, salt: str = "") -> str:
        source = lookups[name]
        if not salt:
            return str(source[number % len(source)])
        place = hashlib.sha256(f"{name} {salt} {number}".encode()).digest()
        return str(source[int.from_bytes(place[:8], "big") % len(source)])

    made: dict[str, list[str]] = {name: [] for name in ARRAYS}
    for number in range(ENTRIES):
        street = f"{entry('streets', number)} {1 + number % 97}"
        place = f"{entry('postcodes', number)} {entry('cities', number)}"
        words = [entry("words", number, str(position)) for position in range(_WORDS_OF_A_PHRASE)]
        made["first_names"].append(entry("first_names", number))
        made["last_names"].append(entry("last_names", number))
        made["names"].append(f"{entry('first_names', number)} {entry('last_names', number, 'name')}")
        made["streets"].append(street)
        made["cities"].append(entry("cities", number))
        made["postcodes"].append(entry("postcodes", number))
        made["addresses"].append(f"{street}, {place}")
        made["phrases"].append(f"{' '.join(words).capitalize()}.")
    return made


def _element(text: str) -> str:
    """Return a text as an element in a literal of an array."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
