"""The items on sale: in the database, their list cached in Redis."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.cache import ListCache, Store
from app.database import Item

LIST_LENGTH = 100


class NewItem(BaseModel):
    """An item as a client sends it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class StoredItem(BaseModel):
    """An item as the API shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    created_at: datetime


ITEMS = TypeAdapter(list[StoredItem])


def item_routes(engine: Engine, store: Store, version: str) -> APIRouter:
    """Return the routes of the items; the header X-Cache of a list tells hit, miss or off."""
    router = APIRouter(prefix="/api/items", tags=["items"])
    cache = ListCache(store, version)

    @router.post("", status_code=201)
    def add(new: NewItem) -> StoredItem:
        with Session(engine) as session:
            item = Item(name=new.name)
            session.add(item)
            session.commit()
            stored = StoredItem.model_validate(item)
        cache.invalidate()
        return stored

    @router.get("", response_model=list[StoredItem])
    def newest() -> Response:
        generation = cache.generation()
        cached = cache.read(generation) if generation else None
        if cached:
            return _json(cached, "hit")
        with Session(engine) as session:
            rows = session.scalars(select(Item).order_by(Item.id.desc()).limit(LIST_LENGTH)).all()
            items = ITEMS.dump_json(ITEMS.validate_python(rows)).decode()
        if generation:
            cache.write(generation, items)
        return _json(items, "miss" if generation else "off")

    return router


def _json(items: str, cache: str) -> Response:
    return Response(items, media_type="application/json", headers={"X-Cache": cache, "Cache-Control": "no-store"})
