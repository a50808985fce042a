"""The database: one engine per process, and the tables."""

from datetime import datetime

from sqlalchemy import URL, DateTime, Engine, String, create_engine, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.settings import Settings


class Base(DeclarativeBase):
    """What Alembic compares the database with."""


class Item(Base):
    """Something the shop sells."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class TickCounter(Base):
    """One row: how often beat has ticked, and when it did last."""

    __tablename__ = "tick_counter"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def database_url(settings: Settings) -> URL:
    """Return the address of the database; its text form hides the password."""
    return URL.create(
        "postgresql+psycopg",
        username=settings.postgres_user,
        password=settings.postgres_password,
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.postgres_db,
    )


def connect(settings: Settings) -> Engine:
    """Return an engine that notices a restarted or unreachable database within seconds.

    `tcp_user_timeout` is in milliseconds, `connect_timeout` in seconds, `statement_timeout` in milliseconds.
    """
    return create_engine(
        database_url(settings),
        pool_pre_ping=True,
        pool_timeout=5,
        connect_args={"connect_timeout": 3, "tcp_user_timeout": 5000, "options": "-c statement_timeout=10000"},
    )
