"""The demo data: there once, and never among somebody's own."""

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.database import Item
from app.seed import NAMES, seed


def test_an_empty_database_is_filled_once(engine: Engine) -> None:
    assert seed(engine) == len(NAMES)
    assert seed(engine) == 0


def test_whoever_has_items_gets_none(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Item(name="my own"))
        session.commit()
        assert seed(engine) == 0
        assert session.scalar(select(func.count()).select_from(Item)) == 1
