"""`python -m app.seed`: something to look at, in a database that has nothing yet. Safe to repeat."""

import logging

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.database import Item, connect
from app.settings import load_settings

NAMES = ("A lamp", "A chair", "A table", "A kettle", "A rug")
log = logging.getLogger(__name__)


def seed(engine: Engine) -> int:
    """Return how many items were added: all of NAMES to an empty table, none to any other."""
    with Session(engine) as session:
        if engine.dialect.name == "postgresql":
            # One seed at a time: the second finds what the first one added.
            session.execute(text("LOCK TABLE items IN SHARE ROW EXCLUSIVE MODE"))
        if session.scalar(select(func.count()).select_from(Item)):
            return 0
        session.add_all(Item(name=name) for name in NAMES)
        session.commit()
    return len(NAMES)


def main() -> None:
    """Fill the database that the environment names."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(name)s: %(message)s")
    log.info("%d items added", seed(connect(load_settings())))


if __name__ == "__main__":
    main()
