"""How Alembic reaches the database: with the application's settings, one upgrade at a time, in one transaction."""

import signal
import sys
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from app.database import Base, database_url
from app.settings import load_settings

UPGRADE_LOCK = 7_305_467_112
"""Key of the advisory lock that everyone who upgrades this database takes."""


def take_turn(connection: Connection) -> None:
    """Wait up to a minute for another upgrade, then limit what this one may wait for.

    A migration that waits for a table lock makes every later query on that table wait behind it, so it gives up
    after five seconds and leaves the database as it was.
    """
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))


def upgrade() -> None:
    """Run the migrations; those who lost the race find the database upgraded and do nothing."""
    engine = create_engine(database_url(load_settings()), poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            take_turn(connection)
            context.run_migrations()


def print_sql() -> None:
    """Print the statements for `alembic upgrade --sql`, without a database."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


# As the first process of a container, Python ignores SIGTERM unless told otherwise.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
if context.config.config_file_name:
    fileConfig(context.config.config_file_name)
if context.is_offline_mode():
    print_sql()
else:
    upgrade()
