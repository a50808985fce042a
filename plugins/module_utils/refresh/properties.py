"""What a refreshed database takes over from the live one: encoding, settings, grants.

Place in the pipeline: target, under :mod:`loading`. Owners and grants are those of the destination, because the roles
of production need not exist there. A table that the live database does not have gets no grants.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, literal

_CREATE = """
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
  {new}, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype)
FROM pg_database WHERE datname = {live} \\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {new}) FROM pg_database
  WHERE datname = {live} AND datacl IS NOT NULL \\gexec
SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, {new},
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
  FROM pg_database, aclexplode(datacl) WHERE datname = {live} \\gexec
SELECT format('ALTER %s %I SET %I TO %s',
    CASE setrole WHEN 0 THEN 'DATABASE' ELSE format('ROLE %I IN DATABASE', pg_get_userbyid(setrole)) END, {new},
    split_part(setting, '=', 1),
    CASE WHEN split_part(setting, '=', 1) IN ('search_path', 'temp_tablespaces', 'session_preload_libraries')
      THEN substr(setting, strpos(setting, '=') + 1)
      ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END)
  FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) AS setting
  WHERE datname = {live} \\gexec
"""
#: One statement for each grant of a schema, a table, a sequence or a column in the live database.
_GRANTS = """
SELECT format('GRANT %s ON SCHEMA %I TO %s', privilege_type, nspname,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END), nspname, ''
  FROM pg_namespace, aclexplode(nspacl) WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
UNION ALL
SELECT format('GRANT %s ON %s %I.%I TO %s', privilege_type, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
    nspname, relname, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END),
    nspname, relname
  FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace, aclexplode(relacl)
  WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
UNION ALL
SELECT format('GRANT %s (%I) ON TABLE %I.%I TO %s', privilege_type, attname, nspname, relname,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END), nspname, relname
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace,
    aclexplode(attacl) WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""


def create(live: Database, new: Database) -> None:
    """Create the database *new* with the owner, encoding, settings and grants of *live*.

    :raises RolloutFailed: if Postgres refuses it.
    """
    server = Database(live.container, "template1", live.timeout)
    server.run(_CREATE.replace("{new}", literal(new.name)).replace("{live}", literal(live.name)))


def grant(live: Database, new: Database) -> None:
    """Give the roles of the destination the rights that they have in the live database.

    :raises RolloutFailed: if Postgres refuses it.
    """
    # A separator that no name has: JSON keeps quotes and line breaks.
    rows = live.run(f"SELECT json_build_array(a, b, c) FROM ({_GRANTS}) AS grants(a, b, c);")
    checked = (
        "SELECT one->>0 FROM json_array_elements({rows}::json) AS one"
        " WHERE CASE one->>2 WHEN '' THEN EXISTS (SELECT FROM pg_namespace WHERE nspname = one->>1)"
        " ELSE to_regclass(format('%I.%I', one->>1, one->>2)) IS NOT NULL END \\gexec\n"
    )
    new.run(checked.replace("{rows}", literal(f"[{','.join(rows)}]")))


def extensions_missing(database: Database, names: tuple[str, ...]) -> list[str]:
    """Return the extensions of *names* that the server does not have. :raises RolloutFailed: if it cannot say."""
    have = set(database.run("SELECT name FROM pg_available_extensions;"))
    return sorted(set(names) - have)
